/*
 * What the files of the session slots share, and nobody else needs.
 */
#ifndef COMMON_SLOT_INNER_H
#define COMMON_SLOT_INNER_H

#include "board.h"

/* Claim a slot and zero it, without an id and in state FREE still. */
int64_t	slot_take(struct board *b, uint64_t owner);

/*
 * Everything that follows when the outcome is set, up to ENDED.  Doing it
 * twice does it once.
 */
void	slot_finish(struct board *b, uint32_t slot);

/* Give the slot's udp_block back to the pool, if it has one. */
void	slot_udp_release(struct board *b, uint32_t slot);

/* In a copy of what another process wrote: let both texts end. */
void	slot_end_texts(struct session_slot *s);

/* Less by n, and never below 0. */
void	slot_count_down(_Atomic uint32_t *gauge, uint32_t n);

#endif
