/*
 * Stopping, in phases that only move forward (enum stop_phase).  Workers
 * stay while there are sessions, for parked tunnels may wake; the accountant
 * is the last to go, after it has written everything.
 */
#include "stop.h"

#include <signal.h>

#include "activation.h"
#include "lib/elements.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"
#include "sockd/common/wake.h"

enum {
	CUT_MS = 3000, BOOKS_MS = 5000, KILLED_MS = 1000,
	AFTER_MS = 20000,	/* all of that at its longest, and to spare */
};

static const enum process_kind servers[] = { PROCESS_WORKER, PROCESS_KEEPER,
    PROCESS_AUTH, PROCESS_RESOLVER };
enum { N_SERVERS = N_ELEMENTS(servers) };

static void
enter(struct master *m, enum stop_phase phase, uint64_t patience_ms)
{
	m->phase = phase;
	m->phase_due_ms = clock_ms() + patience_ms;
}

static unsigned
count_sessions(const struct board *b)
{
	uint32_t high = slot_high(b);
	unsigned n = 0;

	for (uint32_t i = 0; i < high; i++) {
		uint32_t state = atomic_load(&b->states[i]);

		n += state != SLOT_FREE && state != SLOT_ENDED;
	}
	return n;
}

static void
cut_all(struct board *b)
{
	uint32_t high = slot_high(b);

	for (uint32_t i = 0; i < high; i++) {
		uint32_t state = atomic_load(&b->states[i]);

		if (state != SLOT_FREE && state != SLOT_ENDED)
			slot_cut(b, i, atomic_load(&b->sessions[i].id),
			    OUTCOME_STOPPED);
	}
}

static void
cut(struct master *m)
{
	unsigned n = count_sessions(&m->board);

	if (n > 0)
		log_info("stop cuts sessions=%u", n);
	cut_all(&m->board);
	enter(m, STOP_CUTTING, CUT_MS);
}

void
stop_asked(struct master *m)
{
	if (m->phase == STOP_NOT) {
		activation_notify_stopping(m->conf->timeouts.stop_ms +
		    AFTER_MS);
		log_info("stopping sessions=%u", count_sessions(&m->board));
		atomic_store(&m->board.header->stopping, 1);
		listeners_stop(&m->listeners);
		enter(m, STOP_FINISHING, m->conf->timeouts.stop_ms);
	} else if (m->phase == STOP_FINISHING)
		cut(m);
}

static unsigned
count_servers(const struct master *m)
{
	unsigned n = 0;

	for (size_t i = 0; i < N_SERVERS; i++)
		n += children_count(&m->children, servers[i]);
	return n;
}

/* No session is left, or patience is over: whoever serves ends. */
static void
end_servers(struct master *m)
{
	for (size_t i = 0; i < N_SERVERS; i++)
		children_end(&m->children, servers[i]);
}

static void
kill_servers(struct master *m)
{
	for (size_t i = 0; i < N_SERVERS; i++)
		children_kill(&m->children, servers[i], SIGKILL);
	m->phase_due_ms = clock_ms() + KILLED_MS;
}

/* The books are closed when the database has every ended session. */
static void
book(struct master *m)
{
	struct children *c = &m->children;

	if (atomic_load(&m->board.header->used) == 0 ||
	    clock_ms() >= m->phase_due_ms)
		children_end(c, PROCESS_ACCOUNT);
	if (children_count(c, PROCESS_ACCOUNT) == 0)
		m->phase = STOP_GONE;
	else if (clock_ms() >= m->phase_due_ms + BOOKS_MS)
		children_kill(c, PROCESS_ACCOUNT, SIGKILL);
}

void
stop_step(struct master *m)
{
	bool late = clock_ms() >= m->phase_due_ms;

	switch (m->phase) {
	case STOP_NOT:
	case STOP_GONE:
		return;
	case STOP_FINISHING:
		if (late || count_sessions(&m->board) == 0)
			cut(m);
		return;
	case STOP_CUTTING:
		cut_all(&m->board);	/* one may have come as we began */
		if (count_sessions(&m->board) == 0 || late)
			end_servers(m);
		if (count_servers(m) == 0) {
			enter(m, STOP_BOOKING, BOOKS_MS);
			wake_accountant(&m->board,
			    m->children.base.account_wake_send);
		} else if (late)
			kill_servers(m);
		return;
	case STOP_BOOKING:
		book(m);
		return;
	}
}
