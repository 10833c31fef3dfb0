/*
 * The keeper: it holds tunnels in which nothing moves, so that no worker has
 * to.  It waits for all of them in one set; when anything happens it
 * passes the tunnel, descriptors and all, to the next free worker.  It reads
 * and writes no octet of a client's.
 *
 * Octets cannot be lost on the way: only a tunnel with nothing in its pipes
 * is parked, and what arrives waits in the sockets.
 */
#include "keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "held.h"
#include "lib/message.h"
#include "sockd/common/clock.h"
#include "sockd/common/fd.h"
#include "sockd/common/log.h"
#include "sockd/common/process.h"
#include "sockd/common/sandbox.h"
#include "sockd/common/slot.h"
#include "sockd/common/tunnel.h"
#include "sockd/common/waitset.h"
#include "sockd/common/wake.h"
#include "watch.h"

enum {
	TURN_MS = 1000,			/* cuts are seen within this */
	RETRY_MS = 20,
	EVENTS_MAX = 64,
	QUIET_MS = 10000,		/* then a trouble is over */
	/* Few tunnels wait in the channel itself, where no keeper sees to
	 * cuts and deadlines: room for about ten.  A worker sees to them, and
	 * sockctl(8) tells. */
	WOKEN_BUFFER = 4096,
};

/* In the set; below them the index of a tunnel. */
enum { TAG_PARK = 0xfffffff0, TAG_WOKEN, TAG_LIFELINE, TAG_GENERATION };

/*
 * Who may touch a session slot is said by its owner word, and nothing else.
 * The sender of a hand-over sends and stops touching; the receiver swaps
 * the word; whoever loses the swap closes the descriptors:
 *
 *	who dies            when                       then
 *	------------------  -------------------------  ----------------------
 *	the worker          before it sent             the tunnel was its own:
 *	                                               the master ends it, lost
 *	the worker          sent, not yet swapped      the master ends it; our
 *	                                               swap fails, we close
 *	the worker          after our swap             nothing: it is ours
 *	this keeper         message still in the       another keeper takes it
 *	                    channel
 *	this keeper         swapped, or sent to a      the master ends it; a
 *	                    worker, not yet swapped    worker's swap fails, it
 *	                                               closes
 *	this keeper         after the worker's swap    nothing: it is the
 *	                                               worker's
 */
struct keeper {
	const struct process	*process;
	struct board		*board;
	struct held_table	held;
	struct waitset		*set;
	uint32_t		serial;
	uint32_t		cuts;		/* as of the last look */
	bool			paused;		/* full: we receive no more */
	bool			blocked;	/* the woken channel is full */
	bool			delayed;	/* too many are on their way */
	bool			ending;
	struct log_condition	refused;	/* by the set */
	uint64_t		refused_ms;	/* the last time */
};

static bool
watch(struct keeper *k, int fd, short events, uint32_t tag)
{
	if (waitset_add(k->set, fd, events, tag, tag == TAG_PARK) == 0)
		return true;
	k->refused_ms = clock_ms();
	log_starts(&k->refused, "why=\"%s\"", strerror(errno));
	return false;
}

static void
unwatch_held(struct keeper *k, struct held *h)
{
	for (unsigned i = 0; i < h->n_fds && h->watched; i++)
		waitset_remove(k->set, h->fds[i]);
	h->watched = false;
}

/*
 * What a keeper shows of itself: how many tunnels it holds, or pairs of
 * descriptors where some have more; by that the master forks another.
 */
static void
show(struct keeper *k)
{
	uint32_t pairs = (k->held.fds + 1) / 2;

	atomic_store(&k->board->processes[k->process->index].served,
	    pairs > k->held.n ? pairs : k->held.n);
}

static void
drop(struct keeper *k, uint32_t i)
{
	unwatch_held(k, &k->held.list[i]);
	held_drop(&k->held, i);
	if (k->paused && !held_is_full(&k->held))
		k->paused = !watch(k, k->process->park_receive, POLLIN,
		    TAG_PARK);
}

/* End a session that we hold, without a worker. */
static void
end(struct keeper *k, uint32_t i, enum outcome why)
{
	const struct held *h = &k->held.list[i];

	slot_end(k->board, h->slot, why);
	fds_hurry(h->fds, h->n_fds);
	drop(k, i);
}

/* ---- to workers ---- */

