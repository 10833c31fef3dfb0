/*
 * Where a principal's sessions come from: addresses at once.
 */
#include <criterion/criterion.h>

#include "board_values.h"
#include "sockd/common/principal.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);
}

TestSuite(principal_address, .init = make_board);

static bool
enter(uint32_t at, uint8_t last, uint32_t max)
{
	struct addr a = client_address(last);
	bool counted;

	return principal_enter_address(&b, at, &a, max, &counted) && counted;
}

static void
leave(uint32_t at, uint8_t last)
{
	struct addr a = client_address(last);

	principal_leave_address(&b, at, &a);
}

Test(principal_address, addresses_count_once_each)
{
	uint32_t at = principal_find(&b, "ann");

	cr_assert(enter(at, 1, 2));
	cr_assert(enter(at, 1, 2));
	cr_assert(enter(at, 2, 2));
	cr_assert(!enter(at, 3, 2));
	cr_assert_eq(principal_addresses(&b, at), 2u);
	cr_assert(enter(at, 2, 2));
	leave(at, 1);
	cr_assert(!enter(at, 3, 2), "one session of the first is left");
	leave(at, 1);
	leave(at, 1);				/* it has none any more */
	cr_assert(enter(at, 3, 2));
	cr_assert(!enter(at, 1, 2));
	leave(at, 2);
	leave(at, 2);
	leave(at, 3);
	cr_assert_eq(principal_addresses(&b, at), 0u);
}

Test(principal_address, addresses_of_before_a_reload_count)
{
	uint32_t at = principal_find(&b, "ann");

	for (uint8_t i = 0; i < 5; i++)
		cr_assert(enter(at, i, 0));
	for (uint8_t i = 0; i < 3; i++)
		leave(at, i);
	cr_assert(!enter(at, 9, 2));
	cr_assert(enter(at, 4, 2));
	leave(at, 3);
	cr_assert(enter(at, 9, 2));
}

Test(principal_address, more_addresses_than_can_be_told_apart)
{
	uint32_t at = principal_find(&b, "ann");
	struct addr a = client_address(99);
	bool counted;

	for (uint8_t i = 0; i < BOARD_ADDRESSES_MAX; i++)
		cr_assert(enter(at, i, 0));
	cr_assert(principal_enter_address(&b, at, &a, 0, &counted));
	cr_assert(!counted);
	cr_assert(!principal_enter_address(&b, at, &a, 40, &counted));
	cr_assert(!counted);
	cr_assert(principal_enter_address(&b, BOARD_NOBODY, &a, 1, &counted));
	cr_assert(!counted);
}

static void
enter_and_leave(struct board *board, int child)
{
	for (int i = 0; i < 20000; i++) {
		struct addr a = client_address((uint8_t)(child + i % 3));
		bool counted;

		principal_enter_address(board, 0, &a, 3, &counted);
		if (principal_addresses(board, 0) > 3)
			_exit(1);
		if (counted)
			principal_leave_address(board, 0, &a);
	}
}

Test(principal_address, addresses_at_once_leave_nothing_behind)
{
	in_children(&b, 4, enter_and_leave);
	cr_assert_eq(principal_addresses(&b, 0), 0u);
}
