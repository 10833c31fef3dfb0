/*
 * Principals: names and slots, by several processes at once; usage and what
 * limits leave; active time; addresses at once.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "board_values.h"
#include "sockd/common/clock.h"
#include "sockd/common/principal.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);
}

TestSuite(principal, .init = make_board);

static const char *
name_of(unsigned i)
{
	static char name[32];

	snprintf(name, sizeof(name), "user%u", i);
	return name;
}

static void
make_ready(uint32_t p)
{
	cr_assert_lt(p, b.n.principals);
	atomic_store(&b.principals[p].state, PRINCIPAL_READY);
}

/* How many slots have this name, published or not. */
static unsigned
slots_named(const struct board *board, const char *name)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < board->n.principals; i++)
		n += atomic_load(&board->principals[i].state) !=
		    PRINCIPAL_FREE &&
		    strcmp(board->principals[i].name, name) == 0;
	return n;
}

/* ---- names and slots ---- */

Test(principal, new_one_is_loading_and_held)
{
	uint32_t ann = principal_find(&b, "ann");
	struct principal_slot *p = &b.principals[ann];

	cr_assert_neq(ann, BOARD_NOBODY);
	cr_assert_eq(atomic_load(&p->state), (uint32_t)PRINCIPAL_LOADING);
	cr_assert_eq(atomic_load(&p->holds), 1u);
	cr_assert_eq(atomic_load(&b.header->loading), 1u);
	cr_assert_str_eq(p->name, "ann");
	cr_assert_eq(principal_find(&b, "ann"), ann);
	cr_assert_eq(atomic_load(&p->holds), 2u);
	cr_assert_eq(atomic_load(&b.header->loading), 1u);
	cr_assert_eq(principal_peek(&b, "ann"), ann);
	cr_assert_eq(atomic_load(&p->holds), 2u, "to look is not to hold");
	cr_assert_eq(principal_peek(&b, "Ann"), BOARD_NOBODY);
	cr_assert_neq(principal_find(&b, "Ann"), ann);
	principal_release(&b, ann);
	principal_release(&b, ann);
	principal_release(&b, ann);
	cr_assert_eq(atomic_load(&p->holds), 0u, "never below 0");
	principal_release(&b, BOARD_NOBODY);
}

Test(principal, names_are_compared_whole)
{
	char long_[BOARD_USER_SIZE + 1];
	uint32_t x, y;

	memset(long_, 'x', sizeof(long_));
	long_[BOARD_USER_SIZE] = '\0';
	cr_assert_eq(principal_find(&b, long_), BOARD_NOBODY, "too long");
	long_[BOARD_USER_SIZE - 1] = '\0';
	x = principal_find(&b, long_);
	cr_assert_neq(x, BOARD_NOBODY);
	cr_assert_str_eq(b.principals[x].name, long_);
	long_[BOARD_USER_SIZE - 2] = 'y';
	y = principal_find(&b, long_);
	cr_assert_neq(y, BOARD_NOBODY);
	cr_assert_neq(x, y);
	cr_assert_eq(principal_find(&b, ""), BOARD_NOBODY);
	cr_assert_eq(principal_peek(&b, ""), BOARD_NOBODY);
}

