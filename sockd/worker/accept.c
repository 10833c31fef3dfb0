/*
 * Taking clients, in a worker.  All workers wait on all listeners with
 * EPOLLEXCLUSIVE, so one connection wakes one of them; of the idle ones the
 * kernel wakes the one that waited last, whose memory is warm.
 *
 * The master retires a worker by taking its state from IDLE to LEAVING and
 * sending SIGUSR2, which is let in only while it waits here.
 */
#include "config.h"

#include "accept.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_SYS_EPOLL_H
#include <sys/epoll.h>
#endif

#include "lib/message.h"
#include "session.h"
#include "sockd/common/channel.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"
#include "sockd/common/wake.h"

enum {
	SOCKETS_MAX = 2 * LISTENERS_MAX,	/* "*" is one a family */
	TAG_LIFELINE = SOCKETS_MAX, TAG_GENERATION, TAG_WOKEN, N_TAGS,
	TAG_NONE = -1,
	PAUSE_MS = 100,
};

static struct {
	int			epoll;
	struct pollfd		fds[N_TAGS];	/* without epoll */
	int			tags[N_TAGS];
	nfds_t			n;
	sigset_t		open;		/* signals while it waits */
	struct log_condition	paused;
} gate = { .epoll = -1, .paused = { .what = "accept paused" } };

/* ---- the set ---- */

static int
add(int fd, int tag, bool exclusive)
{
	if (fd == -1)
		return 0;
	gate.fds[gate.n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	gate.tags[gate.n++] = tag;
#ifdef HAVE_EPOLL
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = (uint32_t)tag };
#if HAVE_DECL_EPOLLEXCLUSIVE
	if (exclusive)
		e.events |= EPOLLEXCLUSIVE;
#endif
	return epoll_ctl(gate.epoll, EPOLL_CTL_ADD, fd, &e);
#else
	(void)exclusive;
	return 0;
#endif
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
	if (sigprocmask(SIG_BLOCK, &block, &gate.open) == -1)
		return -1;
	sigdelset(&gate.open, SIGUSR2);
	return sigaction(SIGUSR2, &act, NULL);
}

int
accept_open(struct worker *w)
{
	const struct process *p = w->process;

	if (hear_retirement() == -1)
		return -1;
#ifdef HAVE_EPOLL
	gate.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (gate.epoll == -1)
		return -1;
#endif
	for (size_t i = 0; i < p->n_listeners && i < SOCKETS_MAX; i++) {
		/* What is accepted inherits it: one call less a client. */
		setsockopt(p->listeners[i].fd, IPPROTO_TCP, TCP_NODELAY,
		    &(int){ 1 }, sizeof(int));
		if (add(p->listeners[i].fd, (int)i, true) == -1)
			return -1;
	}
	if (add(p->lifeline, TAG_LIFELINE, false) == -1 ||
	    add(p->generation_end, TAG_GENERATION, false) == -1)
		return -1;
	return add(p->woken_receive, TAG_WOKEN, true);
}

/* The run is ending: no new clients, but tunnels may still wake. */
static void
forget_listeners(void)
{
	nfds_t kept = 0;

	for (nfds_t i = 0; i < gate.n; i++) {
		if (gate.tags[i] >= TAG_LIFELINE) {
			gate.tags[kept] = gate.tags[i];
			gate.fds[kept++] = gate.fds[i];
			continue;
		}
#ifdef HAVE_EPOLL
		epoll_ctl(gate.epoll, EPOLL_CTL_DEL, gate.fds[i].fd, NULL);
#endif
	}
	gate.n = kept;
}

/* The tag of one descriptor that is ready; TAG_NONE: a signal came. */
static int
wait_for_one(void)
{
#ifdef HAVE_EPOLL
	struct epoll_event e;

	if (epoll_pwait(gate.epoll, &e, 1, -1, &gate.open) == 1)
		return (int)e.data.u32;
#else
	if (ppoll(gate.fds, gate.n, NULL, &gate.open) > 0)
		for (nfds_t i = gate.n; i-- > 0; )
			if (gate.fds[i].revents != 0)
				return gate.tags[i];
#endif
	return TAG_NONE;
}

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

