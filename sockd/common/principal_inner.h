/*
 * What the two files of the table of principals share, and nobody else
 * needs: its keys, and how room is found.
 *
 * A slot's key says whose it is and is changed by compare-and-swap only:
 *
 *	0		never used: a search ends here
 *	KEY_NONE	no name, or not any more
 *	hash, even	a candidate: its name is to come, or to leave
 *	hash, odd	a member
 *
 * The state beside it says what the slot holds: CLAIMED, somebody is filling
 * it; LOADING, its usage is to come; READY.
 */
#ifndef COMMON_PRINCIPAL_INNER_H
#define COMMON_PRINCIPAL_INNER_H

#include "board.h"

enum { KEY_NEVER = 0, KEY_NONE = 1, KEY_LEAST = 3 };

/* Where a name may stand: window slots from first, round the end. */
struct search {
	const char	*name;
	uint64_t	member, candidate;	/* its two keys */
	uint32_t	first, window;
};

static inline uint32_t
search_at(const struct board *b, const struct search *s, uint32_t i)
{
	return (s->first + i) % b->n.principals;
}

static inline bool
key_swap(struct board *b, uint32_t at, uint64_t from, uint64_t to)
{
	return atomic_compare_exchange_strong(&b->principal_keys[at], &from,
	    to);
}

static inline bool
state_swap(struct board *b, uint32_t at, enum principal_state from,
    enum principal_state to)
{
	uint32_t expected = from;

	return atomic_compare_exchange_strong(&b->principals[at].state,
	    &expected, to);
}

/*
 * A slot in state CLAIMED and with KEY_NONE for a new one: a free slot, else
 * that of whoever was idle for longest.  BOARD_NOBODY: all are in use.
 */
uint32_t principal_take(struct board *b, const struct search *s,
	    uint64_t now_ms);

#endif
