/*
 * Principals on the board: whoever usage is counted for.
 */
#ifndef COMMON_PRINCIPAL_H
#define COMMON_PRINCIPAL_H

#include "lib/rule.h"

#include "board.h"

/*
 * Find the slot of this name, or make one in state LOADING.  Bounded search;
 * an idle one may have to leave.  BOARD_NOBODY if there is no room.
 * One hold is taken for the caller's session slot; principal_release() (by
 * slot_free, slot_forget) gives it back.
 */
uint32_t principal_find(struct board *b, const char *name);
uint32_t principal_peek(const struct board *b, const char *name);
void	principal_release(struct board *b, uint32_t principal);

/*
 * "ip:10.0.0.7", "ip:2001:db8::/64" or "ip:*": for a client without login.
 */
void	principal_of_address(char out[BOARD_USER_SIZE],
	    const struct addr *client, bool shared);

/* Octets still allowed by every cap of the limit; UINT64_MAX: no cap.
 * 0: used up, and *which (may be NULL) is the cap: 0.. bytes, then time. */
uint64_t principal_left(const struct board *b, uint32_t principal,
	    const struct limit *limit, size_t *which);

/* Used in this period: octets, seconds. */
uint64_t principal_used(const struct board *b, uint32_t principal,
	    enum units_period period);
uint64_t principal_used_s(const struct board *b, uint32_t principal,
	    enum units_period period);

/* Octets moved now: counts active time (a second counts once, whatever the
 * number of sessions; gaps up to idle_ms count). */
void	principal_touch(struct board *b, uint32_t principal, uint64_t now_ms,
	    uint64_t idle_ms);

/*
 * One more session of it from this client; false beyond max different
 * addresses at once (0: any number; more than BOARD_ADDRESSES_MAX cannot be
 * told apart and are refused if there is a max).  *counted tells whether
 * principal_leave_address() must be called in the end.
 */
bool	principal_enter_address(struct board *b, uint32_t principal,
	    const struct addr *client, uint32_t max, bool *counted);
void	principal_leave_address(struct board *b, uint32_t principal,
	    const struct addr *client);
/* Different client addresses now. */
uint32_t principal_addresses(const struct board *b, uint32_t principal);

#endif
