/*
 * The asking side of a family: the awaited answer, and no other.
 */
#include "sockd/common/asker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/message.h"
#include "sockd/common/channel.h"

static int ends[2];
static struct asker asker;

static void
make(void)
{
	cr_assert_eq(channel_make(ends), 0);
	asker_init(&asker, ends[0]);
}

TestSuite(asker, .init = make, .timeout = 10);

/* Ask, and be the helper that has the question: its end of the reply. */
static int
ask(uint64_t *serial)
{
	struct resolve_question q = { .name = "example.net" };
	uint8_t buf[MESSAGE_MAX];
	size_t n = 1;
	int reply = -1;

	q.serial = *serial = asker_next(&asker);
	cr_assert_eq(asker_ask(&asker, buf, resolve_question_encode(buf, &q)),
	    0);
	cr_assert_gt(channel_receive(ends[1], buf, sizeof(buf), &reply, &n),
	    0);
	cr_assert_eq(n, (size_t)1);
	return reply;
}

static void
answer(int reply, uint64_t serial)
{
	struct resolve_answer a = { .serial = serial,
	    .verdict = RESOLVE_NONE };
	uint8_t buf[MESSAGE_MAX];

	cr_assert_eq(channel_send(reply, buf, resolve_answer_encode(buf, &a),
	    NULL, 0), 0);
}

/* Serial of the answer that was taken; 0 not yet, UINT64_MAX never. */
static uint64_t
take(void)
{
	struct resolve_answer a;
	uint8_t buf[MESSAGE_MAX];
	ssize_t n = asker_take(&asker, buf, sizeof(buf));

	if (n <= 0)
		return n == 0 ? 0 : UINT64_MAX;
	cr_assert(resolve_answer_decode(buf, (size_t)n, &a));
	return a.serial;
}

static bool
is_ready(void)
{
	struct pollfd pfd = { .fd = asker_fd(&asker), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

Test(asker, takes_the_answer_and_keeps_the_pair)
{
	int fds[2] = { -1, -1 };

	for (int i = 0; i < 100; i++) {
		uint64_t serial;
		int reply = ask(&serial);

		cr_assert_not(is_ready());
		answer(reply, serial);
		close(reply);
		cr_assert(is_ready());
		cr_assert_eq(take(), serial);
		if (i == 0)
			memcpy(fds, asker.reply, sizeof(fds));
		cr_assert_arr_eq(fds, asker.reply, sizeof(fds));
	}
}

Test(asker, an_answer_to_another_question_is_thrown_away)
{
	uint64_t serial;
	int reply = ask(&serial);

	answer(reply, serial - 1);
	answer(reply, serial + 1);
	cr_assert_eq(take(), (uint64_t)0);
	answer(reply, serial + 1);
	answer(reply, serial);
	cr_assert_eq(take(), serial);
	close(reply);
}

Test(asker, a_late_answer_never_reaches_the_next_question)
{
	uint64_t first, second;
	int late = ask(&first), reply;

	asker_give_up(&asker);
	cr_assert_eq(asker_fd(&asker), -1);
	reply = ask(&second);
	cr_assert_neq(first, second);
	if (channel_send(late, "x", 1, NULL, 0) == -1)
		cr_assert_eq(errno, EPIPE);
	cr_assert_not(is_ready());
	answer(reply, second);
	cr_assert_eq(take(), second);
}

Test(asker, a_helper_that_died_is_seen)
{
	uint64_t serial;
	int reply = ask(&serial);

	cr_assert_eq(take(), (uint64_t)0);	/* lets go of its copy */
	cr_assert_not(is_ready());
	close(reply);				/* the helper died */
	cr_assert(is_ready());
	cr_assert_eq(take(), UINT64_MAX);
	reply = ask(&serial);			/* a new pair */
	answer(reply, serial);
	cr_assert_eq(take(), serial);
}

Test(asker, a_slow_answer_is_taken_after_the_copy_is_gone)
{
	for (int i = 0; i < 3; i++) {
		uint64_t serial;
		int reply = ask(&serial);

		cr_assert_eq(take(), (uint64_t)0);
		answer(reply, serial);
		close(reply);
		cr_assert_eq(take(), serial);
	}
}

Test(asker, a_full_family_is_an_error_at_once)
{
	uint8_t buf[MESSAGE_MAX] = { 0 };
	int n = 0;

	while (n < 100000 && asker_ask(&asker, buf, 600) == 0)
		n++;
	cr_assert(errno == EAGAIN || errno == ETOOMANYREFS);
	cr_assert_gt(n, 50);
}
