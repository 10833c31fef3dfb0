/*
 * Client addresses on the board (IPv6 by /64): handshakes and sessions now,
 * failed logins, refusals.  A bounded table; the oldest idle one leaves.
 */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include "board.h"

/* The place of a client, made if new.  BOARD_NOBODY: all are in use. */
uint32_t place_find(struct board *b, const struct addr *client,
	    uint64_t now_ms);

/* A login failed: count it; true if this one begins a penalty. */
bool	place_failed(struct board *b, uint32_t place, uint64_t now_ms,
	    uint32_t failures, uint64_t window_ms, uint64_t penalty_ms);
bool	place_is_penalised(const struct board *b, uint32_t place,
	    uint64_t now_ms);
/* A right password: failures below the threshold are forgotten. */
void	place_succeeded(struct board *b, uint32_t place);

/* May one more refusal of this address have a row of its own (10/minute)? */
bool	place_may_record(struct board *b, uint32_t place, uint64_t now_ms);

#endif
