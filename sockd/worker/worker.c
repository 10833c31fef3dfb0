/*
 * The worker: it accepts a client and serves it from greeting to end in
 * straight-line code, then the next one.  Sockets and nothing else: it opens
 * no file, makes no process, knows no PAM, no database and no resolver but
 * by asking.  What a client sends goes to its target; but the login to auth,
 * the name to a resolver, and what is recorded to the board.
 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "gate.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/sandbox.h"
#include "sockd/common/slot.h"
#include "warm.h"

enum { HANDED_OVER_MS = 10000, HANDED_OVER_STEP_MS = 2 };

static struct worker worker;

static void
prepare(struct process *p)
{
	/* Field by field: its buffers are large, and mostly never used. */
	worker.process = p;
	worker.conf = p->conf;
	worker.board = p->board;
	for (int side = SIDE_UP; side <= SIDE_DOWN; side++)
		worker.pipes[side].fds[0] = worker.pipes[side].fds[1] = -1;
	asker_init(&worker.auth, p->auth_ask);
	worker.auth.to_the_end = true;	/* a guess that was asked counts */
	asker_init(&worker.resolver, p->resolver_ask);
	question_room_init(&worker.room, p->board, p->conf);
	/* Reads the time zone while files can still be opened. */
	clock_week_minute_now();
}

static void
say_ready(struct process *p)
{
	process_set_state(p->board, p->index, PROCESS_IDLE);
	atomic_fetch_add(&p->board->header->idle_workers, 1);
}

/* What was parked last may not be a keeper's yet (slot_owns_any()). */
static void
wait_for_keepers(const struct process *p)
{
	uint64_t until_ms = clock_ms() + HANDED_OVER_MS;

	while (slot_owns_any(p->board, p->index, p->epoch) &&
	    clock_ms() < until_ms && !process_is_orphan(p))
		poll(NULL, 0, HANDED_OVER_STEP_MS);
}

_Noreturn void
worker_main(struct process *p)
{
	process_enter(p);
	prepare(p);
	if (gate_open(p) == -1) {
		log_err("worker failed why=\"no set to wait on: %s\"",
		    strerror(errno));
		_exit(1);
	}
	if (process_become(p, p->conf->user, true) == -1 ||
	    sandbox_enter(PROCESS_WORKER) == -1)
		_exit(1);
	warm_memory(&worker);
	say_ready(p);
	while (accept_and_serve(&worker))
		;
	wait_for_keepers(p);
	_exit(0);
}
