/*
 * The race of connection attempts, in a worker (RFC 8305, section 5).  With
 * one address it is socket, connect, poll and getsockname.
 */
#include "config.h"

#include "dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authorize.h"
#include "local.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/fd.h"
#include "sockd/common/log.h"
#include "wait.h"

enum { ATTEMPT_DELAY_MS = 250 };

struct attempt {
	int		fd;
	unsigned	rule;
	struct addr	to;
};

struct race {
	struct session		*session;
	const struct addr	*addrs;		/* not yet tried: from next */
	size_t			n, next;
	struct attempt		flying[MESSAGE_ADDRS_MAX];
	size_t			n_flying;
	uint64_t		now_ms, next_ms, due_ms;
	bool			tried;		/* not all were blocked */
	struct reply_failure	failure;	/* the last one */
	int			won;		/* index of flying, -1 */
};

static void
note_error(struct race *r, int error)
{
	r->tried = true;
	r->failure = reply_of_errno(error);
}

/* A rule's source address; without IP_BIND_ADDRESS_NO_PORT the kernel would
 * take a port that no other connection may share. */
static int
bind_source(int fd, const struct addr *source)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(source, &ss);

#if HAVE_DECL_IP_BIND_ADDRESS_NO_PORT
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 },
	    sizeof(int));
#endif
	return bind(fd, (struct sockaddr *)&ss, len);
}

/* It went with its interface: who looks why nobody gets out is to read it. */
static bool
take_source(int fd, const struct rule *rule, const struct addr *source)
{
	static struct log_condition missing = { .what = "source missing" };
	static struct addr which;
	char text[ADDR_TEXT_MAX];

	if (bind_source(fd, source) == 0) {
		if (addr_equal(source, &which))
			log_ends(&missing);
		return true;
	}
	if (errno == EADDRNOTAVAIL) {
		if (missing.count == 0)
			which = *source;
		log_starts(&missing, "rule=%s address=%s", rule->name,
		    addr_format(source, text));
	}
	return false;
}

/* A socket on its way to this address; -1 and errno. */
static int
set_off(const struct addr *to, const struct rule *rule)
{
	const struct addr *source = to->family == ADDR_IPV6 ?
	    &rule->source6 : &rule->source4;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, &ss);
	int fd;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return -1;
	local_prepare(fd);
	if (source->family != ADDR_NONE && !take_source(fd, rule, source))
		goto fail;
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS && errno != EINTR)
		goto fail;
	return fd;
fail:
	fd_close_keep_errno(fd);
	return -1;
}

/*
 * Where this machine has no address of a family, as IPv6 where it is turned
 * off, the kernel says what it says of ports that have run out as well; of a
 * link-local address without its link, what it says of any fault of ours.
 */
static int
tell_apart(int error, const struct addr *to)
{
	struct addr from;

	if (error != EADDRNOTAVAIL && error != EINVAL)
		return error;
	return local_toward(to, &from) == -1 ? ENETUNREACH : error;
}

/* Try the next address.  What cannot even begin leaves its error, unless
 * another was tried. */
static void
start_next(struct race *r)
{
	struct session *s = r->session;
	struct attempt *a = &r->flying[r->n_flying];
	enum outcome why;

	a->to = r->addrs[r->next++];
	why = authorize_address(s, &a->to, &a->rule);
	if (why != OUTCOME_NONE) {
		if (!r->tried)
			r->failure = (struct reply_failure){
				SOCKS5_NOT_ALLOWED, why };
		return;
	}
	a->fd = set_off(&a->to, &s->conf->policy.rules[a->rule]);
	if (a->fd == -1) {
		if (!r->tried)		/* an answer says more */
			note_error(r, tell_apart(errno, &a->to));
		return;
	}
	r->tried = true;
	r->n_flying++;
	r->next_ms = r->now_ms + ATTEMPT_DELAY_MS;
}

static void
land(struct race *r, size_t i, int error)
{
	note_error(r, error);
	close(r->flying[i].fd);
	r->flying[i] = r->flying[--r->n_flying];
	r->next_ms = r->now_ms;
}

/* An attempt's descriptor has something to tell. */
static void
judge(struct race *r, size_t i, short revents)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (revents & (POLLERR | POLLHUP | POLLNVAL)) {
		if (getsockopt(r->flying[i].fd, SOL_SOCKET, SO_ERROR, &error,
		    &len) == -1 || error == 0)
			error = ECONNRESET;
		land(r, i, error);
	} else {
		r->won = (int)i;
	}
}

/* False: the session is over. */
static bool
wait_for_answers(struct race *r)
{
	struct pollfd fds[MESSAGE_ADDRS_MAX + 1];
	uint64_t due_ms = r->next < r->n ?
	    clock_earlier(r->next_ms, r->due_ms) : r->due_ms;
	size_t n = r->n_flying;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = r->flying[i].fd,
			.events = POLLOUT };
	fds[n] = (struct pollfd){ .fd = r->session->client };
	switch (wait_for(r->session, fds, n + 1, due_ms, &r->now_ms)) {
	case WAIT_CUT:
		return false;
	case WAIT_DUE:
		return true;
	case WAIT_READY:
		break;
	}
	if (fds[n].revents != 0)
		return session_fail(r->session, OUTCOME_RESET);
	/* From the last: land() moves the last one into the gap. */
	for (size_t i = n; i-- > 0 && r->won == -1; )
		if (fds[i].revents != 0)
			judge(r, i, fds[i].revents);
	return true;
}

/* True: decided (won is set, or nobody is left).  False: over. */
static bool
run(struct race *r)
{
	while (r->won == -1) {
		if (r->now_ms >= r->due_ms) {
			note_error(r, ETIMEDOUT);
			return true;
		}
		if (r->next < r->n && (r->n_flying == 0 ||
		    r->now_ms >= r->next_ms))
			start_next(r);
		else if (r->n_flying == 0)
			return true;
		else if (!wait_for_answers(r))
			return false;
	}
	return true;
}

/* A connection to oneself (a port of ours that met itself) is refused. */
static bool
take_winner(struct race *r, struct dialed *d)
{
	struct attempt *a = &r->flying[r->won];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	*d = (struct dialed){ .fd = a->fd, .rule = a->rule, .target = a->to };
	if (getsockname(a->fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(&d->source, (struct sockaddr *)&ss, len);
	if (addr_equal_port(&d->source, &d->target)) {
		note_error(r, ECONNREFUSED);
		return false;
	}
	a->fd = -1;
	return true;
}

bool
dial(struct session *s, const struct addr *addrs, size_t n, struct dialed *d,
    struct reply_failure *failure)
{
	struct race r = { .session = s, .addrs = addrs, .n = n, .won = -1,
		.now_ms = clock_ms(),
		.failure = { SOCKS5_HOST_UNREACHABLE, OUTCOME_UNRESOLVED } };
	bool over, won;

	r.due_ms = r.now_ms + s->conf->timeouts.connect_ms;
	over = !run(&r);
	won = !over && r.won != -1 && take_winner(&r, d);
	for (size_t i = 0; i < r.n_flying; i++)
		if (r.flying[i].fd != -1)
			close(r.flying[i].fd);
	if (r.tried)
		s->blocked_by = -1;	/* that is not why it failed */
	*failure = r.failure;
	if (over)
		failure->outcome = OUTCOME_NONE;
	return won;
}
