/*
 * The tunnels that a keeper holds: a table of its own memory.
 */
#ifndef KEEPER_HELD_H
#define KEEPER_HELD_H

#include "sockd/common/board.h"
#include "sockd/common/channel.h"

enum held_state { HELD_FREE, HELD_WAITING, HELD_READY };

struct held {
	uint32_t	slot;		/* on the board */
	uint32_t	next;		/* of the free, or of the ready */
	uint64_t	owner;		/* our word */
	uint64_t	due_ms;		/* CLOCK_MONOTONIC; 0: never */
	int		fds[CHANNEL_FDS_MAX];
	uint8_t		n_fds, state;
	bool		watched;	/* its descriptors are in the set */
};

struct held_table {
	struct held	*list;
	uint32_t	size, n;
	uint32_t	fds, fds_max;		/* descriptors of all of them */
	uint32_t	high;			/* never used beyond */
	uint32_t	free;			/* list; HELD_NONE: empty */
	uint32_t	ready_first, ready_last;	/* a queue */
	uint64_t	least_due_ms;		/* none is due before */
};

enum { HELD_NONE = 0xffffffff };

/*
 * Room for size tunnels with fds_max descriptors in all; memory is touched
 * as it is used.  0; -1 and errno.
 */
int	held_init(struct held_table *t, uint32_t size, uint32_t fds_max);

/* Might the next one find no room? */
bool	held_is_full(const struct held_table *t);

/* A place for one more; the caller has asked held_is_full(). */
uint32_t held_add(struct held_table *t, const struct held *h);

/* Put it at the end of the queue of those that a worker must take. */
void	held_make_ready(struct held_table *t, uint32_t i);

/*
 * Close its descriptors and forget it.  A READY one that is not the first
 * stays in the queue without descriptors, to be dropped again in its turn.
 */
void	held_drop(struct held_table *t, uint32_t i);

/* ms until one may be due, at most max_ms. */
int	held_patience_ms(const struct held_table *t, uint64_t now_ms,
	    int max_ms);

#endif