/* The generation's pipe says it too, but perhaps after a client that came
 * later; and that one is to meet the new rules. */
static bool
is_old(const struct worker *w)
{
	return atomic_load(&w->board->header->generation) !=
	    w->process->generation;
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
	if (left <= w->conf->workers.min_spare)
		wake_master(w->board, w->process->wake_send);
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

/* The client stays in the queue; without a pause this would spin. */
static void
pause_accepting(int error)
{
	struct pollfd ends[2] = { 0 };
	nfds_t n = 0;

	log_starts(&gate.paused, "why=\"%s\"", strerror(error));
	for (nfds_t i = 0; i < gate.n; i++)
		if (gate.tags[i] == TAG_LIFELINE ||
		    gate.tags[i] == TAG_GENERATION)
			ends[n++] = gate.fds[i];
	poll(ends, n, PAUSE_MS);
}

static int
accept_client(int fd, struct sockaddr_storage *ss, socklen_t *len)
{
#ifdef HAVE_ACCEPT4
	return accept4(fd, (struct sockaddr *)ss, len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
	int client = accept(fd, (struct sockaddr *)ss, len);

	if (client == -1)
		return -1;
	fcntl(client, F_SETFD, FD_CLOEXEC);
	fcntl(client, F_SETFL, O_NONBLOCK);
	return client;
#endif
}

/* True: there was a client. */
static bool
take_client(struct worker *w, const struct listener *on)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr from;
	int client = accept_client(on->fd, &ss, &len);

	if (client == -1) {
		if (is_shortage(errno))
			pause_accepting(errno);
		else	/* another worker was faster */
			atomic_fetch_add_explicit(
			    &w->board->header->counts.wakeups, 1,
			    memory_order_relaxed);
		return false;
	}
	if (gate.paused.count != 0)
		log_ends(&gate.paused);
	become_busy(w);
	addr_from_sockaddr(&from, (struct sockaddr *)&ss, len);
	session_serve(w, on, &client, &from);
	become_idle(w);
	return true;
}

/* ---- tunnels that wake ---- */

static void
close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static void
take_tunnel(struct worker *w)
{
	const struct process *p = w->process;
	int fds[CHANNEL_FDS_MAX];
	struct tunnel_message t;
	uint8_t buf[MESSAGE_MAX];
	size_t n = CHANNEL_FDS_MAX;
	ssize_t len;
	uint64_t owner;

	len = channel_receive(p->woken_receive, buf, sizeof(buf), fds, &n);
	if (len <= 0)
		return;
	if (!tunnel_message_decode(buf, (size_t)len, &t) || n == 0 ||
	    t.n_fds != n || t.slot >= w->board->n.sessions) {
		close_all(fds, n);
		log_warning("tunnel not taken why=\"bad message\"");
		return;
	}
	owner = owner_word(p->index, p->epoch, ++w->serial);
	if (!slot_pass(w->board, t.slot, t.owner, owner)) {
		close_all(fds, n);
		return;
	}
	become_busy(w);
	session_resume(w, t.slot, owner, fds, n);
	become_idle(w);
}

/* ---- one turn ---- */

/*
 * A worker that leaves may have been woken for a client that nobody else
 * knows of: it looks once more before it goes.
 */
static bool
leave(struct worker *w)
{
	for (size_t i = 0; i < w->process->n_listeners; i++)
		if (take_client(w, &w->process->listeners[i]))
			return false;
	return false;
}

bool
accept_and_serve(struct worker *w)
{
	int tag;

	if (is_leaving(w))
		return leave(w);
	if (is_old(w))
		return false;
	tag = wait_for_one();
	switch (tag) {
	case TAG_NONE:
		break;
	case TAG_LIFELINE:
	case TAG_GENERATION:
		return false;
	case TAG_WOKEN:
		take_tunnel(w);
		break;
	default:
		if (atomic_load(&w->board->header->stopping))
			forget_listeners();
		else
			take_client(w, &w->process->listeners[tag]);
	}
	return true;
}
