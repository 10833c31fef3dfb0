/*
 * Client addresses: the bounded table, penalties, rows of refusals.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "board_values.h"
#include "sockd/common/place.h"

static struct board b;

static const struct place_penalty off = { 0, 500, 5000 };
static const struct place_penalty at_once = { 1, 1000, 1000000 };
static const struct place_penalty of_three = { 3, 500, 5000 };
static const struct place_penalty of_many = { 20, 500, 5000 };

static void
make_board(void)
{
	b = small_board(16, 16);		/* 64 places */
}

TestSuite(place, .init = make_board);

/* The n-th of many addresses. */
static struct addr
address_of(unsigned n)
{
	const uint8_t ip[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
	    (uint8_t)n };
	struct addr a;

	addr_from_ipv4(&a, ip, (uint16_t)n);
	return a;
}

static uint32_t
find(unsigned n, uint64_t now_ms)
{
	struct addr a = address_of(n);

	return place_find(&b, &a, now_ms);
}

Test(place, port_and_lower_half_of_ipv6_do_not_matter)
{
	uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct addr a = address_of(7), other = a, v6, same_net, other_net;

	other.port = 99;
	cr_assert_eq(place_find(&b, &a, 1), place_find(&b, &other, 2));
	addr_from_ipv6(&v6, ip, 1);
	ip[15] = 200;
	addr_from_ipv6(&same_net, ip, 2);
	ip[7] = 1;
	addr_from_ipv6(&other_net, ip, 2);
	cr_assert_eq(place_find(&b, &v6, 1), place_find(&b, &same_net, 1));
	cr_assert_neq(place_find(&b, &v6, 1), place_find(&b, &other_net, 1));
	cr_assert_neq(place_find(&b, &v6, 1), place_find(&b, &a, 1));
}

Test(place, those_in_use_stay_and_the_oldest_leaves)
{
	uint32_t busy = find(0, 1), again;

	atomic_store(&b.places[busy].handshakes, 1);
	for (unsigned i = 1; i < 5000; i++) {
		uint32_t at = find(i, 10 + i);

		cr_assert_neq(at, BOARD_NOBODY);
		cr_assert_neq(at, busy);
		cr_assert_eq(find(i, 10 + i), at);
	}
	again = find(0, 9000);
	cr_assert_eq(again, busy);
	cr_assert_eq(atomic_load(&b.places[busy].handshakes), 1u);
}

/* All that there are stand in the window of each. */
Test(place, who_was_idle_for_longest_leaves_first)
{
	uint32_t at[16];

	b.n.places = 16;
	for (unsigned i = 0; i < 16; i++)
		at[i * 7 % 16] = find(i, 100 + i * 7 % 16);
	for (unsigned i = 0; i < 16; i++)
		cr_assert_eq(find(50 + i, 200 + i), at[i], "the %u-th", i);
}

Test(place, full_table_has_no_room_and_no_crash)
{
	for (uint32_t i = 0; i < b.n.places; i++) {
		atomic_store(&b.places[i].key, 1000 + i);
		atomic_store(&b.places[i].sessions, 1);
	}
	cr_assert_eq(find(7, 1), BOARD_NOBODY);
	cr_assert(!place_failed(&b, BOARD_NOBODY, 1, &at_once));
	cr_assert(!place_is_penalised(&b, BOARD_NOBODY, 1));
	cr_assert(place_may_record(&b, BOARD_NOBODY, 1));
}

/* A flood of addresses does not wash a penalty away while others can go. */
Test(place, penalty_outlives_the_idle)
{
	uint32_t bad = find(0, 1);

	cr_assert(place_failed(&b, bad, 1, &at_once));
	for (unsigned i = 1; i < 5000; i++)
		find(i, 1 + i);
	cr_assert(place_is_penalised(&b, find(0, 6000), 6000));
	cr_assert_eq(find(0, 6000), bad);
	/* but bounded memory comes first */
	for (uint32_t i = 0; i < b.n.places; i++)
		atomic_store(&b.places[i].penalty_until_ms, 1000000);
	cr_assert_neq(find(99999, 7000), BOARD_NOBODY);
}

Test(place, nothing_is_left_of_the_one_before)
{
	uint32_t at = BOARD_NOBODY;

	for (unsigned i = 0; i < 3000; i++) {
		at = find(i, 100 + i);
		cr_assert_eq(atomic_load(&b.places[at].failures), 0u);
		cr_assert_eq(atomic_load(&b.places[at].refusals), 0u);
		cr_assert(!place_is_penalised(&b, at, 100 + i));
		place_failed(&b, at, 100 + i, &of_many);
		place_may_record(&b, at, 100 + i);
		cr_assert_eq(place_tell(&b, at, PLACE_SESSIONS, 100 + i), 1u);
	}
}

