/*
 * A pre-fork family: a parent that keeps between min and max helpers, more
 * while questions wait, and helpers that each answer one question at a time.
 * auth and resolver are such families.
 *
 * A question is one datagram on the family's channel with the asker's reply
 * channel beside it (one descriptor, which the helper closes after the
 * answer).  An asker that has gone (its end closed) is not worked for.
 */
#ifndef COMMON_HELPER_H
#define COMMON_HELPER_H

#include "process.h"

struct helper_family {
	const char	*name;		/* "auth" */
	int		questions;	/* channel to receive from */
	unsigned	min, max;
	uint64_t	timeout_ms;	/* a question's; then SIGKILL */
	unsigned	retire_after;	/* questions; 0: never */
	/* In each helper once, after the fork; false: the helper ends. */
	bool		(*start)(const struct process *p, void *arg);
	/*
	 * Answer the question of len octets at buf into answer (MESSAGE_MAX);
	 * returns its length, 0 for none (nonsense was asked).
	 */
	size_t		(*answer)(void *arg, uint8_t *buf, size_t len,
			    uint8_t *answer);
	/* May a question be answered by the parent at once (cache)?  NULL. */
	void		*arg;
};

/* Runs until the lifeline or the generation ends; kills its helpers. */
void	helper_family_run(const struct process *p,
	    const struct helper_family *f);

#endif
