/*
 * Waiting, in a worker: poll(2) with a deadline, in slices of a second.
 * Blocking I/O in a worker means a call of this function.  It must never
 * wait longer than a slice without looking at the session's cut word.
 */
#include "wait.h"

#include <errno.h>
#include <unistd.h>

#include "gate.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/process.h"
#include "sockd/common/slot.h"

enum { MANY_WORKERS = 64, ASIDE_AFTER_MS = 20 };

bool
wait_heed_cut(struct session *s)
{
	enum outcome why;

	if (s->slot == BOARD_NOBODY)
		return false;
	why = slot_cut_why(s->board, s->slot);
	if (why == OUTCOME_NONE)
		return false;
	s->outcome = why;
	return true;
}

/* One of many whose client keeps it waiting soon leaves the queues: gate.c. */
static uint64_t
slice_max_ms(const struct session *s)
{
	if (gate_is_aside() || atomic_load_explicit(
	    &s->board->header->workers, memory_order_relaxed) < MANY_WORKERS)
		return WAIT_SLICE_MS;
	return ASIDE_AFTER_MS;
}

static int
slice(const struct session *s, uint64_t now_ms, uint64_t due_ms)
{
	uint64_t most_ms = slice_max_ms(s);

	if (due_ms <= now_ms)
		return 0;
	return (int)(due_ms - now_ms > most_ms ? most_ms : due_ms - now_ms);
}

enum wait_result
wait_for(struct session *s, struct pollfd *fds, nfds_t n, uint64_t due_ms,
    uint64_t *now_ms)
{
	uint64_t now = clock_ms();
	enum wait_result result;
	int ready, ms;

	do {
		ms = slice(s, now, due_ms);
		ready = poll(fds, n, ms);
		now = clock_ms();
		if (ready == 0)
			gate_step_aside();
		if (ready == 0 && ms == WAIT_SLICE_MS &&
		    process_is_orphan(s->worker->process))
			_exit(0);
		result = wait_heed_cut(s) ? WAIT_CUT :
		    ready > 0 ? WAIT_READY : WAIT_DUE;
	} while (result == WAIT_DUE && now < due_ms);
	if (now_ms != NULL)
		*now_ms = now;
	return result;
}