Test(principal, full_table_lets_the_oldest_idle_one_go)
{
	uint32_t at[16], extra;

	for (unsigned i = 0; i < 16; i++) {
		at[i] = principal_find(&b, name_of(i));
		cr_assert_neq(at[i], BOARD_NOBODY);
		atomic_store(&b.principals[at[i]].last_ms, 1000 + i);
	}
	cr_assert_eq(principal_find(&b, "extra"), BOARD_NOBODY, "all held");
	for (unsigned i = 0; i < 16; i++)
		principal_release(&b, at[i]);
	cr_assert_eq(principal_find(&b, "extra"), BOARD_NOBODY,
	    "usage is being loaded");
	for (unsigned i = 0; i < 16; i++)
		make_ready(at[i]);
	atomic_store(&b.principals[at[0]].holds, 1);
	atomic_store(&b.principals[at[1]].sessions, 1);
	atomic_store(&b.principals[at[2]].bytes, 12345);
	extra = principal_find(&b, "extra");
	cr_assert_eq(extra, at[2]);
	cr_assert_eq(atomic_load(&b.principals[extra].bytes), 0u);
	cr_assert_eq(atomic_load(&b.principals[extra].state),
	    (uint32_t)PRINCIPAL_LOADING);
	cr_assert_eq(principal_peek(&b, name_of(2)), BOARD_NOBODY);
	for (unsigned i = 3; i < 16; i++)
		cr_assert_eq(principal_peek(&b, name_of(i)), at[i]);
}

/* As if a process had been killed while it filled this slot. */
static void
leave_half_made(uint32_t at)
{
	atomic_fetch_sub(&b.principal_keys[at], 1);
	atomic_store(&b.principals[at].state, PRINCIPAL_CLAIMED);
	atomic_store(&b.principals[at].holds, 0);
}

Test(principal, candidate_that_died_is_taken_over)
{
	uint32_t dead = principal_find(&b, "ann"), ann;

	leave_half_made(dead);
	cr_assert_eq(principal_peek(&b, "ann"), BOARD_NOBODY);
	ann = principal_find(&b, "ann");
	cr_assert_neq(ann, BOARD_NOBODY);
	cr_assert_neq(ann, dead);
	for (unsigned i = 0; i < 14; i++)
		cr_assert_neq(principal_find(&b, name_of(i)), BOARD_NOBODY);
	cr_assert_eq(principal_find(&b, "last"), BOARD_NOBODY);
	atomic_store(&b.principals[dead].last_ms, clock_wall_ms() - 60000);
	cr_assert_eq(principal_find(&b, "last"), dead);
	cr_assert_eq(principal_find(&b, "ann"), ann);
}

Test(principal, who_was_about_to_leave_stays_if_the_evictor_died)
{
	uint32_t ann = principal_find(&b, "ann");

	make_ready(ann);
	atomic_store(&b.principals[ann].bytes, 5);
	atomic_fetch_sub(&b.principal_keys[ann], 1);
	cr_assert_eq(principal_find(&b, "ann"), ann);
	cr_assert_eq(principal_peek(&b, "ann"), ann);
	cr_assert_eq(atomic_load(&b.principals[ann].bytes), 5u);
	/* killed a step later: the slot is nobody's, and of use again */
	principal_release(&b, ann);
	principal_release(&b, ann);
	atomic_store(&b.principal_keys[ann], 1);
	cr_assert_eq(principal_peek(&b, "ann"), BOARD_NOBODY);
	for (unsigned i = 0; i < 16; i++)
		cr_assert_neq(principal_find(&b, name_of(i)), BOARD_NOBODY);
}

Test(principal, chain_is_not_broken_by_those_that_left)
{
	uint32_t at[16];

	for (unsigned i = 0; i < 12; i++) {
		at[i] = principal_find(&b, name_of(i));
		make_ready(at[i]);
	}
	for (unsigned i = 0; i < 12; i += 2) {
		atomic_store(&b.principal_keys[at[i]], 1);
		atomic_store(&b.principals[at[i]].state, PRINCIPAL_FREE);
	}
	for (unsigned i = 1; i < 12; i += 2)
		cr_assert_eq(principal_peek(&b, name_of(i)), at[i]);
	for (unsigned i = 0; i < 8; i++)
		cr_assert_neq(principal_find(&b, name_of(100 + i)),
		    BOARD_NOBODY);
	for (unsigned i = 1; i < 12; i += 2)
		cr_assert_eq(principal_find(&b, name_of(i)), at[i]);
}

/* ---- all at once ---- */

enum { CHILDREN = 4, NAMES = 400 };