static bool
send_first(struct keeper *k)
{
	uint32_t i = k->held.ready_first;
	struct held *h = &k->held.list[i];
	struct tunnel_message t = { .slot = h->slot, .n_fds = h->n_fds,
	    .owner = h->owner };
	uint8_t buf[MESSAGE_MAX];

	if (h->n_fds == 0) {		/* it was cut while it waited */
		drop(k, i);
		return true;
	}
	if (channel_send(k->process->woken_send, buf,
	    tunnel_message_encode(buf, &t), h->fds, h->n_fds) == -1)
		return false;
	atomic_fetch_add(&k->board->header->counts.woken, 1);
	drop(k, i);
	return true;
}

/* What waits for the channel is readable, and would wake us all the time. */
static void
unwatch_ready(struct keeper *k)
{
	for (uint32_t i = k->held.ready_first; i != HELD_NONE;
	    i = k->held.list[i].next)
		unwatch_held(k, &k->held.list[i]);
}

/*
 * As many as the channel takes.  The rest waits until it is writable, or,
 * where the kernel counts too many descriptors on their way, for a moment.
 */
static void
send_ready(struct keeper *k)
{
	bool waited = k->blocked || k->delayed;
	bool sent = false, left, full;

	errno = 0;
	while (k->held.ready_first != HELD_NONE && send_first(k))
		sent = true;
	left = k->held.ready_first != HELD_NONE;
	full = left && errno == EAGAIN;
	k->delayed = left && !full;
	if (left && !waited)
		unwatch_ready(k);
	if (full && !k->blocked)
		watch(k, k->process->woken_send, POLLOUT, TAG_WOKEN);
	if (!full && k->blocked)
		waitset_remove(k->set, k->process->woken_send);
	k->blocked = full;
	if (sent || left)
		wake_master(k->board, k->process->wake_send,
		    k->process->conf->workers.min_spare,
		    k->process->conf->workers.max);
}

/*
 * It stays in the set until it is sent, at the end of this turn: a worker
 * wakes while we take it out.
 */
static void
make_ready(struct keeper *k, uint32_t i)
{
	if (i >= k->held.high || k->held.list[i].state != HELD_WAITING)
		return;		/* its other descriptor has told us already */
	if (k->blocked || k->delayed)
		unwatch_held(k, &k->held.list[i]);
	held_make_ready(&k->held, i);
}

/* One that the kernel cannot watch goes back to a worker at once. */
static void
watch_held(struct keeper *k, uint32_t i)
{
	struct held *h = &k->held.list[i];
	const struct session_slot *s = &k->board->sessions[h->slot];

	h->watched = true;
	for (unsigned f = 0; f < h->n_fds; f++) {
		if (watch(k, h->fds[f], watch_events(s, f), i))
			continue;
		make_ready(k, i);
		return;
	}
}

/* ---- from workers ---- */

static void
hold(struct keeper *k, const struct tunnel *t)
{
	struct held h = { .slot = t->slot, .owner = t->owner,
	    .n_fds = (uint8_t)t->n_fds };
	enum outcome why;
	uint32_t i;

	memcpy(h.fds, t->fds, t->n_fds * sizeof(t->fds[0]));
	h.due_ms = atomic_load(&k->board->sessions[t->slot].idle_due_ms);
	atomic_fetch_add(&k->board->header->counts.parked, 1);
	i = held_add(&k->held, &h);
	watch_held(k, i);
	why = slot_cut_why(k->board, t->slot);
	if (why != OUTCOME_NONE)
		end(k, i, why);
}

static void
receive(struct keeper *k)
{
	const struct process *p = k->process;
	enum tunnel_fate fate = TUNNEL_LOST;
	struct tunnel t;

	for (int n = 0; n < EVENTS_MAX && fate != TUNNEL_NONE; n++) {
		if (held_is_full(&k->held)) {
			k->paused = true;
			waitset_remove(k->set, p->park_receive);
			return;
		}
		fate = tunnel_take(k->board, p->park_receive, FROM_WORKER,
		    owner_word(p->index, p->epoch, ++k->serial), &t);
		if (fate == TUNNEL_TAKEN)
			hold(k, &t);
	}
}

/* ---- deadlines and cuts ---- */

