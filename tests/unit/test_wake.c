/*
 * Who wakes the master, and how often.
 */
#include <criterion/criterion.h>

#include <unistd.h>

#include "board_values.h"
#include "sockd/common/wake.h"

enum { MIN_SPARE = 2, MAX = 10 };

static struct board b;
static int ends[2];

static void
make_board(void)
{
	b = small_board(16, 16);
	cr_assert_eq(wake_make(ends), 0);
}

TestSuite(wake, .init = make_board);

/* So many workers, so many of them idle: is the master woken? */
static bool
is_woken(unsigned workers, unsigned idle)
{
	char octet;
	bool woken;

	atomic_store(&b.header->workers, workers);
	atomic_store(&b.header->idle_workers, idle);
	wake_master(&b, ends[1], MIN_SPARE, MAX);
	woken = read(ends[0], &octet, 1) == 1;
	cr_assert_eq(read(ends[0], &octet, 1), -1);	/* one octet, no more */
	wake_take_master(&b, ends[0]);
	return woken;
}

Test(wake, while_more_can_be_forked)
{
	cr_assert_not(is_woken(MAX - 1, MIN_SPARE));
	cr_assert(is_woken(MAX - 1, MIN_SPARE - 1));
	cr_assert(is_woken(MAX - 1, MIN_SPARE - 1));
	cr_assert(is_woken(MAX - 1, 0));
}

Test(wake, not_again_before_it_looked)
{
	atomic_store(&b.header->workers, 1);
	for (int i = 0; i < 3; i++)
		wake_master(&b, ends[1], MIN_SPARE, MAX);
	cr_assert(is_woken(1, 1));		/* by the octet of the first */
}

/* It can fork no more: it is told that all are busy, and not at each client. */
Test(wake, once_where_no_more_can_be_forked)
{
	cr_assert_not(is_woken(MAX, 1));
	cr_assert(is_woken(MAX, 0));
	cr_assert_not(is_woken(MAX, 0));
	cr_assert_not(is_woken(MAX, 1));
	cr_assert_not(is_woken(MAX, 0));
	atomic_store(&b.header->all_busy, 0);	/* it wants to hear again */
	cr_assert_not(is_woken(MAX, 1));
	cr_assert(is_woken(MAX, 0));
}

Test(wake, by_nobody_without_a_pipe)
{
	atomic_store(&b.header->workers, 1);
	wake_master(&b, -1, MIN_SPARE, MAX);
	cr_assert_eq(atomic_load(&b.header->wake_asked), 0);
}
