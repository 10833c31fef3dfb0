/*
 * A set of descriptors to wait for, whatever it is made of.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <unistd.h>

#include "sockd/common/waitset.h"

enum { N_PIPES = 3, TAG = 100 };

static struct waitset *set;
static int pipes[N_PIPES][2];

static void
make(void)
{
	set = waitset_new();
	cr_assert_not_null(set);
	for (uint32_t i = 0; i < N_PIPES; i++) {
		cr_assert_eq(pipe(pipes[i]), 0);
		cr_assert_eq(waitset_add(set, pipes[i][0], POLLIN, TAG + i,
		    i == 0), 0);
	}
}

static void
unmake(void)
{
	waitset_free(set);
}

TestSuite(waitset, .init = make, .fini = unmake);

static void
come(int which)
{
	cr_assert_eq(write(pipes[which][1], "", 1), 1);
}

static int
wait_now(uint32_t tags[N_PIPES])
{
	return waitset_wait(set, tags, N_PIPES, 0, NULL);
}

Test(waitset, nothing_comes)
{
	uint32_t tags[N_PIPES];

	cr_assert_eq(wait_now(tags), 0);
	cr_assert_eq(waitset_wait(set, tags, N_PIPES, 1, NULL), 0);
}

Test(waitset, tells_by_tag_and_as_long_as_it_is_there)
{
	uint32_t tags[N_PIPES];

	come(1);
	cr_assert_eq(wait_now(tags), 1);
	cr_assert_eq(tags[0], TAG + 1u);
	cr_assert_eq(waitset_wait(set, tags, N_PIPES, -1, NULL), 1);
	come(0);
	come(2);
	cr_assert_eq(wait_now(tags), 3);
}

Test(waitset, everybody_has_a_turn)
{
	uint32_t tag, seen = 0;

	for (int i = 0; i < N_PIPES; i++)
		come(i);
	for (int i = 0; i < N_PIPES; i++) {
		cr_assert_eq(waitset_wait(set, &tag, 1, 0, NULL), 1);
		seen |= 1U << (tag - TAG);
	}
	cr_assert_eq(seen, (1U << N_PIPES) - 1);
}

Test(waitset, what_is_removed_is_not_told)
{
	uint32_t tags[N_PIPES];

	come(0);
	come(1);
	waitset_remove(set, pipes[0][0]);
	waitset_remove(set, pipes[0][0]);
	cr_assert_eq(wait_now(tags), 1);
	cr_assert_eq(tags[0], TAG + 1u);
	cr_assert_eq(waitset_add(set, pipes[0][0], POLLIN, 7, false), 0);
	cr_assert_eq(waitset_add(set, pipes[0][0], POLLIN, 8, false), 0,
	    "it is there already");
	cr_assert_eq(wait_now(tags), 2);
	cr_assert(tags[0] == 7 || tags[1] == 7);
}

/* What nobody asks for is told all the same: the other end is gone. */
Test(waitset, a_hang_up_is_always_told)
{
	uint32_t tags[N_PIPES];

	waitset_remove(set, pipes[2][0]);
	cr_assert_eq(waitset_add(set, pipes[2][0], 0, 9, false), 0);
	come(2);
	cr_assert_eq(wait_now(tags), 0);
	close(pipes[2][1]);
	cr_assert_eq(wait_now(tags), 1);
	cr_assert_eq(tags[0], 9u);
}

static void
ignore(int sig)
{
	(void)sig;
}

Test(waitset, a_signal_is_let_in_only_meanwhile)
{
	struct sigaction act = { .sa_handler = ignore };
	sigset_t block, mask;
	uint32_t tag;

	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	cr_assert_eq(sigprocmask(SIG_BLOCK, &block, &mask), 0);
	cr_assert_eq(sigaction(SIGUSR2, &act, NULL), 0);
	cr_assert_eq(kill(getpid(), SIGUSR2), 0);
	cr_assert_eq(waitset_wait(set, &tag, 1, 0, NULL), 0);
	cr_assert_eq(waitset_wait(set, &tag, 1, -1, &mask), -1);
	cr_assert_eq(errno, EINTR);
}

/* Far more than it begins with. */
Test(waitset, it_grows)
{
	enum { MANY = 500 };
	int fds[MANY];
	uint32_t tag;

	for (uint32_t i = 0; i < MANY; i++) {
		fds[i] = dup(pipes[1][0]);
		cr_assert_neq(fds[i], -1);
		cr_assert_eq(waitset_add(set, fds[i], POLLIN, i, false), 0);
	}
	for (int i = 0; i < MANY - 1; i++)
		waitset_remove(set, fds[i]);
	waitset_remove(set, pipes[1][0]);
	come(1);
	cr_assert_eq(waitset_wait(set, &tag, 1, -1, NULL), 1);
	cr_assert_eq(tag, MANY - 1u);
}
