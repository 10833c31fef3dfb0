/*
 * One sweep: from the board to the ledger.
 */
#ifndef ACCOUNT_SWEEP_H
#define ACCOUNT_SWEEP_H

#include "books.h"

/* Told of each session that a sweep has written. */
typedef void sweep_note_fn(void *arg, const struct row *row);

/*
 * Write what has changed since the last sweep, in one transaction, and free
 * the slots of sessions that ended and are written.  The line of each end is
 * logged, also if there is no store now.  STORE_OK; STORE_NONE: nothing was
 * to be written; STORE_ERROR: nothing was written, and everything waits.
 */
int	sweep_run(struct books *k, uint64_t now_us, sweep_note_fn *note,
	    void *arg);

#endif
