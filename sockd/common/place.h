/*
 * Client addresses on the board (IPv6 by /64): handshakes and sessions now,
 * failed logins, refusals.  A bounded table; the oldest idle one leaves.
 *
 * A place is an index into board.places.  BOARD_NOBODY, which place_find()
 * gives when all near it are in use, is taken everywhere and means an address
 * about which nothing is known: not penalised, and its refusals have rows.
 * Times are clock_ms().  Nothing here blocks.
 */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include "board.h"

/*
 * The place of a client, made if it is new; its port does not matter.  It
 * stays as long as it has a handshake or a session (slot_gauge()); one that
 * has neither may be another address' when it is looked at next.
 */
uint32_t place_find(struct board *b, const struct addr *client,
	    uint64_t now_ms);

/* So many failed logins within a window are one too many. */
struct place_penalty {
	uint32_t	failures;	/* 0: never */
	uint64_t	window_ms;
	uint64_t	lasts_ms;
};

/*
 * A login failed.  True if a penalty begins, for one caller however many fail
 * at once; counting begins anew.  A login that succeeds takes nothing back:
 * who has one account would guess at all others for ever.
 */
bool	place_failed(struct board *b, uint32_t place, uint64_t now_ms,
	    const struct place_penalty *penalty);

bool	place_is_penalised(const struct board *b, uint32_t place,
	    uint64_t now_ms);

/*
 * One more of these happened.  0: it is not told now, for a line within this
 * minute told of the address already; else how many the line stands for.
 */
uint32_t place_tell(struct board *b, uint32_t place, enum place_told what,
	    uint64_t now_ms);

/*
 * May one more refusal of this address have a row of its own?  Counts it;
 * ten a minute may.
 */
bool	place_may_record(struct board *b, uint32_t place, uint64_t now_ms);

/* The session in slot is this address' last refusal that has a row. */
void	place_record(struct board *b, uint32_t place, uint32_t slot,
	    uint64_t id);

/*
 * Count one that may have none in the "repeats" of that session.  False: it
 * waits for the accountant no more.
 */
bool	place_repeat(struct board *b, uint32_t place);

/*
 * The accountant, of a session that was refused: may more be counted in its
 * "repeats" before the minute is over?
 */
bool	place_may_repeat(const struct board *b, uint32_t slot, uint64_t id,
	    uint64_t now_ms);

#endif
