/*
 * BIND, in a worker (RFC 1928, sections 4 and 6, and the SOCKS4 memo): open a
 * port, tell the client which, wait for the peer that it named, tell who
 * came, and relay.
 *
 * While it waits the client's departure frees the port at once; what the
 * client sends stays in its socket, for the peer.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authorize.h"
#include "bind_peers.h"
#include "local.h"
#include "park.h"
#include "refuse.h"
#include "relay.h"
#include "reply.h"
#include "sockd/common/clock.h"
#include "sockd/common/fd.h"
#include "sockd/common/slot.h"
#include "sockd/common/waitset.h"
#include "wait.h"

enum { PAUSE_MS = 100 };

struct waiting {
	struct session		*session;
	struct bind_peers	peers;
	int			listener;
	uint64_t		began_ms, due_ms, now_ms;
};

/* ---- opening ---- */

/*
 * The rule that is to let the peer in, as far as can be said before it is
 * there: the first that may.  NULL: none.
 */
static const struct rule *
likely_rule(const struct session *s, const struct bind_peers *peers)
{
	const struct policy *policy = &s->conf->policy;
	struct rule_question q = s->question;
	enum answer answer = ANSWER_NO;

	if (peers->n > 0)
		question_for_address(&q, &peers->addrs[0]);
	for (size_t i = 0; i < policy->n_rules && answer != ANSWER_YES; i++) {
		answer = rule_holds(&policy->rules[i], &q, NULL);
		if (answer != ANSWER_NO &&
		    policy->rules[i].action == RULE_PASS)
			return &policy->rules[i];
	}
	return NULL;
}

/*
 * Where the peer can reach us: the address that a rule gives, or the one
 * from which we would reach the peer; of a peer unknown, where the default
 * route leads, or else where the client has reached us.
 */
static int
choose_address(const struct session *s, const struct bind_peers *peers,
    struct addr *at)
{
	const struct rule *rule = likely_rule(s, peers);

	if (rule != NULL) {
		*at = peers->family == ADDR_IPV6 ? rule->source6 :
		    rule->source4;
		if (at->family != ADDR_NONE)
			return 0;
	}
	if (peers->n > 0)
		return local_toward(&peers->addrs[0], at);
	if (local_outward(peers->family, at) == 0)
		return 0;
	if (local_of(s->client, at) == 0 && at->family == peers->family)
		return 0;
	errno = ENETUNREACH;
	return -1;
}

/* The listening socket, and what the client is told of it. */
static int
open_port(struct session *s, const struct bind_peers *peers,
    struct addr *told)
{
	struct addr at = { 0 };
	int fd;

	if (choose_address(s, peers, &at) == -1)
		return -1;
	fd = local_open(SOCK_STREAM, &at, &s->conf->bind.ports,
	    &s->shown->source);
	*told = s->shown->source;
	local_advertise(told, &s->conf->bind.advertise);
	return fd;
}

static bool
refuse_port(struct session *s, int error)
{
	struct reply_failure failure = reply_of_errno(error);

	if (error == EACCES || error == EPERM)	/* ours, not the client's */
		failure = (struct reply_failure){ SOCKS5_FAILURE,
			OUTCOME_ERROR };
	return refuse(s, failure.rep, failure.outcome);
}

/* ---- the peer ---- */

/* The rules are asked with the peer's own address and port. */
static enum outcome
judge(struct waiting *w, const struct addr *peer, unsigned *rule)
{
	struct session *s = w->session;
	struct rule_question before = s->question;
	enum outcome why;

	if (!bind_peers_have(&w->peers, peer))
		return OUTCOME_BLOCKED;
	s->question.any_port = false;
	s->question.port = peer->port;
	why = authorize_address(s, peer, rule);
	s->question = before;
	return why;
}

/* The port closes, the client is told who came, and they talk. */
static bool
join(struct waiting *w, const struct addr *peer, unsigned rule)
{
	struct session *s = w->session;
	struct addr local = s->shown->source;

	fd_shut(&w->listener);
	local_of(s->target, &local);
	local_prepare(s->target);
	s->shown->target_port = peer->port;
	atomic_store(&s->shown->idle_due_ms, 0);	/* it was the wait's */
	session_grant(s, rule, peer, &local);
	if (!reply_send(s, SOCKS5_SUCCEEDED, peer))
		return false;
	relay(s);
	return true;
}

/* Descriptors are short: the peer stays in the queue, and this does not
 * spin. */
static void
pause_a_moment(struct waiting *w)
{
	wait_for(w->session, NULL, 0, w->now_ms + PAUSE_MS, &w->now_ms);
}

/* Somebody has come.  True: go on waiting. */
static bool
receive(struct waiting *w)
{
	struct session *s = w->session;
	struct addr peer;
	unsigned rule;
	int fd = fd_accept(w->listener, &peer);

	if (fd == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_a_moment(w);
		return true;
	}
	switch (judge(w, &peer, &rule)) {
	case OUTCOME_NONE:
		s->target = fd;
		join(w, &peer, rule);
		return false;
	case OUTCOME_QUOTA:
		close(fd);
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_QUOTA);
	default:
		close(fd);
		return true;
	}
}

