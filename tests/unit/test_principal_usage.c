/*
 * What principals have used and what limits leave; active time.
 */
#include <criterion/criterion.h>

#include "board_values.h"
#include "lib/elements.h"
#include "sockd/common/clock.h"
#include "sockd/common/principal.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);
}

TestSuite(principal_usage, .init = make_board);

/* ---- usage ---- */

Test(principal_usage, used_is_total_minus_base_and_wraps)
{
	uint32_t at = principal_find(&b, "ann");
	struct principal_slot *p = &b.principals[at];

	atomic_store(&p->bytes, 100);
	cr_assert_eq(principal_used(&b, at, PERIOD_DAY), 100u);
	/* 5000 octets were used before this run: base = 100 - 5000 */
	atomic_store(&p->base_bytes[PERIOD_MONTH], (uint64_t)100 - 5000);
	cr_assert_eq(principal_used(&b, at, PERIOD_MONTH), 5000u);
	atomic_store(&p->bytes, 250);
	cr_assert_eq(principal_used(&b, at, PERIOD_MONTH), 5150u);
	/* taken back after the turn of the day */
	atomic_store(&p->base_bytes[PERIOD_DAY], 260);
	cr_assert_eq(principal_used(&b, at, PERIOD_DAY), 0u);
	atomic_store(&p->active_s, 5);
	atomic_store(&p->base_active_s[PERIOD_WEEK], (uint64_t)0 - 10);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_WEEK), 15u);
	cr_assert_eq(principal_used(&b, BOARD_NOBODY, PERIOD_DAY), 0u);
	cr_assert_eq(principal_used_s(&b, at, N_PERIODS), 0u);
}

Test(principal_usage, stop_is_where_the_nearest_cap_lies)
{
	static const struct limit_cap bytes[] = {
		{ 1000, PERIOD_DAY }, { 2000, PERIOD_MONTH } };
	static const struct limit both = { .n_bytes = 2, .bytes = bytes };
	static const struct limit only_sessions = { .sessions = 3 };
	uint32_t at = principal_find(&b, "ann");
	struct principal_slot *p = &b.principals[at];

	atomic_store(&p->bytes, 300);
	cr_assert_eq(principal_stop_at(&b, at, &both), 1000u);
	atomic_store(&p->base_bytes[PERIOD_DAY], 200);
	cr_assert_eq(principal_stop_at(&b, at, &both), 1200u);
	atomic_store(&p->base_bytes[PERIOD_MONTH], (uint64_t)0 - 1500);
	cr_assert_eq(principal_stop_at(&b, at, &both), 500u);
	atomic_store(&p->bytes, 600);			/* used up: now */
	cr_assert_eq(principal_stop_at(&b, at, &both), 600u);
	/* a credit of 5000 on both */
	atomic_store(&p->base_bytes[PERIOD_DAY], 5600);
	atomic_store(&p->base_bytes[PERIOD_MONTH], 5600);
	cr_assert_eq(principal_stop_at(&b, at, &both), 6600u);
	cr_assert_eq(principal_stop_at(&b, at, &only_sessions), UINT64_MAX);
	cr_assert_eq(principal_stop_at(&b, at, NULL), UINT64_MAX);
	cr_assert_eq(principal_stop_at(&b, BOARD_NOBODY, &both), UINT64_MAX);
}

static const struct limit_cap byte_caps[] = {
	{ 1000, PERIOD_DAY }, { 2000, PERIOD_MONTH } };
static const struct limit_cap time_caps[] = {
	{ 60, PERIOD_DAY }, { 100, PERIOD_WEEK } };
static const struct limit both = { .n_bytes = 2, .bytes = byte_caps,
    .n_time = 2, .time = time_caps };
