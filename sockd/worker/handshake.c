/*
 * Reading a handshake, in a worker.  Everything goes through one buffer, so
 * that a client may send greeting, password, request and payload in one
 * segment.
 */
#include "handshake.h"

#include <errno.h>

#include "session.h"
#include "sockd/common/clock.h"
#include "wait.h"

enum {
	READ_MAX = 16384,	/* beyond it payload stays in the kernel */
	SHORT_MIN_MS = 1000,
	SHORT_DIVISOR = 10,
};

bool
handshake_is_short(const struct session *s)
{
	const struct board_header *h = s->board->header;

	return atomic_load_explicit(&h->idle_workers,
	    memory_order_relaxed) == 0 &&
	    atomic_load_explicit(&h->workers, memory_order_relaxed) >=
	    s->conf->workers.max;
}

uint64_t
handshake_due_ms(const struct session *s)
{
	uint64_t whole_ms = s->conf->timeouts.negotiate_ms;
	uint64_t short_ms = whole_ms / SHORT_DIVISOR;

	if (handshake_is_short(s)) {
		if (short_ms < SHORT_MIN_MS)
			short_ms = SHORT_MIN_MS;
		if (short_ms < whole_ms)
			whole_ms = short_ms;
	}
	return s->accepted_ms + s->excused_ms + whole_ms;
}

/* The deadline may come nearer while we wait: it is asked every slice. */
static bool
wait_for_octets(struct session *s)
{
	struct pollfd fd = { .fd = s->client, .events = POLLIN };
	uint64_t now_ms = clock_ms(), due_ms;

	for (;;) {
		due_ms = clock_earlier(handshake_due_ms(s),
		    now_ms + WAIT_SLICE_MS);
		switch (wait_for(s, &fd, 1, due_ms, &now_ms)) {
		case WAIT_READY:
			return true;
		case WAIT_CUT:
			return false;
		case WAIT_DUE:
			if (now_ms >= handshake_due_ms(s))
				return session_fail(s, OUTCOME_TIMEOUT);
		}
	}
}

/* What already arrived is never waited for; right after an answer of ours
 * nothing can have. */
bool
handshake_more(struct session *s)
{
	struct buffer *b = s->early;
	size_t room = buffer_room(b) < READ_MAX ? buffer_room(b) : READ_MAX;
	ssize_t n;

	if (s->answered && !wait_for_octets(s))
		return false;
	s->answered = false;
	for (;;) {
		n = recv(s->client, b->octets + b->end, room, 0);
		if (n > 0) {
			b->end += (size_t)n;
			s->shown->has_octets = true;
			return true;
		}
		if (n == 0)
			return session_fail(s, OUTCOME_CLIENT_CLOSED);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return session_fail(s, OUTCOME_RESET);
		if (!wait_for_octets(s))
			return false;
	}
}
