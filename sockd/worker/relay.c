/*
 * The relay, in a worker: two flows, one poll(2), and what is remembered of
 * how it ended.  No flow ever waits for the other, so both sides may write
 * as much as they like before they read.
 *
 * A socket that no flow waits for is watched for errors only: a client that
 * was reset while its target takes nothing is noticed.  What was read before
 * is still passed on for a while.
 */
#include "relay.h"

#include <errno.h>
#include <sys/socket.h>

#include "flow.h"
#include "handshake.h"
#include "local.h"
#include "park.h"
#include "pipe.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/waitset.h"
#include "wait.h"

enum {
	CLIENT, TARGET,			/* index of sockets */
	TROUBLE = POLLERR | POLLHUP | POLLNVAL,
	LINGER_MS = 10000,		/* after a reset, for the last octets */
	KEEPALIVE_AFTER_MS = 1000,
	WORD_KEEPALIVE = 0,		/* in the slot's park_data */
};

struct relay {
	struct session	*session;
	struct flow	flows[2];	/* SIDE_UP, SIDE_DOWN */
	struct pollfd	fds[2];		/* CLIENT, TARGET */
	bool		deaf[2];	/* tells nothing new any more */
	uint64_t	now_ms;
	uint64_t	moved_ms;	/* when an octet did: idle deadlines */
	uint64_t	left_ms;	/* when one did leave the kernel */
	int		queued[2];	/* there, when last looked at */
	uint64_t	fresh_ms;	/* moved_ms, or when we took it up */
	uint64_t	touched_ms;	/* for session_touch() */
	uint64_t	park_ms;	/* when a keeper is to have it */
	uint64_t	short_ms;	/* since then, 0: they are not */
	uint64_t	broken_ms;	/* a reset was noticed, 0: none */
	bool		keepalive;
	enum outcome	outcome;
};

static const enum outcome ended_by[2] = {
	[SIDE_UP] = OUTCOME_CLIENT_CLOSED,
	[SIDE_DOWN] = OUTCOME_TARGET_CLOSED,
};

static void
begin_flow(struct relay *r, int side)
{
	struct session *s = r->session;
	int sockets[2] = { s->client, s->target };

	r->flows[side] = (struct flow){
		.meter = { .session = s, .up = side == SIDE_UP },
		.from = sockets[side], .to = sockets[!side],
		.buffer = &s->worker->buffers[side],
		.pipe = &s->worker->pipes[side],
	};
	if (atomic_load(&s->shown->half_closed) & (1U << side)) {
		r->flows[side].need = FLOW_DONE;
		r->outcome = ended_by[side];
	}
}

/* ---- what has happened ---- */

/*
 * A flow has passed on all and its source has ended: say so to the sink,
 * unless both are done, when close(2) says it.  The deadline of what is half
 * closed begins here.
 */
static void
finish_flow(struct relay *r, int side)
{
	r->moved_ms = r->fresh_ms = r->now_ms;
	if (r->outcome == OUTCOME_NONE)		/* who ended first */
		r->outcome = ended_by[side];
	if (r->flows[!side].need != FLOW_DONE)
		shutdown(r->flows[side].to, SHUT_WR);
}

/*
 * Nothing can be passed on to it any more; what it sent before still may be
 * passed on from it: often it says there why it takes no more.
 */
static void
break_off(struct relay *r, int socket)
{
	struct flow *f = &r->flows[!socket];

	if (r->broken_ms == 0)
		r->broken_ms = r->now_ms;
	flow_drop(f);
	f->need = FLOW_DONE;
}

static void
move(struct relay *r, int side, short said)
{
	struct flow *f = &r->flows[side];

	flow_move(f, said);
	if (f->took || f->passed)
		r->moved_ms = r->fresh_ms = r->now_ms;
	if (f->took)
		session_touch(r->session, &r->touched_ms, r->now_ms);
	if (f->need == FLOW_DONE)
		finish_flow(r, side);
	if (f->need == FLOW_REFUSED)
		break_off(r, !side);
}

/* ---- what is waited for ---- */

static void
choose_events(struct relay *r)
{
	r->fds[CLIENT].events = r->fds[TARGET].events = 0;
	for (int side = 0; side < 2; side++) {
		if (r->flows[side].need == FLOW_IN)
			r->fds[side].events |= flow_events(&r->flows[side]);
		if (r->flows[side].need == FLOW_OUT)
			r->fds[!side].events |= POLLOUT;
	}
	r->fds[CLIENT].fd = r->session->client;
	r->fds[TARGET].fd = r->session->target;
	for (int i = 0; i < 2; i++)
		if (r->deaf[i] && r->fds[i].events == 0)
			r->fds[i].fd = -1;
}

