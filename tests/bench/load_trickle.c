/*
 * A trickle: each tunnel sends one octet every 1 to 3 s, the next only when
 * the last is back; one that is not back after 10 s is lost.  For a server that
 * parks idle tunnels this is parking and waking without end: whatever it loses
 * or mixes up shows here.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "load.h"
#include "load_client.h"
#include "load_latency.h"
#include "load_process.h"
#include "load_target.h"

enum { N_EVENTS = 64, TICK_MS = 5, LOST_MS = 10 * 1000 };

static const uint64_t ms_ns = 1000000;

struct drop {
	int		fd;
	uint8_t		octet;		/* the one last sent */
	bool		out;		/* and not yet back */
	uint64_t	sent, due;	/* ns */
};

struct trickle {
	struct drop	*drops;
	unsigned	n;
	int		set;
	uint64_t	sent, back, wrong, lost;
	struct latency	seen;
};

/* 1 to 3 s from now. */
static uint64_t
some_time(void)
{
	return now_ns() + (1000 + (uint64_t)random() % 2001) * ms_ns;
}

static void
open_all(struct trickle *t, const struct load *l)
{
	uint16_t port = target_echo(t->n);

	t->set = epoll_create1(EPOLL_CLOEXEC);
	t->drops = calloc(t->n, sizeof *t->drops);
	if (t->set == -1 || !t->drops)
		err(1, "trickle");
	for (unsigned i = 0; i < t->n; i++) {
		struct drop *d = &t->drops[i];
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = d };

		d->fd = client_tunnel(l, port);
		if (d->fd == -1)
			errx(1, "no tunnel after %u", i);
		if (epoll_ctl(t->set, EPOLL_CTL_ADD, d->fd, &e) == -1)
			err(1, "epoll_ctl");
		d->octet = (uint8_t)i;
		d->due = some_time();
	}
}

static void
send_due(struct trickle *t)
{
	uint64_t now = now_ns();

	for (unsigned i = 0; i < t->n; i++) {
		struct drop *d = &t->drops[i];

		if (now < d->due || d->fd == -1)
			continue;
		if (d->out && now - d->sent < LOST_MS * ms_ns)
			continue;
		t->lost += d->out;
		d->octet++;
		d->out = true;
		d->sent = now;
		d->due = some_time();
		t->sent++;
		send(d->fd, &d->octet, 1, MSG_NOSIGNAL);
	}
}

static void
take(struct trickle *t, struct drop *d)
{
	uint8_t octets[2];
	ssize_t n = recv(d->fd, octets, sizeof octets, MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {			/* the tunnel is gone */
		epoll_ctl(t->set, EPOLL_CTL_DEL, d->fd, NULL);
		t->lost++;
		d->fd = -1;
		return;
	}
	if (n != 1 || !d->out || octets[0] != d->octet) {
		t->wrong++;		/* or one that was given up */
		return;
	}
	d->out = false;
	t->back++;
	latency_add(&t->seen, now_ns() - d->sent);
}

static void
take_all(struct trickle *t)
{
	struct epoll_event events[N_EVENTS];
	int n = epoll_wait(t->set, events, N_EVENTS, TICK_MS);

	for (int i = 0; i < n; i++)
		take(t, events[i].data.ptr);
}

/* What is still out may come yet. */
static void
collect(struct trickle *t)
{
	uint64_t until = now_ns() + LOST_MS * ms_ns;

	while (t->back + t->lost < t->sent && now_ns() < until)
		take_all(t);
	for (unsigned i = 0; i < t->n; i++)
		t->lost += t->drops[i].out && t->drops[i].fd != -1;
}

void
trickle_run(const struct load *l)
{
	static struct trickle t;
	uint64_t until;

	t.n = target_share(l->tunnels);
	open_all(&t, l);
	mark("begin");
	until = now_ns() + l->seconds * 1000 * ms_ns;
	while (now_ns() < until) {
		send_due(&t);
		take_all(&t);
	}
	collect(&t);
	mark("end");
	printf("{\"tunnels\": %u, \"sent\": %llu, \"back\": %llu, "
	    "\"lost\": %llu, \"wrong\": %llu, \"p50_us\": %.1f, "
	    "\"p99_us\": %.1f}\n", t.n, (unsigned long long)t.sent,
	    (unsigned long long)t.back, (unsigned long long)t.lost,
	    (unsigned long long)t.wrong, latency_at(&t.seen, .5),
	    latency_at(&t.seen, .99));
}
