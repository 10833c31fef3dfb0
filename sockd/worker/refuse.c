/*
 * Refusing, in a worker: the reply, and an end that lets it arrive.  Closing
 * a socket with unread octets sends a reset, and that may overtake the reply
 * in the client's kernel; so for a short while what still comes is read and
 * thrown away.  RFC 1928 wants the connection closed within 10 s.
 */
#include "refuse.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handshake.h"
#include "lib/text.h"
#include "reply.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "wait.h"

enum {
	DRAIN_MS = 2000,
	DRAIN_SHORT_MS = 100,		/* while clients wait for a worker */
	DRAIN_OCTETS = 1024 * 1024,	/* who sends more does not listen */
};

/* The ledger is to say which rule it was, if it was one. */
static void
name_rule(struct session *s)
{
	struct session_slot *shown = s->shown;

	if (s->blocked_by >= 0)
		text_copy(shown->rule_name, sizeof(shown->rule_name),
		    s->conf->policy.rules[s->blocked_by].name);
}

bool
refuse(struct session *s, enum socks5_rep rep, enum outcome why)
{
	if (why == OUTCOME_BLOCKED)
		name_rule(s);
	s->refused = reply_send(s, rep, NULL);
	return session_fail(s, why);
}

bool
refuse_octets(struct session *s, const void *octets, size_t len,
    enum outcome why)
{
	s->refused = reply_octets(s, octets, len);
	return session_fail(s, why);
}

/* Read and throw away; 0 at the end of file, -1 when it must go on later. */
static int
drain(int fd, struct buffer *scratch, size_t *left)
{
	ssize_t n;

	do {
		n = recv(fd, scratch->octets, sizeof(scratch->octets), 0);
		if (n <= 0)
			continue;
		/* it may have tried another password */
		explicit_bzero(scratch->octets, (size_t)n);
		*left -= (size_t)n < *left ? (size_t)n : *left;
	} while ((n > 0 && *left > 0) || (n == -1 && errno == EINTR));
	return n == -1 && errno == EAGAIN ? -1 : 0;
}

void
refuse_close(struct session *s)
{
	struct pollfd fd = { .fd = s->client, .events = POLLIN };
	uint64_t due_ms = clock_ms() + (handshake_is_short(s) ?
	    DRAIN_SHORT_MS : DRAIN_MS);
	size_t left = DRAIN_OCTETS;

	if (shutdown(s->client, SHUT_WR) == 0)
		while (drain(s->client, s->early, &left) == -1 &&
		    wait_for(s, &fd, 1, due_ms, NULL) == WAIT_READY)
			;
	close(s->client);
	s->client = -1;
}