/* Each adds the same names in the same order: as close as it gets. */
static void
add_names(struct board *board, int child)
{
	(void)child;
	for (unsigned i = 0; i < NAMES; i++) {
		uint32_t at = principal_find(board, name_of(i));

		if (at == BOARD_NOBODY ||
		    strcmp(board->principals[at].name, name_of(i)) != 0)
			_exit(1);
	}
}

Test(principal, one_name_has_one_slot_whoever_adds_it)
{
	for (int round = 0; round < 20; round++) {
		struct board big = small_board(16, 2 * NAMES);

		in_children(&big, CHILDREN, add_names);
		for (unsigned i = 0; i < NAMES; i++) {
			uint32_t at = principal_peek(&big, name_of(i));

			cr_assert_neq(at, BOARD_NOBODY);
			cr_assert_eq(slots_named(&big, name_of(i)), 1u);
			cr_assert_eq(atomic_load(&big.principals[at].holds),
			    (uint32_t)CHILDREN);
		}
		cr_assert_eq(atomic_load(&big.header->loading),
		    (uint32_t)NAMES);
		board_unmap(&big);
	}
}

/*
 * More names than slots, come and gone: whoever holds a slot keeps it, name
 * and all.  Child 0 is the accountant.
 */
static void
come_and_go(struct board *board, int child)
{
	unsigned seed = (unsigned)child;

	for (unsigned i = 0; i < 20000; i++) {
		uint32_t at = i % 16;

		if (child == 0) {
			uint32_t loading = PRINCIPAL_LOADING;

			atomic_compare_exchange_strong(
			    &board->principals[at].state, &loading,
			    PRINCIPAL_READY);
			continue;
		}
		const char *name = name_of((unsigned)rand_r(&seed) % 40);

		at = principal_find(board, name);
		if (at == BOARD_NOBODY)
			continue;
		for (int look = 0; look < 20; look++)
			if (strcmp(board->principals[at].name, name) != 0)
				_exit(1);
		if (atomic_load(&board->principals[at].holds) == 0)
			_exit(2);
		principal_release(board, at);
	}
}

Test(principal, who_is_held_stays)
{
	in_children(&b, CHILDREN, come_and_go);
	for (uint32_t i = 0; i < 16; i++) {
		cr_assert_eq(atomic_load(&b.principals[i].holds), 0u);
		cr_assert_neq(atomic_load(&b.principals[i].state),
		    (uint32_t)PRINCIPAL_CLAIMED);
	}
	for (unsigned i = 0; i < 40; i++)
		cr_assert_leq(slots_named(&b, name_of(i)), 1u, "%u", i);
}

Test(principal, killed_anywhere_leaves_the_table_of_use)
{
	unsigned seed = (unsigned)getpid();

	for (int round = 0; round < 100; round++) {
		pid_t pid = fork();

		cr_assert_neq(pid, -1);
		if (pid == 0)
			for (unsigned i = 0;; i++) {
				uint32_t at = principal_find(&b,
				    name_of(i % 40));

				if (at == BOARD_NOBODY)
					continue;
				make_ready(at);
				principal_release(&b, at);
			}
		usleep(300 + (useconds_t)rand_r(&seed) % 1000);
		kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		/* what the accountant and time put right */
		for (uint32_t i = 0; i < 16; i++) {
			struct principal_slot *p = &b.principals[i];

			atomic_store(&p->holds, 0);
			if (atomic_load(&p->state) == PRINCIPAL_LOADING)
				make_ready(i);
			atomic_store(&p->last_ms, 1);
		}
		for (unsigned i = 0; i < 3; i++) {
			uint32_t at = principal_find(&b, name_of(50 + i));

			cr_assert_neq(at, BOARD_NOBODY);
			make_ready(at);
			principal_release(&b, at);
		}
	}
}

/* ---- addresses as names ---- */

