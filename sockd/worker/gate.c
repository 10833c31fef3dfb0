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
#include "config.h"

#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#ifdef HAVE_SYS_EPOLL_H
#include <sys/epoll.h>
#endif

#include "sockd/common/log.h"
#include "sockd/common/process.h"

_Static_assert(GATE_LISTENERS_MAX == 2 * LISTENERS_MAX, "one a family");

enum {
	SOURCES_MAX = N_GATE_EVENTS + 1,	/* GATE_END has two */
	AGAIN_MS = 100,
};

static struct {
	int		epoll;
	struct pollfd	fds[SOURCES_MAX];
	int		events[SOURCES_MAX];	/* what each of fds means */
	bool		shared[SOURCES_MAX];	/* others wait for it as well */
	nfds_t		n;
	bool		aside;			/* of what is shared */
	sigset_t	mask;			/* while it waits */
} gate = { .epoll = -1 };

static struct log_condition deaf = { .what = "accept paused" };

static int
join(nfds_t i)
{
#ifdef HAVE_EPOLL
	struct epoll_event e = { .events = EPOLLIN,
		.data.fd = gate.events[i] };

#if HAVE_DECL_EPOLLEXCLUSIVE
	if (gate.shared[i])
		e.events |= EPOLLEXCLUSIVE;
#endif
	return epoll_ctl(gate.epoll, EPOLL_CTL_ADD, gate.fds[i].fd, &e);
#else
	(void)i;
	return 0;
#endif
}

static int
add(int fd, int event, bool shared)
{
	if (fd == -1)
		return 0;
	gate.fds[gate.n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	gate.events[gate.n] = event;
	gate.shared[gate.n] = shared;
	return join(gate.n++);
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
#ifdef HAVE_EPOLL
	gate.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (gate.epoll == -1)
		return -1;
#endif
	for (size_t i = 0; i < p->n_listeners && i < GATE_LISTENERS_MAX; i++)
		if (add(p->listeners[i].fd, (int)i, true) == -1)
			return -1;
	if (add(p->lifeline, GATE_END, false) == -1 ||
	    add(p->generation_end, GATE_END, false) == -1)
		return -1;
	return add(p->woken_receive, GATE_WOKEN, true);
}

void
gate_step_aside(void)
{
#ifdef HAVE_EPOLL
	if (gate.aside)
		return;
	gate.aside = true;
	for (nfds_t i = 0; i < gate.n; i++)
		if (gate.shared[i])
			epoll_ctl(gate.epoll, EPOLL_CTL_DEL, gate.fds[i].fd,
			    NULL);
#endif
}

/* Where memory for a queue is short, we are aside still: again soon. */
static void
come_back(void)
{
	if (!gate.aside)
		return;
	gate.aside = false;
	for (nfds_t i = 0; i < gate.n; i++)
		if (gate.shared[i] && join(i) == -1 && errno != EEXIST) {
			log_starts(&deaf, "why=\"%s\"", strerror(errno));
			gate.aside = true;
		}
	if (!gate.aside)
		log_ends(&deaf);
}

int
gate_wait(void)
{
	come_back();
#ifdef HAVE_EPOLL
	struct epoll_event e;

	if (epoll_pwait(gate.epoll, &e, 1, gate.aside ? AGAIN_MS : -1,
	    &gate.mask) == 1)
		return e.data.fd;
#else
	if (ppoll(gate.fds, gate.n, NULL, &gate.mask) > 0)
		for (nfds_t i = gate.n; i-- > 0; )
			if (gate.fds[i].revents != 0)
				return gate.events[i];
#endif
	return GATE_NOTHING;
}

void
gate_forget_listeners(void)
{
	nfds_t kept = 0;

	for (nfds_t i = 0; i < gate.n; i++) {
		if (gate.events[i] >= GATE_LISTENERS_MAX) {
			gate.events[kept] = gate.events[i];
			gate.shared[kept] = gate.shared[i];
			gate.fds[kept++] = gate.fds[i];
			continue;
		}
#ifdef HAVE_EPOLL
		epoll_ctl(gate.epoll, EPOLL_CTL_DEL, gate.fds[i].fd, NULL);
#endif
	}
	gate.n = kept;
}

void
gate_pause(int ms)
{
	struct pollfd ends[SOURCES_MAX];
	nfds_t n = 0;

	for (nfds_t i = 0; i < gate.n; i++)
		if (gate.events[i] == GATE_END)
			ends[n++] = gate.fds[i];
	poll(ends, n, ms);
}