static bool
is_half_closed(const struct relay *r)
{
	return r->flows[SIDE_UP].need == FLOW_DONE ||
	    r->flows[SIDE_DOWN].need == FLOW_DONE;
}

/* One end does not read, and what it is to get is in our hands: no keeper
 * can have such a tunnel. */
static bool
is_stuck(const struct relay *r)
{
	return r->flows[SIDE_UP].need == FLOW_OUT ||
	    r->flows[SIDE_DOWN].need == FLOW_OUT;
}

/* Since when have workers been short, while it was stuck? */
static void
look_at_shortage(struct relay *r)
{
	if (!is_stuck(r) || !handshake_is_short(r->session))
		r->short_ms = 0;
	else if (r->short_ms == 0)
		r->short_ms = r->now_ms;
}

/* One that is stuck gives way sooner, if workers stay short. */
static uint64_t
idle_due_ms(const struct relay *r)
{
	const struct conf *conf = r->session->conf;
	uint64_t due = clock_later(r->moved_ms, r->left_ms) +
	    (is_half_closed(r) ? conf->timeouts.half_closed_ms :
	    conf->timeouts.idle_ms);

	if (r->short_ms == 0)
		return due;
	return clock_earlier(due, clock_later(r->moved_ms, r->short_ms) +
	    conf->timeouts.negotiate_ms);
}

/* May a keeper have it: is there nothing to do but to wait for octets? */
static bool
is_idle(const struct relay *r)
{
	for (int side = 0; side < 2; side++)
		if ((r->flows[side].need != FLOW_IN &&
		    r->flows[side].need != FLOW_DONE) ||
		    flow_holds(&r->flows[side]))
			return false;
	return r->broken_ms == 0;
}

static uint64_t
park_due_ms(const struct relay *r)
{
	uint64_t after_ms;

	if (!is_idle(r))
		return UINT64_MAX;
	after_ms = park_after_ms(r->session);
	if (after_ms == UINT64_MAX)
		return UINT64_MAX;
	return r->fresh_ms + after_ms;
}

/*
 * When there is something to do even if no octet comes.  Whoever began to
 * wait as workers ran short parks, even if by then they do no longer: else
 * the next one would have to.
 */
static uint64_t
due_ms(struct relay *r)
{
	uint64_t due;

	look_at_shortage(r);
	due = idle_due_ms(r);
	if (is_stuck(r))
		due = clock_earlier(due, r->now_ms + WAIT_SLICE_MS);
	r->park_ms = park_due_ms(r);
	for (int side = 0; side < 2; side++)
		if (r->flows[side].need == FLOW_TIME)
			due = clock_earlier(due, r->flows[side].resume_ms);
	if (r->broken_ms != 0)
		due = clock_earlier(due, r->broken_ms + LINGER_MS);
	if (r->park_ms != UINT64_MAX)
		due = clock_earlier(due, clock_earlier(r->park_ms,
		    r->now_ms + park_look_ms(r->session)));
	return due;
}

/* ---- what came ---- */

/*
 * Which of a socket's flows can go on?  None beside a broken one: a socket
 * tells its error once, and what it says then is no end to be passed on.
 */
static void
heed(struct relay *r, int side)
{
	struct flow *f = &r->flows[side];
	short from = r->fds[side].revents &
	    (POLLIN | POLLPRI | POLLRDHUP | TROUBLE);
	short to = r->fds[!side].revents & (POLLOUT | TROUBLE);

	if (r->flows[!side].need == FLOW_BROKEN)
		return;
	if (f->need == FLOW_IN && from != 0)
		move(r, side, from);
	else if (f->need == FLOW_OUT && to != 0)
		move(r, side, 0);
	else if (f->need == FLOW_TIME && r->now_ms >= f->resume_ms)
		move(r, side, 0);
}

/* A socket that no flow waits for can only have broken, or be at its end. */
static void
heed_errors(struct relay *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->fds[i].events != 0 || r->fds[i].revents == 0)
			continue;
		r->deaf[i] = true;
		if (r->fds[i].revents & POLLERR)
			break_off(r, i);
	}
}

/* A tunnel that lasts, or waits in a keeper, wants to know of a peer that
 * vanished.  Once is enough: the board remembers. */
static void
keep_alive(struct relay *r)
{
	struct session *s = r->session;

	if (r->keepalive)
		return;
	local_keep_alive(s->client);
	local_keep_alive(s->target);
	r->keepalive = true;
	atomic_store(&s->shown->park_data[WORD_KEEPALIVE], 1);
}