Test(principal, address_has_a_name)
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };
	char name[BOARD_USER_SIZE];
	struct addr a = client_address(7);

	principal_of_address(name, &a, false);
	cr_assert_str_eq(name, "ip:10.0.0.7");
	principal_of_address(name, &a, true);
	cr_assert_str_eq(name, "ip:*");
	addr_from_ipv6(&a, v6, 99);
	principal_of_address(name, &a, false);
	cr_assert_str_eq(name, "ip:2001:db8::/64");
	principal_of_address(name, &a, true);
	cr_assert_str_eq(name, "ip:*");
}

/* ---- usage ---- */

Test(principal, used_is_total_minus_base_and_wraps)
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

Test(principal, least_of_all_caps_is_left)
{
	static const struct limit_cap bytes[] = {
		{ 1000, PERIOD_DAY }, { 2000, PERIOD_MONTH } };
	static const struct limit_cap time[] = {
		{ 60, PERIOD_DAY }, { 100, PERIOD_WEEK } };
	static const struct limit both = { .n_bytes = 2, .bytes = bytes,
	    .n_time = 2, .time = time };
	static const struct limit none = { .sessions = 3 };
	static const struct limit only_time = { .n_time = 2, .time = time };
	const uint64_t no_cap = UINT64_MAX;
	static const struct {
		uint64_t		day, month, seconds, left;
		size_t			which;
		const struct limit	*limit;
	} rows[] = {
		{ 0, 0, 0, 1000, 0, &both },
		{ 999, 999, 59, 1, 0, &both },
		{ 1000, 1000, 0, 0, 0, &both },
		{ 5000, 5000, 0, 0, 0, &both },
		{ 100, 1950, 0, 50, 1, &both },
		{ 100, 2000, 0, 0, 1, &both },
		{ 0, 0, 60, 0, 2, &both },
		{ 0, 0, 59, no_cap, 0, &only_time },
		{ 0, 0, 61, 0, 0, &only_time },
		{ 9999, 9999, 9999, no_cap, 0, &none },
		{ 9999, 9999, 9999, no_cap, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t at = principal_find(&b, "ann");
		struct principal_slot *p = &b.principals[at];
		size_t which = 0;

		atomic_store(&p->bytes, 7);
		atomic_store(&p->base_bytes[PERIOD_DAY], 7 - rows[i].day);
		atomic_store(&p->base_bytes[PERIOD_MONTH], 7 - rows[i].month);
		atomic_store(&p->active_s, rows[i].seconds);
		atomic_store(&p->base_active_s[PERIOD_WEEK],
		    rows[i].seconds);
		cr_assert_eq(principal_left(&b, at, rows[i].limit, &which),
		    rows[i].left, "%zu", i);
		cr_assert_eq(which, rows[i].which, "%zu", i);
		cr_assert_eq(principal_left(&b, at, rows[i].limit, NULL),
		    rows[i].left);
	}
	cr_assert_eq(principal_left(&b, BOARD_NOBODY, &both, NULL),
	    UINT64_MAX);
}

/* ---- active time ---- */

Test(principal, active_seconds_are_those_near_octets)
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

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
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

Test(principal, many_processes_count_a_second_once)
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

Test(principal, sessions_of_one_user_do_not_add_up)
{
	uint64_t began = clock_wall_ms();

	atomic_store(&b.principals[1].bytes, began + 2300);
	in_children(&b, CHILDREN, touch_together);
	cr_assert_eq(atomic_load(&b.principals[0].active_s), 2u);
}

/* ---- addresses at once ---- */

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

Test(principal, addresses_count_once_each)
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

Test(principal, addresses_of_before_a_reload_count)
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

Test(principal, more_addresses_than_can_be_told_apart)
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

Test(principal, addresses_at_once_leave_nothing_behind)
{
	in_children(&b, CHILDREN, enter_and_leave);
	cr_assert_eq(principal_addresses(&b, 0), 0u);
}
