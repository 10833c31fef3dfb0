/*
 * How many workers and keepers there should be.
 */
#ifndef MASTER_SPARES_H
#define MASTER_SPARES_H

#include "children.h"
#include "sockd/common/log.h"

struct spares {
	unsigned	batch;		/* workers forked the last time */
	uint64_t	needed_ms;	/* and when that was */
	uint64_t	surplus_since_ms;	/* 0: there is none */
	uint64_t	busy_ms;	/* the last time that all were */
	uint64_t	asked_ms;	/* when workers were to tell it again */
	bool		were_starting;	/* some, at the last count */
	struct log_condition busy;
};

/*
 * One pass: fork workers while fewer than min_spare are idle, retire those
 * beyond max_spare, fork keepers as descriptors require.  Cheap; called at
 * every turn of the master's loop.
 */
void	spares_keep(struct spares *s, struct children *c);

/* A new generation of workers: start, or min_spare if that is more. */
void	spares_renew(struct spares *s, struct children *c);

#endif
