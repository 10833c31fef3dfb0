/*
 * Replies, in a worker (RFC 1928, section 6, and the SOCKS4 memo).
 */
#include "reply.h"

#include <errno.h>
#include <sys/socket.h>

#include "handshake.h"
#include "lib/elements.h"
#include "lib/socks4.h"
#include "session.h"
#include "sockd/common/slot.h"
#include "wait.h"

static const struct {
	int			error;
	struct reply_failure	failure;
} failures[] = {
	{ ECONNREFUSED,	{ SOCKS5_REFUSED, OUTCOME_REFUSED } },
	/* It took the connection, and let it go before we looked. */
	{ ECONNRESET,	{ SOCKS5_REFUSED, OUTCOME_REFUSED } },
	{ ENETUNREACH,	{ SOCKS5_NETWORK_UNREACHABLE, OUTCOME_UNREACHABLE } },
	{ ENETDOWN,	{ SOCKS5_NETWORK_UNREACHABLE, OUTCOME_UNREACHABLE } },
	{ EAFNOSUPPORT,	{ SOCKS5_NETWORK_UNREACHABLE, OUTCOME_UNREACHABLE } },
	{ EHOSTUNREACH,	{ SOCKS5_HOST_UNREACHABLE, OUTCOME_UNREACHABLE } },
	{ EHOSTDOWN,	{ SOCKS5_HOST_UNREACHABLE, OUTCOME_UNREACHABLE } },
	/* "Protocol unreachable": some packet filters say no like that. */
	{ ENOPROTOOPT,	{ SOCKS5_HOST_UNREACHABLE, OUTCOME_UNREACHABLE } },
	{ ETIMEDOUT,	{ SOCKS5_TTL_EXPIRED, OUTCOME_TIMEOUT } },
	/* A packet filter of this machine is a rule too. */
	{ EACCES,	{ SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED } },
	{ EPERM,	{ SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED } },
};

struct reply_failure
reply_of_errno(int error)
{
	for (size_t i = 0; i < N_ELEMENTS(failures); i++)
		if (failures[i].error == error)
			return failures[i].failure;
	return (struct reply_failure){ SOCKS5_FAILURE, OUTCOME_ERROR };
}

bool
reply_octets(struct session *s, const void *octets, size_t len)
{
	struct pollfd fd = { .fd = s->client, .events = POLLOUT };
	const uint8_t *next = octets;
	ssize_t n;

	while (len > 0) {
		n = send(s->client, next, len, MSG_NOSIGNAL);
		if (n >= 0) {
			next += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return session_fail(s, OUTCOME_RESET);
		switch (wait_for(s, &fd, 1, handshake_due_ms(s), NULL)) {
		case WAIT_READY:
			continue;
		case WAIT_CUT:
			return false;
		case WAIT_DUE:
			return session_fail(s, OUTCOME_TIMEOUT);
		}
	}
	s->answered = buffer_held(s->early) == 0;
	return true;
}

bool
reply_send(struct session *s, enum socks5_rep rep, const struct addr *bnd)
{
	uint8_t buf[SOCKS5_REPLY_MAX];
	size_t len;

	if (s->shown->protocol == SOCKS4_VERSION) {
		socks4_reply_encode(buf, rep == SOCKS5_SUCCEEDED ?
		    SOCKS4_GRANTED : SOCKS4_REJECTED, bnd);
		len = SOCKS4_REPLY_SIZE;
	} else {
		len = socks5_reply_encode(buf, rep, bnd);
	}
	atomic_store_explicit(&s->shown->reply, (int32_t)rep,
	    memory_order_relaxed);
	return reply_octets(s, buf, len);
}
