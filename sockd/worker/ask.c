/*
 * Asking auth and the resolvers, from a worker (sockd/common/asker.h has
 * the channel).  A client that is reset meanwhile ends the wait, unless its
 * question goes to_the_end; one that has only finished sending does not.
 */
#include "ask.h"

#include "lib/message.h"
#include "session.h"
#include "sockd/common/asker.h"
#include "sockd/common/clock.h"
#include "wait.h"

static ssize_t
await(struct session *s, struct asker *asker, uint64_t due_ms, uint8_t *buf)
{
	uint64_t now_ms = clock_ms();
	uint64_t glance_ms = now_ms + ASKER_GLANCE_MS;
	ssize_t n;

	do {
		struct pollfd fds[2] = {
			{ .fd = asker_fd(asker), .events = POLLIN },
			{ .fd = asker->to_the_end ? -1 : s->client },
		};
		enum wait_result result = wait_for(s, fds, 2,
		    clock_earlier(glance_ms, due_ms), &now_ms);

		if (result == WAIT_CUT)
			return -1;
		if (result == WAIT_READY && fds[1].revents != 0) {
			session_fail(s, OUTCOME_RESET);
			return -1;
		}
		n = asker_take(asker, buf, MESSAGE_MAX);
		if (n != 0)
			return n > 0 ? n : 0;
		glance_ms = due_ms;
	} while (now_ms < due_ms);
	return 0;
}

ssize_t
ask(struct session *s, struct asker *asker, uint8_t *buf, size_t len,
    uint64_t due_ms)
{
	uint64_t began_ms = clock_ms();
	ssize_t n;

	if (asker_ask(asker, buf, len) == -1)
		return 0;
	n = await(s, asker, due_ms, buf);
	if (n <= 0)
		asker_give_up(asker);
	s->excused_ms += clock_ms() - began_ms;
	return n;
}