static bool
try_to_park(struct relay *r)
{
	uint16_t half_closed = 0, mark_ahead = 0;

	if (r->now_ms < r->park_ms && r->now_ms < park_due_ms(r))
		return false;
	keep_alive(r);
	for (int side = 0; side < 2; side++) {
		if (r->flows[side].need == FLOW_DONE)
			half_closed |= 1U << side;
		if (r->flows[side].mark_ahead)
			mark_ahead |= 1U << side;
	}
	atomic_store(&r->session->shown->mark_ahead, mark_ahead);
	if (park(r->session, idle_due_ms(r), half_closed))
		return true;
	r->fresh_ms = r->now_ms;	/* no keeper has room: again later */
	return false;
}

/*
 * A kernel that was given megabytes lets us go on when a third has left it,
 * and to a slow peer that takes minutes: nothing moves here, and yet it is
 * not idle.
 */
static void
look_at_queues(struct relay *r)
{
	for (int side = 0; side < 2; side++) {
		int queued;

		if (r->flows[side].need != FLOW_OUT)
			continue;
		queued = flow_queued(&r->flows[side]);
		if (queued < r->queued[side])
			r->left_ms = r->now_ms;
		r->queued[side] = queued;
	}
}

/* True: a deadline has passed. */
static bool
heed_time(struct relay *r)
{
	if (r->now_ms - r->moved_ms >= KEEPALIVE_AFTER_MS)
		keep_alive(r);
	if (r->now_ms >= idle_due_ms(r))
		r->outcome = OUTCOME_IDLE;
	else if (r->broken_ms != 0 && r->now_ms >= r->broken_ms + LINGER_MS)
		r->outcome = OUTCOME_RESET;
	else
		return false;
	return true;
}

/* ---- the loop ---- */

/* True: it has ended, and outcome says how; that of an orderly end is there
 * before both flows are done. */
static bool
judge_end(struct relay *r)
{
	bool done = true;

	for (int side = 0; side < 2; side++) {
		switch (r->flows[side].need) {
		case FLOW_BROKEN:
			r->outcome = r->flows[side].error == ETIMEDOUT ?
			    OUTCOME_TIMEOUT : OUTCOME_RESET;
			return true;
		case FLOW_SPENT:
			r->outcome = OUTCOME_QUOTA;
			return true;
		case FLOW_IN:
		case FLOW_OUT:
		case FLOW_TIME:
			done = false;
			break;
		case FLOW_REFUSED:	/* not after break_off() */
		case FLOW_DONE:
			break;
		}
	}
	if (done && r->broken_ms != 0)
		r->outcome = OUTCOME_RESET;
	return done;
}

/* One wait and what it brought.  False: it is over, or parked. */
static bool
turn(struct relay *r)
{
	struct session *s = r->session;

	choose_events(r);
	switch (wait_for(s, r->fds, 2, due_ms(r), &r->now_ms)) {
	case WAIT_CUT:
		r->outcome = s->outcome;
		return false;
	case WAIT_DUE:
		r->fds[CLIENT].revents = r->fds[TARGET].revents = 0;
		look_at_queues(r);
		if (heed_time(r) || try_to_park(r))
			return false;
		break;
	case WAIT_READY:
		break;
	}
	heed(r, SIDE_UP);
	heed(r, SIDE_DOWN);
	heed_errors(r);
	if (judge_end(r))
		return false;
	/* whatever woke us, without an octet time goes on */
	return r->moved_ms == r->now_ms || !heed_time(r);
}

/* A tunnel that comes from a keeper has been idle for some time. */
static uint64_t
moved_last_ms(struct relay *r)
{
	uint64_t due = atomic_load(&r->session->shown->idle_due_ms);
	uint64_t since = r->now_ms + (idle_due_ms(r) - r->moved_ms);

	return due == 0 || due > since ? r->now_ms : r->now_ms + due - since;
}

static void
begin(struct relay *r, struct session *s)
{
	*r = (struct relay){ .session = s, .now_ms = clock_ms() };
	r->fresh_ms = r->now_ms;
	begin_flow(r, SIDE_UP);
	begin_flow(r, SIDE_DOWN);
	r->moved_ms = moved_last_ms(r);
	r->keepalive = atomic_load(&s->shown->park_data[WORD_KEEPALIVE]) != 0;
	if (buffer_held(s->early) > 0) {
		r->flows[SIDE_UP].unpaid = buffer_held(s->early);
		move(r, SIDE_UP, 0);
	}
}

void
relay(struct session *s)
{
	struct relay r;

	begin(&r, s);
	if (!judge_end(&r))
		while (turn(&r))
			;
	for (int side = 0; side < 2; side++) {
		if (s->parked)
			pipe_reset(r.flows[side].pipe);
		else
			flow_drop(&r.flows[side]);
	}
	s->outcome = r.outcome;
}
