/*
 * Principals on the board: whoever usage is counted for.
 *
 * A principal is an index into board.principals, or BOARD_NOBODY, which is
 * taken everywhere: it has used nothing and has no limit.
 */
#ifndef COMMON_PRINCIPAL_H
#define COMMON_PRINCIPAL_H

#include "board.h"
#include "lib/rule.h"

/*
 * The slot of this name; one in state LOADING is made if there is none, and
 * header.loading counts it for the accountant.  A READY one that nobody
 * holds may have to leave, the one that was idle for longest.  Returns
 * BOARD_NOBODY if there is no room, or for a name that is empty or longer
 * than BOARD_USER_SIZE - 1.
 *
 * One hold is taken for the caller, who gives it back by principal_release():
 * a session slot does so when it is freed (slot_set_principal()).  May wait
 * some 20 ms where a process was killed while it made this very name.
 */
uint32_t principal_find(struct board *b, const char *name);
void	principal_release(struct board *b, uint32_t principal);

/* As above, but nothing is made or held: it may be another's at any time. */
uint32_t principal_peek(const struct board *b, const char *name);

/*
 * The name of a client without login: "ip:10.0.0.7", "ip:2001:db8::/64", or
 * "ip:*" if all such share one.
 */
void	principal_of_address(char out[BOARD_USER_SIZE],
	    const struct addr *client, bool shared);

/*
 * Octets that every cap of the limit still allows.  UINT64_MAX: it caps no
 * octets, or there is no limit (NULL).  0: a cap is used up, and *which (may
 * be NULL) tells: 0 to n_bytes - 1 of limit->bytes, then those of
 * limit->time.
 */
uint64_t principal_left(const struct board *b, uint32_t principal,
	    const struct limit *limit, size_t *which);

/*
 * The principal's total (in octets) at which a session under limit must end.
 * UINT64_MAX: never, as above.
 */
uint64_t principal_stop_at(const struct board *b, uint32_t principal,
	    const struct limit *limit);

/* Metered octets, and active seconds, of the running period. */
uint64_t principal_used(const struct board *b, uint32_t principal,
	    enum units_period period);
uint64_t principal_used_s(const struct board *b, uint32_t principal,
	    enum units_period period);

/*
 * Octets moved at now_ms (clock_wall_ms()): the time since they last did is
 * active, up to idle_ms of it.  A second counts once, whatever the number of
 * sessions and processes; a clock that goes back counts nothing.  Cheap
 * enough for each chunk: once a second it writes.
 */
void	principal_touch(struct board *b, uint32_t principal, uint64_t now_ms,
	    uint64_t idle_ms);

/*
 * The ledger has this principal's active time up to told_ms (wall clock; 0:
 * it cannot say).  A board that is behind goes on from there, so that it
 * counts no second which the ledger has; returns the seconds by which it is
 * ahead, idle_ms of a pause at most.  One that was not touched yet stays so.
 */
uint64_t principal_catch_up(struct board *b, uint32_t principal,
	    uint64_t told_ms, uint64_t idle_ms);

/*
 * One more session of it from this client (its address or /64).  False
 * beyond max different ones at once (0: any number).  *counted tells whether
 * principal_leave_address() must be called in the end: beyond
 * BOARD_ADDRESSES_MAX, which max must not pass, they are not told apart.
 */
bool	principal_enter_address(struct board *b, uint32_t principal,
	    const struct addr *client, uint32_t max, bool *counted);
void	principal_leave_address(struct board *b, uint32_t principal,
	    const struct addr *client);

/* Different client addresses now. */
uint32_t principal_addresses(const struct board *b, uint32_t principal);

#endif
