/*
 * The set that a worker waits on between clients.  Listeners and the keepers'
 * channel are waited for with EPOLLEXCLUSIVE: one connection wakes one
 * worker, the first in the queue that waits.  A few clients are served by the
 * same few workers, whose memory is warm.
 *
 * Those that stand before it and are busy are asked as well, and with 1,000 of
 * them that costs more than all else.  So a worker whose client keeps it
 * waiting leaves the queues, and comes back, at their end, when it is free.
 *
 * The master retires a worker by taking its state from IDLE to LEAVING and
 * sending SIGUSR2, which is let in only while it waits here; so it cannot
 * come between the look at the state and the wait.
 */
#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "sockd/common/log.h"
#include "sockd/common/process.h"
#include "sockd/common/waitset.h"

_Static_assert(GATE_LISTENERS_MAX == 2 * LISTENERS_MAX, "one a family");

enum {
	SOURCES_MAX = N_GATE_EVENTS + 1,	/* GATE_END has two */
	AGAIN_MS = 100,
};

struct source {
	int		fd;
	uint32_t	event;		/* what it means */
	bool		shared;		/* others wait for it as well */
};

static struct {
	struct waitset	*set;
	struct source	sources[SOURCES_MAX];
	size_t		n;
	bool		aside;		/* of what is shared */
	sigset_t	mask;		/* while it waits */
} gate;

static struct log_condition deaf = { .what = "accept paused" };

static int
join(const struct source *s)
{
	return waitset_add(gate.set, s->fd, POLLIN, s->event, s->shared);
}

static int
add(int fd, uint32_t event, bool shared)
{
	if (fd == -1)
		return 0;
	gate.sources[gate.n] = (struct source){ fd, event, shared };
	return join(&gate.sources[gate.n++]);
}

static void
on_retire(int sig)
{
	(void)sig;
}

static int
hear_retirement(void)
{
	struct sigaction act = { .sa_handler = on_retire };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	if (sigprocmask(SIG_BLOCK, &block, &gate.mask) == -1)
		return -1;
	sigdelset(&gate.mask, SIGUSR2);
	return sigaction(SIGUSR2, &act, NULL);
}

int
gate_open(const struct process *p)
{
	if (hear_retirement() == -1)
		return -1;
	gate.set = waitset_new();
	if (gate.set == NULL)
		return -1;
	for (size_t i = 0; i < p->n_listeners && i < GATE_LISTENERS_MAX; i++)
		if (add(p->listeners[i].fd, (uint32_t)i, true) == -1)
			return -1;
	if (add(p->lifeline, GATE_END, false) == -1 ||
	    add(p->generation_end, GATE_END, false) == -1)
		return -1;
	return add(p->woken_receive, GATE_WOKEN, true);
}

void
gate_step_aside(void)
{
	if (gate.aside)
		return;
	gate.aside = true;
	for (size_t i = 0; i < gate.n; i++)
		if (gate.sources[i].shared)
			waitset_remove(gate.set, gate.sources[i].fd);
}

bool
gate_is_aside(void)
{
	return gate.aside;
}

/* Where memory for a queue is short, we are aside still: again soon. */
static void
come_back(void)
{
	if (!gate.aside)
		return;
	gate.aside = false;
	for (size_t i = 0; i < gate.n; i++)
		if (gate.sources[i].shared && join(&gate.sources[i]) == -1) {
			log_starts(&deaf, "why=\"%s\"", strerror(errno));
			gate.aside = true;
		}
	if (!gate.aside)
		log_ends(&deaf);
}

int
gate_wait(void)
{
	uint32_t event;

	come_back();
	if (waitset_wait(gate.set, &event, 1, gate.aside ? AGAIN_MS : -1,
	    &gate.mask) == 1)
		return (int)event;
	return GATE_NOTHING;
}

void
gate_forget_listeners(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < gate.n; i++)
		if (gate.sources[i].event < GATE_LISTENERS_MAX)
			waitset_remove(gate.set, gate.sources[i].fd);
		else
			gate.sources[kept++] = gate.sources[i];
	gate.n = kept;
}

void
gate_pause(int ms)
{
	struct pollfd ends[SOURCES_MAX];
	nfds_t n = 0;

	for (size_t i = 0; i < gate.n; i++)
		if (gate.sources[i].event == GATE_END)
			ends[n++] = (struct pollfd){
				.fd = gate.sources[i].fd, .events = POLLIN };
	poll(ends, n, ms);
}