static const struct limit none = { .sessions = 3 };
static const struct limit only_time = { .n_time = 2, .time = time_caps };
static const struct {
	uint64_t		day, month, seconds, left;
	size_t			which;
	const struct limit	*limit;
} caps[] = {
	{ 0, 0, 0, 1000, 0, &both },
	{ 999, 999, 59, 1, 0, &both },
	{ (uint64_t)0 - 5000, (uint64_t)0 - 4500, 0, 6000, 0, &both },
	{ (uint64_t)0 - 5000, 0, 0, 2000, 1, &both },
	{ 1000, 1000, 0, 0, 0, &both },
	{ 5000, 5000, 0, 0, 0, &both },
	{ 100, 1950, 0, 50, 1, &both },
	{ 100, 2000, 0, 0, 1, &both },
	{ 0, 0, 60, 0, 2, &both },
	{ 0, 0, 59, UINT64_MAX, 0, &only_time },
	{ 0, 0, 61, 0, 0, &only_time },
	{ 9999, 9999, 9999, UINT64_MAX, 0, &none },
	{ 9999, 9999, 9999, UINT64_MAX, 0, NULL },
};

Test(principal_usage, least_of_all_caps_is_left)
{
	for (size_t i = 0; i < N_ELEMENTS(caps); i++) {
		uint32_t at = principal_find(&b, "ann");
		struct principal_slot *p = &b.principals[at];
		size_t which = 0;

		atomic_store(&p->bytes, 7);
		atomic_store(&p->base_bytes[PERIOD_DAY], 7 - caps[i].day);
		atomic_store(&p->base_bytes[PERIOD_MONTH], 7 - caps[i].month);
		atomic_store(&p->active_s, caps[i].seconds);
		atomic_store(&p->base_active_s[PERIOD_WEEK],
		    caps[i].seconds);
		cr_assert_eq(principal_left(&b, at, caps[i].limit, &which),
		    caps[i].left, "%zu", i);
		cr_assert_eq(which, caps[i].which, "%zu", i);
		cr_assert_eq(principal_left(&b, at, caps[i].limit, NULL),
		    caps[i].left);
	}
	cr_assert_eq(principal_left(&b, BOARD_NOBODY, &both, NULL),
	    UINT64_MAX);
}

/* ---- active time ---- */

Test(principal_usage, active_seconds_are_those_near_octets)
{
	static const struct {
		uint64_t	at_ms, total_s;
	} rows[] = {
		{ 1000000, 0 },
		{ 1000999, 0 },
		{ 1001000, 1 },
		{ 1001500, 1 },
		{ 1002400, 2 },
		{ 1003000, 3 },		/* no fraction is lost */
		{ 1063000, 63 },
		{ 1123001, 123 },	/* the longest gap */
		{ 1300000, 183 },	/* beyond: idle_ms and no more */
		{ 1301000, 184 },
		{ 1299900, 184 },	/* processes differ by a little */
		{ 1302000, 185 },
		{ 900000, 185 },	/* the clock went back */
		{ 901000, 186 },
	};
	uint32_t at = principal_find(&b, "ann");

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		principal_touch(&b, at, rows[i].at_ms, 60000);
		cr_assert_eq(atomic_load(&b.principals[at].active_s),
		    rows[i].total_s, "%zu: %llu", i, (unsigned long long)
		    atomic_load(&b.principals[at].active_s));
	}
	cr_assert_eq(atomic_load(&b.principals[at].active_until_ms),
	    961000u);
	principal_touch(&b, BOARD_NOBODY, 1, 1);
}

static void
touch_often(struct board *board, int child)
{
	(void)child;
	for (uint64_t ms = 1; ms <= 100000; ms++)
		principal_touch(board, 0, 1000000 + ms, 60000);
}

Test(principal_usage, many_processes_count_a_second_once)
{
	/* each runs through the same 100 s at its own pace; who is behind
	 * looks like a clock that went back, which may cost, never add */
	in_children(&b, 1, touch_often);
	cr_assert_eq(atomic_load(&b.principals[0].active_s), 99u);
}

static void
touch_together(struct board *board, int child)
{
	uint64_t now_ms;

	do {
		now_ms = clock_wall_ms();
		principal_touch(board, (uint32_t)child / 4, now_ms, 60000);
	} while (now_ms < atomic_load(&board->principals[1].bytes));
}

Test(principal_usage, sessions_of_one_user_do_not_add_up)
{
	uint64_t began = clock_wall_ms();

	atomic_store(&b.principals[1].bytes, began + 2300);
	in_children(&b, 4, touch_together);
	cr_assert_eq(atomic_load(&b.principals[0].active_s), 2u);
}
