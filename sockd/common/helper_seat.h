/*
 * What a family's parent and its helpers share (helper.c, helper_child.c): a
 * row of seats in anonymous memory, one for each helper.
 *
 * A helper writes its own seat; the parent reads it, and believes nothing
 * else of it: whom to kill and whom to reap stands in the parent's memory.
 */
#ifndef COMMON_HELPER_SEAT_H
#define COMMON_HELPER_SEAT_H

#include <stdatomic.h>

#include "helper.h"

enum seat_state { SEAT_EMPTY, SEAT_STARTING, SEAT_IDLE, SEAT_BUSY };

struct helper_seat {
	_Atomic uint32_t	state;		/* enum seat_state */
	_Atomic uint32_t	leave;		/* the parent's: end now */
	_Atomic uint64_t	since_ms;	/* of BUSY; written before it */
	_Atomic uint64_t	taken;		/* questions so far */
};

struct helper_row {
	_Atomic uint32_t	watched;	/* the parent knows that nobody
						 * was idle */
	struct helper_seat	seats[];
};

/* What a helper is born with. */
struct helper_birth {
	const struct process		*process;
	const struct helper_family	*family;
	struct helper_row		*row;
	unsigned			seat;
	pid_t				parent;
	int				poke;	/* wakes the parent */
};

/* Is nobody of the n seats idle? */
static inline bool
helper_row_is_busy(const struct helper_row *row, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (atomic_load(&row->seats[i].state) == SEAT_IDLE)
			return false;
	return true;
}

/* The life of a helper. */
_Noreturn void helper_child_run(const struct helper_birth *birth);

#endif
