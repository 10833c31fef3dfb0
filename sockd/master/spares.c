/*
 * Spare workers by need.  A worker that takes a client and leaves fewer than
 * min_spare idle wakes the master, which forks as many as are missing, one
 * for each client that waits in an accept queue, and at least twice as many
 * as the last time while the need lasts.  A surplus that lasts is retired,
 * the worker that has been idle longest first: it is the one that the kernel
 * wakes last.
 */
#include "spares.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "sockd/common/clock.h"
#include "sockd/common/slot.h"

enum { BATCH_MAX = 64, NEED_MS = 500, SURPLUS_MS = 3000, KEEPERS_MAX = 64,
       QUIET_MS = 10000, ASK_MS = 1000 };

struct census {
	unsigned	idle, spare;	/* spare: idle or starting */
};

static struct census
count(const struct children *c)
{
	struct census n = { 0 };

	for (uint32_t i = 0; i < c->n; i++) {
		const struct child *child = &c->by_index[i];
		uint32_t state;

		if (child->pid == 0 || child->kind != PROCESS_WORKER ||
		    child->generation != c->base.generation)
			continue;
		state = atomic_load(&c->base.board->processes[i].state);
		n.idle += state == PROCESS_IDLE;
		n.spare += state == PROCESS_IDLE || state == PROCESS_STARTING;
	}
	return n;
}

/* The worker of this generation that has been idle longest, or -1. */
static int
longest_idle(const struct children *c)
{
	uint64_t least_ms = UINT64_MAX;
	int found = -1;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct child *child = &c->by_index[i];
		struct process_slot *slot = &c->base.board->processes[i];

		if (child->pid == 0 || child->kind != PROCESS_WORKER ||
		    child->generation != c->base.generation ||
		    atomic_load(&slot->state) != PROCESS_IDLE ||
		    atomic_load(&slot->since_ms) >= least_ms)
			continue;
		least_ms = atomic_load(&slot->since_ms);
		found = (int)i;
	}
	return found;
}

/*
 * The state is taken first, so that a worker that is taking a client at this
 * moment is not asked; the signal only ends its wait.
 */
static bool
retire_one(struct children *c)
{
	uint32_t idle = PROCESS_IDLE;
	int i = longest_idle(c);

	if (i == -1)
		return false;
	if (!atomic_compare_exchange_strong(&c->base.board->processes[i].state,
	    &idle, PROCESS_LEAVING))
		return true;
	c->by_index[i].leaving = true;
	kill(c->by_index[i].pid, SIGUSR2);
	return true;
}

static void
retire_surplus(struct spares *s, struct children *c, unsigned idle)
{
	unsigned max_spare = c->base.conf->workers.max_spare;

	if (idle <= max_spare) {
		s->surplus_since_ms = 0;
		return;
	}
	if (s->surplus_since_ms == 0)
		s->surplus_since_ms = clock_ms();
	if (clock_ms() - s->surplus_since_ms < SURPLUS_MS)
		return;
	for (unsigned n = idle - max_spare; n > 0; n--)
		if (!retire_one(c))
			return;
}

/* Clients in the accept queues, as far as this system tells. */
static unsigned
count_waiting(const struct children *c)
{
	unsigned n = 0;

#if defined(__linux__) && defined(TCP_INFO)
	for (size_t i = 0; i < c->base.n_listeners; i++) {
		struct tcp_info info;
		socklen_t len = sizeof(info);

		/* of a listening socket this is the length of its queue */
		if (getsockopt(c->base.listeners[i].fd, IPPROTO_TCP, TCP_INFO,
		    &info, &len) == 0)
			n += info.tcpi_unacked;
	}
#else
	(void)c;
#endif
	return n;
}

static unsigned
count_needed(struct spares *s, const struct children *c, unsigned spare)
{
	unsigned min_spare = c->base.conf->workers.min_spare, need;

	if (spare >= min_spare) {
		if (clock_ms() - s->needed_ms > NEED_MS)
			s->batch = 0;
		return c->broods[PROCESS_WORKER].bereaved;
	}
	s->needed_ms = clock_ms();
	need = min_spare - spare + count_waiting(c);
	if (need < s->batch * 2)
		need = s->batch * 2;
	return need < BATCH_MAX ? need : BATCH_MAX;
}

/* Returns how many. */
static unsigned
fork_needed(struct spares *s, struct children *c, unsigned spare)
{
	unsigned living = c->broods[PROCESS_WORKER].living;
	unsigned need = count_needed(s, c, spare), n = 0;

	while (n < need && living + n < c->base.conf->workers.max &&
	    child_start(c, PROCESS_WORKER))
		n++;
	if (n > 0)
		s->batch = n;
	return n;
}

/* How full the keepers are decides whether another is forked; one that was
 * killed is replaced. */
static void
keep_keepers(struct children *c)
{
	unsigned each = process_keeper_room() / 2;
	unsigned living = children_count(c, PROCESS_KEEPER);
	unsigned held = 0;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->by_index[i].pid != 0 &&
		    c->by_index[i].kind == PROCESS_KEEPER)
			held += atomic_load(
			    &c->base.board->processes[i].served);
	if (living == 0 || c->broods[PROCESS_KEEPER].bereaved ||
	    (living < KEEPERS_MAX && held > (uint64_t)living * each / 4 * 3))
		child_start(c, PROCESS_KEEPER);
}

/*
 * Under full load one is idle every other moment: that is no end.  A worker
 * that finds no other idle one goes by the last count, in which those that
 * were starting then had no part.
 */
static void
tell_full(struct spares *s, const struct children *c, unsigned spare)
{
	_Atomic uint32_t *all_busy = &c->base.board->header->all_busy;
	unsigned max = c->base.conf->workers.max;
	uint64_t now_ms = clock_ms();

	if (s->were_starting)
		atomic_store(all_busy, 0);
	if (c->broods[PROCESS_WORKER].living >= max &&
	    (spare == 0 || atomic_load(all_busy) != 0)) {
		s->busy_ms = now_ms;
		log_starts(&s->busy, "workers.max=%u why=\"clients and "
		    "waking tunnels wait for a worker\"", max);
	} else if (now_ms - s->busy_ms >= QUIET_MS) {
		log_ends(&s->busy);
	}
	if (now_ms - s->asked_ms >= ASK_MS) {
		s->asked_ms = now_ms;
		atomic_store(all_busy, 0);
	}
}

void
spares_keep(struct spares *s, struct children *c)
{
	struct census n = count(c);

	s->busy.what = "all workers busy";
	atomic_store(&c->base.board->header->idle_workers, n.idle);
	atomic_store(&c->base.board->header->workers,
	    c->broods[PROCESS_WORKER].living);
	n.spare += fork_needed(s, c, n.spare);
	retire_surplus(s, c, n.idle);
	tell_full(s, c, n.spare);
	s->were_starting = n.spare > n.idle;
	keep_keepers(c);
}

void
spares_renew(struct spares *s, struct children *c)
{
	const struct conf *conf = c->base.conf;
	unsigned n = conf->workers.start;

	if (n < conf->workers.min_spare)
		n = conf->workers.min_spare;
	if (n > conf->workers.max)
		n = conf->workers.max;
	s->batch = 0;
	while (n-- > 0 && child_start(c, PROCESS_WORKER))
		;
}