/* ---- penalties ---- */

Test(place, penalty_comes_with_the_last_failure_within_the_window)
{
	uint32_t at = find(1, 1);

	cr_assert(!place_failed(&b, at, 1000, &of_three));
	cr_assert(!place_failed(&b, at, 1100, &of_three));
	cr_assert(!place_failed(&b, at, 1700, &of_three), "anew");
	cr_assert(!place_failed(&b, at, 1800, &of_three));
	cr_assert(!place_is_penalised(&b, at, 1800));
	cr_assert(place_failed(&b, at, 1900, &of_three));
	cr_assert(place_is_penalised(&b, at, 1900));
	cr_assert(place_is_penalised(&b, at, 6899));
	cr_assert(!place_is_penalised(&b, at, 6900));
	cr_assert(!place_failed(&b, at, 7000, &of_three));
	cr_assert(!place_failed(&b, at, 7001, &of_three));
	cr_assert(place_failed(&b, at, 7002, &of_three));
}

Test(place, no_penalty_when_switched_off)
{
	uint32_t at = find(1, 1);

	for (int i = 0; i < 20; i++)
		cr_assert(!place_failed(&b, at, 1000, &off));
	cr_assert(!place_is_penalised(&b, at, 1000));
}

/* A reload: more have failed already than are allowed from now on. */
Test(place, lowered_failures_hold_for_those_counted_before)
{
	uint32_t at = find(1, 1);

	for (int i = 0; i < 5; i++)
		cr_assert(!place_failed(&b, at, 1000, &of_many));
	cr_assert(place_failed(&b, at, 1001, &of_three));
	cr_assert(place_is_penalised(&b, at, 1001));
	/* those who were in the middle of a login prolong nothing */
	for (int i = 0; i < 5; i++)
		cr_assert(!place_failed(&b, at, 1002, &of_three));
	cr_assert(!place_is_penalised(&b, at, 6001));
}

enum { FAILURES = 1000 };

/* The last failure of all children begins one. */
static void
fail_often(struct board *board, int child)
{
	static const struct place_penalty of_all = { FAILURES * 4, 500000,
	    5000 };

	(void)child;
	for (unsigned i = 0; i < FAILURES; i++)
		if (place_failed(board, 0, 1000, &of_all))
			atomic_fetch_add(&board->header->counts.refused, 1);
}

Test(place, one_penalty_however_many_fail_at_once)
{
	in_children(&b, 4, fail_often);
	cr_assert_eq(atomic_load(&b.header->counts.refused), 1u);
	cr_assert(place_is_penalised(&b, 0, 1000));
}

/* ---- rows ---- */

Test(place, ten_rows_a_minute)
{
	uint32_t at = find(1, 1);

	for (uint64_t minute = 0; minute < 3; minute++)
		for (int i = 0; i < 30; i++)
			cr_assert_eq(place_may_record(&b, at,
			    minute * 60000 + (uint64_t)i), i < 10, "%d", i);
}

/* ---- lines ---- */

Test(place, a_line_a_minute_tells_of_all_since_the_last)
{
	uint32_t at = find(1, 1);

	for (int i = 0; i < 30; i++)
		cr_assert_eq(place_tell(&b, at, PLACE_SESSIONS, 1000), i == 0);
	cr_assert_eq(place_tell(&b, at, PLACE_HANDSHAKES, 1000), 1u);
	cr_assert_eq(place_tell(&b, at, PLACE_SESSIONS, 60999), 0u);
	cr_assert_eq(place_tell(&b, at, PLACE_SESSIONS, 61000), 31u);
	cr_assert_eq(place_tell(&b, at, PLACE_SESSIONS, 61001), 0u);
	cr_assert_eq(place_tell(&b, BOARD_NOBODY, PLACE_SESSIONS, 1), 0u);
}

/* ---- at once ---- */

static void
come_and_go(struct board *board, int child)
{
	unsigned seed = (unsigned)child;

	for (unsigned i = 0; i < 20000; i++) {
		struct addr a = address_of((unsigned)rand_r(&seed) % 200);
		uint32_t at = place_find(board, &a, i);

		if (at == BOARD_NOBODY)
			_exit(1);
		if (at >= board->n.places)
			_exit(2);
	}
}

Test(place, many_at_once_end_with_one_slot_each)
{
	in_children(&b, 4, come_and_go);
	for (unsigned i = 0; i < 200; i++)
		cr_assert_neq(find(i, 30000), BOARD_NOBODY);
	for (uint32_t i = 0; i < b.n.places; i++)
		for (uint32_t j = 0; j < i; j++)
			cr_assert(atomic_load(&b.places[i].key) == 0 ||
			    atomic_load(&b.places[i].key) !=
			    atomic_load(&b.places[j].key), "%u %u", i, j);
}