/* ---- parked ---- */

/* What is parked beside the client: early octets only where there are any. */
enum { LISTENER, EARLY_IN, EARLY_OUT, N_PARKED };

/*
 * What came with the request waits in a pair of sockets.  Both ends are
 * parked: one without the other would wake the keeper.
 */
static bool
put_early(const struct buffer *early, int fds[N_PARKED])
{
	const size_t held = buffer_held(early);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    &fds[EARLY_IN]) == -1)
		return false;
	return send(fds[EARLY_IN], buffer_data(early), held, MSG_NOSIGNAL) ==
	    (ssize_t)held;
}

static void
take_early(struct buffer *early, int fd)
{
	ssize_t n;

	while ((n = recv(fd, early->octets + early->end, buffer_room(early),
	    0)) > 0)
		early->end += (size_t)n;
}

static bool
park_waiting(struct waiting *w)
{
	struct session *s = w->session;
	int fds[N_PARKED] = { w->listener, -1, -1 };
	size_t n = LISTENER + 1;
	bool ready = true;

	if (buffer_held(s->early) > 0) {
		n = N_PARKED;
		ready = put_early(s->early, fds);
	}
	ready = ready && park_as(s, PARKED_BIND, fds, n, w->due_ms);
	fd_shut(&fds[EARLY_IN]);
	fd_shut(&fds[EARLY_OUT]);
	return ready;
}

/* ---- waiting ---- */

static uint64_t
park_due_ms(const struct waiting *w)
{
	uint64_t after_ms = park_after_ms(w->session);

	return after_ms == UINT64_MAX ? UINT64_MAX : w->began_ms + after_ms;
}

/* When to look: is it time to park, or do workers run short meanwhile?  What
 * was due and did not go, as keepers were full, has time. */
static uint64_t
look_due_ms(const struct waiting *w)
{
	uint64_t look_ms = w->now_ms + park_look_ms(w->session);
	uint64_t park_ms = park_due_ms(w);

	return park_ms > w->now_ms ? clock_earlier(park_ms, look_ms) : look_ms;
}

static bool
try_to_park(struct waiting *w)
{
	return w->now_ms >= park_due_ms(w) &&
	    bind_peers_save(&w->peers, w->session) && park_waiting(w);
}

static bool
client_left(struct session *s, short said)
{
	return session_fail(s, said & (POLLERR | POLLNVAL) ? OUTCOME_RESET :
	    OUTCOME_CLIENT_CLOSED);
}

/* One wait and what it brought.  False: no more of it. */
static bool
turn(struct waiting *w)
{
	struct pollfd fds[2] = {
		{ .fd = w->listener, .events = POLLIN },
		{ .fd = w->session->client, .events = POLLRDHUP },
	};
	uint64_t due_ms = clock_earlier(look_due_ms(w), w->due_ms);

	switch (wait_for(w->session, fds, 2, due_ms, &w->now_ms)) {
	case WAIT_CUT:
		return false;
	case WAIT_DUE:
		break;
	case WAIT_READY:
		if (fds[1].revents != 0)
			return client_left(w->session, fds[1].revents);
		if (!receive(w))
			return false;
		break;		/* strangers hold no deadline off */
	}
	if (w->now_ms >= w->due_ms)
		return refuse(w->session, SOCKS5_TTL_EXPIRED,
		    OUTCOME_TIMEOUT);
	return !try_to_park(w);
}

static void
wait_for_peer(struct waiting *w)
{
	w->session->outcome = OUTCOME_ERROR;
	while (turn(w))
		;
	fd_shut(&w->listener);
}

bool
serve_bind(struct session *s)
{
	struct waiting w = { .session = s, .listener = -1 };
	struct addr told = { 0 };

	if (!bind_peers_choose(&w.peers, s))
		return false;
	if (!authorize_has_left(s))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_QUOTA);
	w.listener = open_port(s, &w.peers, &told);
	if (w.listener == -1)
		return refuse_port(s, errno);
	w.began_ms = w.now_ms = clock_ms();
	w.due_ms = w.now_ms + s->conf->timeouts.bind_ms;
	s->excused_ms += s->conf->timeouts.bind_ms;
	if (reply_send(s, SOCKS5_SUCCEEDED, &told))
		wait_for_peer(&w);
	fd_shut(&w.listener);
	return true;
}

void
bind_resume(struct session *s, int *more, size_t n)
{
	struct waiting w = { .session = s, .listener = more[LISTENER] };

	more[LISTENER] = -1;
	if (n == N_PARKED)
		take_early(s->early, more[EARLY_OUT]);
	w.began_ms = w.now_ms = clock_ms();
	w.due_ms = atomic_load(&s->shown->idle_due_ms);
	if (session_recall(s) && bind_peers_recall(&w.peers, s, w.listener))
		wait_for_peer(&w);
	fd_shut(&w.listener);
}
