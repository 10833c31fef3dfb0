/*
 * The table of a keeper: what it holds, and the queue of what is ready.
 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <unistd.h>

#include "sockd/keeper/held.h"

enum { ROOM = 8, FDS_EACH = 2 };

static struct held_table table;

static void
make(void)
{
	cr_assert_eq(held_init(&table, ROOM, 64), 0);
}

TestSuite(held, .init = make);

static uint32_t
add(uint32_t slot, bool ready)
{
	struct held h = { .slot = slot, .n_fds = FDS_EACH };
	uint32_t i;

	for (int k = 0; k < FDS_EACH; k++)
		h.fds[k] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	i = held_add(&table, &h);
	if (ready)
		held_make_ready(&table, i);
	return i;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* The slots in the queue, as digits; 0 where nothing is left but the place. */
static unsigned
queue(void)
{
	unsigned digits = 0;

	for (uint32_t i = table.ready_first; i != HELD_NONE;
	    i = table.list[i].next)
		digits = digits * 10 +
		    (table.list[i].n_fds == 0 ? 0 : table.list[i].slot);
	return digits;
}

Test(held, the_ready_leave_in_their_order)
{
	add(9, false);
	for (uint32_t slot = 1; slot <= 3; slot++)
		add(slot, true);
	cr_assert_eq(queue(), 123u);
	held_drop(&table, table.ready_first);
	cr_assert_eq(queue(), 23u);
	add(4, true);
	cr_assert_eq(queue(), 234u);
	cr_assert_eq(table.n, 4u);
	cr_assert_eq(table.fds, 4u * FDS_EACH);
}

/* A cut may hit any of them. */
Test(held, one_that_is_not_the_first_leaves_in_its_turn)
{
	uint32_t middle, last;
	int fd;

	add(1, true);
	middle = add(2, true);
	last = add(3, true);
	fd = table.list[middle].fds[1];
	held_drop(&table, middle);
	cr_assert_not(is_open(fd));
	cr_assert_eq(table.fds, 2u * FDS_EACH);
	cr_assert_eq(queue(), 103u);
	held_drop(&table, last);
	add(4, true);
	cr_assert_eq(queue(), 1004u);
	for (int n = 4; n > 0; n--)
		held_drop(&table, table.ready_first);
	cr_assert_eq(table.ready_first, HELD_NONE);
	cr_assert_eq(table.n, 0u);
	cr_assert_eq(table.fds, 0u);
}

Test(held, a_place_is_used_again)
{
	uint32_t i = add(1, false);

	held_drop(&table, i);
	cr_assert_eq(add(2, true), i);
	held_drop(&table, i);
	cr_assert_eq(add(3, true), i);
	cr_assert_eq(queue(), 3u);
	cr_assert_eq(table.high, 1u);
}
