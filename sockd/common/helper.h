/*
 * A pre-fork family: a parent that keeps between min and max helpers, more
 * while questions wait, and helpers that each answer one question at a time.
 * auth and resolver are such families; sockd/common/asker.h is the side that
 * asks.
 *
 * A question is one datagram on the family's channel with the asker's reply
 * channel beside it (one descriptor, which the helper closes after the
 * answer).  An asker that has gone (its end closed) is not worked for.
 *
 * A question that waits in the channel is lost with nobody.
 */
#ifndef COMMON_HELPER_H
#define COMMON_HELPER_H

#include "process.h"

enum { HELPERS_MAX = 1024 };

/*
 *	who dies		what the asker sees
 *	helper (crash, kill)	its reply end hangs up: no answer will come
 *	helper (overrun)	the same, or its own timeout before
 *	family's parent		the same: its helpers die with it
 */
struct helper_family {
	const char	*name;		/* "auth" */
	int		questions;	/* channel to receive from */
	unsigned	min, max;	/* 1 <= min <= max <= HELPERS_MAX */
	uint64_t	timeout_ms;	/* a question's; then SIGKILL */
	unsigned	retire_after;	/* questions, the quick ones not
					 * counted; 0: never */
	/* In each helper once, after the fork; false: the helper ends.
	 * The board is not mapped in helpers. */
	bool		(*start)(const struct process *p, void *arg);
	/*
	 * Answer the question of len octets at buf into answer (MESSAGE_MAX);
	 * returns its length, 0 for none (nonsense was asked).  Both buffers
	 * are wiped afterwards.  quick (or NULL) is tried first: it knows the
	 * answer without waiting for anybody, or returns 0.
	 */
	size_t		(*quick)(void *arg, const uint8_t *buf, size_t len,
			    uint8_t *answer);
	size_t		(*answer)(void *arg, const uint8_t *buf, size_t len,
			    uint8_t *answer);
	void		*arg;
};

/*
 * Run the family in this process, which has entered, become its user and
 * opened what the helpers inherit.  Says ready on the board.  Returns 0 when
 * the lifeline has ended (helpers are killed) or the generation has (each
 * helper finishes the question in hand; those that wait in the channel are
 * for the next generation's family); -1 with a logged error.
 */
int	helper_family_run(const struct process *p,
	    const struct helper_family *f);

#endif
