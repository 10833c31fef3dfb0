/*
 * Short sessions: connect, handshake, 64 octets asked and answered, and the
 * target closes.  So many at once from one process, by epoll; with a rate
 * they are due one by one, and latency counts from when a session was due,
 * so that a server that stalls cannot hide it.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "load_client.h"
#include "load_latency.h"
#include "load_process.h"
#include "load_target.h"

enum { N_EVENTS = 64 };

static const uint64_t second_ns = 1000000000;

/* What the next octets from the server are. */
enum step { STEP_METHOD, STEP_LOGIN, STEP_REPLY, STEP_ANSWER, STEP_END };

enum verdict { VERDICT_WAIT, VERDICT_FAILED };

struct visit {
	int		fd;		/* -1: at rest */
	enum step	step;
	uint64_t	due;
	size_t		len;		/* of the answer so far */
	uint8_t		buf[MESSAGE_MAX];
};

struct run {
	const struct load *load;
	uint16_t	port;
	int		set;		/* epoll */
	struct visit	*visits;
	uint64_t	until, next;	/* ns: the end; when one is due */
	uint64_t	done, failed;
	struct latency	seen;
};

/* Send what comes now, and say what is to follow. */
static enum verdict
go_on(struct visit *v, enum step step, size_t len)
{
	v->step = step;
	v->len = 0;
	if (send(v->fd, v->buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		return VERDICT_FAILED;
	return VERDICT_WAIT;
}

static enum verdict
ask(struct visit *v)
{
	memset(v->buf, 'x', PAYLOAD_SIZE);
	return go_on(v, STEP_ANSWER, PAYLOAD_SIZE);
}

static enum verdict
request(struct run *r, struct visit *v)
{
	return go_on(v, STEP_REPLY,
	    client_request(r->load, COMMAND_CONNECT, r->port, v->buf));
}

static enum verdict
method_came(struct run *r, struct visit *v)
{
	if (v->len < 2)
		return VERDICT_WAIT;
	if (v->buf[1] != (r->load->user ? 2 : 0))
		return VERDICT_FAILED;
	if (!r->load->user)
		return request(r, v);
	return go_on(v, STEP_LOGIN, client_login(r->load, v->buf));
}

static enum verdict
login_came(struct run *r, struct visit *v)
{
	if (v->len < 2)
		return VERDICT_WAIT;
	return v->buf[1] == 0 ? request(r, v) : VERDICT_FAILED;
}

static enum verdict
reply_came(struct run *r, struct visit *v)
{
	size_t size = client_reply_size(v->buf, v->len);

	(void)r;
	if (size == 0 || v->len < size)
		return VERDICT_WAIT;
	return v->buf[1] == 0 ? ask(v) : VERDICT_FAILED;
}

static enum verdict
answer_came(struct run *r, struct visit *v)
{
	(void)r;
	if (v->len == PAYLOAD_SIZE)
		v->step = STEP_END;
	return v->len <= PAYLOAD_SIZE ? VERDICT_WAIT : VERDICT_FAILED;
}

static enum verdict
too_much_came(struct run *r, struct visit *v)
{
	(void)r;
	(void)v;
	return VERDICT_FAILED;
}

static enum verdict (*const came[])(struct run *, struct visit *) = {
	[STEP_METHOD] = method_came,
	[STEP_LOGIN] = login_came,
	[STEP_REPLY] = reply_came,
	[STEP_ANSWER] = answer_came,
	[STEP_END] = too_much_came,
};

static void
finish(struct run *r, struct visit *v, bool good)
{
	close(v->fd);
	v->fd = -1;
	if (!good) {
		r->failed++;
		return;
	}
	r->done++;
	latency_add(&r->seen, now_ns() - v->due);
}

static void
advance(struct run *r, struct visit *v)
{
	ssize_t n = recv(v->fd, v->buf + v->len, sizeof v->buf - v->len,
	    MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && v->step == STEP_END) {
		finish(r, v, true);
		return;
	}
	if (n <= 0) {
		finish(r, v, false);
		return;
	}
	v->len += (size_t)n;
	if (came[v->step](r, v) == VERDICT_FAILED)
		finish(r, v, false);
}

static void
begin(struct run *r, struct visit *v, uint64_t due)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = v };
	enum verdict verdict;

	v->due = due;
	v->fd = client_dial(r->load, r->port);
	if (v->fd == -1) {
		r->failed++;
		return;
	}
	if (r->load->server.sin_port == 0)
		verdict = ask(v);
	else
		verdict = go_on(v, STEP_METHOD,
		    client_greeting(r->load, v->buf));
	if (verdict == VERDICT_FAILED ||
	    epoll_ctl(r->set, EPOLL_CTL_ADD, v->fd, &e) == -1)
		finish(r, v, false);
}

/* Begin what is due, as far as there is room. */
static void
begin_due(struct run *r)
{
	for (unsigned i = 0; i < r->load->concurrency; i++) {
		uint64_t now = now_ns();

		if (r->visits[i].fd != -1)
			continue;
		if (now >= r->until || now < r->next)
			return;
		begin(r, &r->visits[i], r->load->rate ? r->next : now);
		if (r->load->rate)
			r->next += second_ns / r->load->rate;
	}
}

/* Whatever comes, or the next is due, or it is over. */
static void
wait_some(struct run *r)
{
	struct epoll_event events[N_EVENTS];
	uint64_t now = now_ns();
	uint64_t then = r->next > now && r->next < r->until ?
	    r->next : r->until;
	uint64_t left = then > now ? then - now : 0;
	struct timespec t = { .tv_sec = (time_t)(left / second_ns),
		.tv_nsec = (long)(left % second_ns) };
	int n = epoll_pwait2(r->set, events, N_EVENTS, &t, NULL);

	for (int i = 0; i < n; i++)
		advance(r, events[i].data.ptr);
}

/* Sessions for so long; what is under way at the end counts as neither. */
static void
visit_all(struct run *r, uint64_t ns)
{
	unsigned n = r->load->concurrency;

	r->next = now_ns();
	r->until = r->next + ns;
	r->done = r->failed = 0;
	memset(&r->seen, 0, sizeof r->seen);
	while (now_ns() < r->until) {
		begin_due(r);
		wait_some(r);
	}
	for (unsigned i = 0; i < n; i++) {
		if (r->visits[i].fd != -1)
			close(r->visits[i].fd);
		r->visits[i].fd = -1;
	}
}

static void
report(const struct run *r, uint64_t ns)
{
	printf("{\"sessions\": %llu, \"failed\": %llu, \"seconds\": %.6f, "
	    "\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	    (unsigned long long)r->done, (unsigned long long)r->failed,
	    (double)ns / 1e9, latency_at(&r->seen, .5),
	    latency_at(&r->seen, .99));
}

void
connect_run(const struct load *l)
{
	static struct run r;
	uint64_t start;

	r.load = l;
	r.port = target_answer();
	r.set = epoll_create1(EPOLL_CLOEXEC);
	r.visits = calloc(l->concurrency, sizeof *r.visits);
	if (r.set == -1 || !r.visits)
		err(1, "connect");
	for (unsigned i = 0; i < l->concurrency; i++)
		r.visits[i].fd = -1;
	visit_all(&r, l->warm_ms * UINT64_C(1000000));
	mark("begin");
	start = now_ns();
	visit_all(&r, l->seconds * second_ns);
	start = now_ns() - start;
	mark("end");
	report(&r, start);
}