/* A tunnel just ends; where there is something to say, a worker says it. */
static void
end_or_wake(struct keeper *k, uint32_t i)
{
	uint32_t slot = k->held.list[i].slot;
	const struct session_slot *s = &k->board->sessions[slot];

	if (atomic_load(&s->parked_kind) != PARKED_TUNNEL)
		make_ready(k, i);
	else
		end(k, i, OUTCOME_IDLE);
}

static void
heed_due(struct keeper *k, uint64_t now_ms)
{
	uint64_t least_ms = UINT64_MAX;

	for (uint32_t i = 0; i < k->held.high; i++) {
		struct held *h = &k->held.list[i];

		if (h->state != HELD_WAITING || h->due_ms == 0)
			continue;
		if (h->due_ms <= now_ms)
			end_or_wake(k, i);
		else if (h->due_ms < least_ms)
			least_ms = h->due_ms;
	}
	k->held.least_due_ms = least_ms;
}

static void
heed_cuts(struct keeper *k)
{
	uint32_t cuts = atomic_load(&k->board->header->cuts);

	if (cuts == k->cuts)
		return;
	k->cuts = cuts;
	for (uint32_t i = 0; i < k->held.high; i++) {
		struct held *h = &k->held.list[i];
		enum outcome why;

		if (h->state == HELD_FREE || h->n_fds == 0)
			continue;
		why = slot_cut_why(k->board, h->slot);
		if (why != OUTCOME_NONE)
			end(k, i, why);
	}
}

/* The end of the run: what is left has been told to stop long ago. */
static void
end_all(struct keeper *k)
{
	for (uint32_t i = 0; i < k->held.high; i++)
		if (k->held.list[i].state == HELD_WAITING)
			end(k, i, OUTCOME_STOPPED);
}

/* ---- the loop ---- */

static void
heed(struct keeper *k, uint32_t tag)
{
	switch (tag) {
	case TAG_PARK:
		receive(k);
		return;
	case TAG_WOKEN:
		return;			/* send_ready() does it */
	case TAG_LIFELINE:
		_exit(0);
	case TAG_GENERATION:
		k->ending = true;
		return;
	default:
		make_ready(k, tag);
	}
}

static int
patience_ms(const struct keeper *k)
{
	return k->held.n == 0 ? -1 :
	    held_patience_ms(&k->held, clock_ms(),
	    k->delayed ? RETRY_MS : TURN_MS);
}

static void
turn(struct keeper *k)
{
	uint32_t tags[EVENTS_MAX];
	uint64_t now_ms;
	int n;

	n = waitset_wait(k->set, tags, EVENTS_MAX, patience_ms(k), NULL);
	if (n == -1 && errno != EINTR)
		log_err("wait failed why=\"%s\"", strerror(errno));
	for (int i = 0; i < n; i++)
		heed(k, tags[i]);
	now_ms = clock_ms();
	if (k->held.least_due_ms <= now_ms)
		heed_due(k, now_ms);
	heed_cuts(k);
	send_ready(k);
	if (now_ms >= k->refused_ms + QUIET_MS)
		log_ends(&k->refused);
	show(k);
}

static int
prepare(struct keeper *k)
{
	int size = WOKEN_BUFFER;

	if (held_init(&k->held, k->board->session_max,
	    process_keeper_room()) == -1)
		return -1;
	k->set = waitset_new();
	if (k->set == NULL)
		return -1;
	setsockopt(k->process->woken_send, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size));
	if (waitset_add(k->set, k->process->lifeline, POLLIN, TAG_LIFELINE,
	    false) == -1 ||
	    waitset_add(k->set, k->process->generation_end, POLLIN,
	    TAG_GENERATION, false) == -1)
		return -1;
	return waitset_add(k->set, k->process->park_receive, POLLIN, TAG_PARK,
	    true);
}

_Noreturn void
keeper_main(struct process *p)
{
	struct keeper k = { .process = p, .board = p->board,
		.refused = { .what = "a tunnel could not be watched" } };

	process_enter(p);
	if (prepare(&k) == -1) {
		log_err("keeper failed why=\"%s\"", strerror(errno));
		_exit(1);
	}
	if (process_become(p, p->conf->user, true) == -1 ||
	    sandbox_enter(PROCESS_KEEPER) == -1)
		_exit(1);
	process_set_state(p->board, p->index, PROCESS_IDLE);
	while (!k.ending)
		turn(&k);
	end_all(&k);
	_exit(0);
}
