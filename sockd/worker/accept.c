/*
 * Taking clients, in a worker: from a listener, or from a keeper in which a
 * tunnel wakes.  Its state on the board tells the master whether there are
 * spare workers.
 */
#include "accept.h"

#include <errno.h>
#include <string.h>

#include "gate.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/fd.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"
#include "sockd/common/tunnel.h"
#include "sockd/common/wake.h"

enum { PAUSE_MS = 100 };

static struct log_condition paused = { .what = "accept paused" };

/* ---- the board ---- */

static _Atomic uint32_t *
state_of(struct worker *w)
{
	return &w->board->processes[w->process->index].state;
}

static bool
is_leaving(struct worker *w)
{
	return atomic_load(state_of(w)) == PROCESS_LEAVING;
}

/* A client is in our hands: one idle worker less.  The master is told when
 * few are left. */
static void
become_busy(struct worker *w)
{
	struct board_header *h = w->board->header;
	uint32_t idle = PROCESS_IDLE, left;

	if (!atomic_compare_exchange_strong(state_of(w), &idle, PROCESS_BUSY))
		return;			/* LEAVING: this one is the last */
	atomic_store(&w->board->processes[w->process->index].since_ms,
	    clock_ms());
	left = atomic_load(&h->idle_workers);
	while (left > 0 && !atomic_compare_exchange_weak(&h->idle_workers,
	    &left, left - 1))
		;
	wake_master(w->board, w->process->wake_send,
	    w->conf->workers.min_spare, w->conf->workers.max);
}

static void
become_idle(struct worker *w)
{
	struct process_slot *p = &w->board->processes[w->process->index];
	uint32_t busy = PROCESS_BUSY;

	atomic_fetch_add(&p->served, 1);
	if (!atomic_compare_exchange_strong(&p->state, &busy, PROCESS_IDLE))
		return;
	atomic_store(&p->since_ms, clock_ms());
	atomic_fetch_add(&w->board->header->idle_workers, 1);
}

/* ---- clients ---- */

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == ENOBUFS;
}

/* Another worker was faster; or the client stays in the queue, and without a
 * pause this would spin. */
static void
not_accepted(struct worker *w, int error)
{
	if (!is_shortage(error)) {
		atomic_fetch_add_explicit(&w->board->header->counts.wakeups,
		    1, memory_order_relaxed);
		return;
	}
	log_starts(&paused, "why=\"%s\"", strerror(error));
	gate_pause(PAUSE_MS);
}

/* True: there was a client. */
static bool
take_client(struct worker *w, const struct listener *on)
{
	struct addr from;
	int client = fd_accept(on->fd, &from);

	if (client == -1) {
		not_accepted(w, errno);
		return false;
	}
	log_ends(&paused);
	become_busy(w);
	session_serve(w, on, &client, &from);
	become_idle(w);
	return true;
}

/* ---- tunnels that wake ---- */

static void
take_tunnel(struct worker *w)
{
	const struct process *p = w->process;
	struct tunnel t;

	if (tunnel_take(w->board, p->woken_receive, FROM_KEEPER,
	    owner_word(p->index, p->epoch, ++w->serial), &t) != TUNNEL_TAKEN)
		return;
	become_busy(w);
	session_resume(w, t.slot, t.owner, t.fds, t.n_fds);
	become_idle(w);
}

/* ---- one turn ---- */

/*
 * A worker that leaves may have been woken for a client that nobody else
 * knows of: it looks once more before it goes.
 */
static void
leave(struct worker *w)
{
	if (atomic_load(&w->board->header->stopping))
		return;
	for (size_t i = 0; i < w->process->n_listeners; i++)
		if (take_client(w, &w->process->listeners[i]))
			return;
}

bool
accept_and_serve(struct worker *w)
{
	int event;

	if (is_leaving(w)) {
		leave(w);
		return false;
	}
	/* The generation's pipe says it too, but perhaps after a client that
	 * came later; and that one is to meet the new rules. */
	if (process_is_old(w->process, w->board))
		return false;
	event = gate_wait();
	switch (event) {
	case GATE_NOTHING:
		break;
	case GATE_END:
		return false;
	case GATE_WOKEN:
		take_tunnel(w);
		break;
	default:
		if (atomic_load(&w->board->header->stopping))
			gate_forget_listeners();
		else
			take_client(w, &w->process->listeners[event]);
	}
	return true;
}
