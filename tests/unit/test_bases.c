/*
 * Bases: what a principal had used when the running day, week and month
 * began.
 */
#include "enforce_values.h"

TestSuite(bases, .init = make_enforcing, .fini = unmake_enforcing);

/* A session of ann's that began then and moved octets until active_ms. */
static uint32_t
begin_active(uint64_t began_ms, uint64_t active_ms)
{
	uint32_t slot = begin_session("ann");

	load();
	b.sessions[slot].started_us = began_ms * 1000;
	move(slot, 1, 0);
	atomic_store(&b.sessions[slot].active_ms, active_ms);
	return b.sessions[slot].principal;
}

static void
agree(void)
{
	bases_refresh(&bases);
	cr_assert_not(bases_go_on(&bases, &books));
}

/* Midnight, of which the day alone ends. */
static void
turn(void)
{
	cr_assert_neq(books_turn(&books, books.periods.day_ends_s), 0u);
	bases_turn(&bases, &books, 1U << PERIOD_DAY);
}

Test(bases, a_new_principal_knows_what_it_used)
{
	uint32_t slot;

	tell_db("INSERT INTO usage VALUES('ann', date('now', 'localtime'), 1,"
	    " 1000, 234, 77, 1), ('ann', date('now', 'localtime'), 0, 9, 9,"
	    " 9, 1), ('ann', date('now', 'localtime', '-400 days'), 1, 5, 5,"
	    " 5, 1)");
	slot = begin_session("ann");
	cr_assert_eq(atomic_load(&b.principals[b.sessions[slot].principal]
	    .state), PRINCIPAL_LOADING);
	load();
	cr_assert_eq(atomic_load(&b.principals[b.sessions[slot].principal]
	    .state), PRINCIPAL_READY);
	cr_assert_eq(used_today(slot), 1234u);
	cr_assert_eq(principal_used_s(&b, b.sessions[slot].principal,
	    PERIOD_MONTH), 77u);
	move(slot, 100, 0);
	cr_assert_eq(used_today(slot), 1334u);
}

/* It went on before its usage was known, and some of that is written. */
Test(bases, octets_before_the_loading_count_once)
{
	uint32_t slot = begin_session("ann");

	move(slot, 1000, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	move(slot, 200, 30);
	load();
	cr_assert_eq(used_today(slot), 1230u);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(used_today(slot), 1230u);
}

Test(bases, bases_agree_after_a_restart_and_a_correction)
{
	uint32_t slot = begin_session("ann");

	load();
	move(slot, 1000, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	move(slot, 200, 0);
	new_accountant();
	begin_enforcing(0);
	cr_assert_eq(used_today(slot), 1200u);
	store_was_changed(books.store);
	cr_assert_not(store_was_changed(books.store));
	tell_db("UPDATE usage SET bytes_up = bytes_up - 1000");
	cr_assert(store_was_changed(books.store));
	bases_refresh(&bases);
	cr_assert_not(bases_go_on(&bases, &books));
	cr_assert_eq(used_today(slot), 200u);
}

Test(bases, a_period_begins_at_nothing)
{
	uint32_t slot = begin_session("ann");

	load();
	move(slot, 1000, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	move(slot, 5, 0);		/* between the sweep and the turn */
	turn();
	cr_assert_eq(used_today(slot), 0u);
	move(slot, 3, 0);
	cr_assert_eq(used_today(slot), 3u);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"
	    " WHERE day = date('now', 'localtime', '+1 day')"), 3);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"
	    " WHERE day = date('now', 'localtime')"), 1005);
	agree();
	cr_assert_eq(used_today(slot), 3u);
	cr_assert_eq(principal_used(&b, b.sessions[slot].principal,
	    PERIOD_EVER), 1008u);
}

/* It was full, or locked, all evening: that is not the morning's use. */
Test(bases, a_day_that_the_ledger_missed_is_over_all_the_same)
{
	uint32_t slot = begin_session("ann"), ended = begin_session("ann");

	load();
	move(slot, 1000, 0);
	move(ended, 0, 200);
	slot_end(&b, ended, OUTCOME_CLIENT_CLOSED);
	turn();
	move(slot, 0, 30);
	slot_uncount(&b, slot, 100, 0);	/* could not be passed on */
	agree();
	cr_assert_leq(used_today(slot), 30u);
	move(slot, 100, 0);
	agree();
	cr_assert_eq(used_today(slot), 30u);
	move(slot, 7, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	agree();
	cr_assert_eq(used_today(slot), 37u);
	cr_assert_eq(ask_db("SELECT bytes_up + bytes_down FROM usage"
	    " WHERE day = date('now', 'localtime', '+1 day')"), 37);
	cr_assert_eq(ask_db("SELECT bytes_up + bytes_down FROM usage"
	    " WHERE day = date('now', 'localtime')"), 1200);
	cr_assert_eq(ask_db("SELECT sum(sessions) FROM usage"), 2);
}

/* Of the day that ended, and of the next. */
static void
assert_seconds(int64_t then, int64_t now)
{
	cr_assert_eq(ask_db("SELECT seconds FROM usage"
	    " WHERE day = date('now', 'localtime')"), then);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"
	    " WHERE day = date('now', 'localtime', '+1 day')"), now);
}

Test(bases, seconds_too_are_of_the_day_on_which_they_passed)
{
	uint64_t began = clock_wall_ms() - 60000;
	uint32_t at = begin_active(began, began + 20000);

	principal_touch(&b, at, began, 60000);
	principal_touch(&b, at, began + 20000, 60000);
	turn();
	principal_touch(&b, at, began + 50000, 60000);
	atomic_store(&b.sessions[0].active_ms, began + 50000);
	cr_assert_eq(sweep_now(), STORE_OK);
	assert_seconds(20, 30);
	agree();
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 30u);
}

Test(bases, who_used_something_is_known_at_the_start)
{
	tell_db("INSERT INTO usage VALUES('ann', date('now', 'localtime'), 1,"
	    " 1, 2, 3, 1), ('bob', '2001-01-01', 1, 1, 2, 3, 1)");
	cr_assert_eq(bases_preload(&bases, &books), STORE_OK);
	load();
	cr_assert_neq(principal_peek(&b, "ann"), BOARD_NOBODY);
	cr_assert_eq(principal_peek(&b, "bob"), BOARD_NOBODY);
	cr_assert_eq(principal_used(&b, principal_peek(&b, "ann"),
	    PERIOD_WEEK), 3u);
}

/* That is a long sum, which only a limit of either kind asks for. */
Test(bases, what_was_ever_used_is_known_where_a_limit_asks)
{
	static const struct limit_cap ever_1MB = { MB, PERIOD_EVER };
	uint32_t at = b.sessions[begin_session("ann")].principal;

	tell_db("INSERT INTO usage VALUES('ann', '2001-01-01', 1, 1, 2, 7, 1)");
	load();
	cr_assert_eq(principal_used(&b, at, PERIOD_EVER), 0u);
	limits[0].bytes = &ever_1MB;
	begin_enforcing(0);
	cr_assert_eq(principal_used(&b, at, PERIOD_EVER), 3u);
	limits[0] = (struct limit){ .name = "hours", .n_time = 1,
	    .time = &ever_3h };
	begin_enforcing(0);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_EVER), 7u);
}

/* The board knows how long the pauses were before midnight, and after it. */
Test(bases, a_pause_of_another_day_is_not_counted)
{
	uint64_t began = clock_wall_ms() - 100000;
	uint32_t at = begin_active(began, began + 1000);

	conf.accounting.time_idle_ms = 1000;
	principal_touch(&b, at, began, 1000);
	cr_assert_eq(sweep_now(), STORE_OK);
	for (unsigned ms = 1000; ms <= 11000; ms += 1000)
		principal_touch(&b, at, began + ms, 1000);
	atomic_store(&b.sessions[0].active_ms, began + 11000);
	turn();
	for (unsigned ms = 50000; ms <= 60000; ms += 1000)
		principal_touch(&b, at, began + ms, 1000);
	move(0, 1, 0);
	atomic_store(&b.sessions[0].active_ms, began + 60000);
	cr_assert_eq(sweep_now(), STORE_OK);
	assert_seconds(11, 11);
}

/*
 * A session's time counts from its beginning in the ledger, from its first
 * octet on the board, and a worker looks at the clock once a second: one is
 * ahead when they are made to agree.
 */
Test(bases, no_second_counts_twice)
{
	uint64_t began = clock_wall_ms() - 5000;
	uint32_t at = begin_active(began, began + 1500);

	principal_touch(&b, at, began + 600, 60000);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"), 1);
	agree();
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 1u);
	principal_touch(&b, at, began + 1600, 60000);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 1u);
	principal_touch(&b, at, began + 2000, 60000);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 2u);
}

/* What a worker counted since the last sweep stays counted. */
Test(bases, no_second_is_forgotten)
{
	uint64_t began = clock_wall_ms() - 50000;
	uint32_t at = begin_active(began, began + 1500);

	principal_touch(&b, at, began, 60000);
	cr_assert_eq(sweep_now(), STORE_OK);
	principal_touch(&b, at, began + 3700, 60000);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 3u);
	agree();
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 3u);
}

/* Of a pause only its first time_idle is active, here as there. */
Test(bases, a_pause_is_not_made_longer)
{
	uint64_t idle_ms = books.conf->accounting.time_idle_ms;
	uint64_t began = clock_wall_ms() - 3 * idle_ms;
	uint32_t at = begin_active(began, began + 1000);

	principal_touch(&b, at, began, idle_ms);
	cr_assert_eq(sweep_now(), STORE_OK);
	principal_touch(&b, at, began + 1000, idle_ms);
	principal_touch(&b, at, began + 1000 + 2 * idle_ms, idle_ms);
	agree();
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY),
	    1 + idle_ms / 1000);
}

/* The board's clock went back, and the ledger has seconds to come yet. */
Test(bases, a_clock_set_back_costs_no_pause)
{
	const uint64_t hour_ms = 3600000;
	uint64_t idle_ms = books.conf->accounting.time_idle_ms;
	uint64_t began = clock_wall_ms() - 2000;
	uint32_t at = begin_active(began + hour_ms, began + hour_ms + 1500);

	principal_touch(&b, at, began + hour_ms + 1000, idle_ms);
	cr_assert_eq(sweep_run(&books, (began + hour_ms + 1500) * 1000,
	    ignore_row, NULL), STORE_OK);
	principal_touch(&b, at, began, idle_ms);
	agree();
	principal_touch(&b, at, began + 60000, idle_ms);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 61u);
}

/* A slot that another has just been given owes nothing to the one before. */
Test(bases, a_new_one_is_not_charged_a_pause)
{
	uint64_t began = clock_wall_ms() - 500000;
	uint32_t at = begin_active(began, began + 1500);

	cr_assert_eq(sweep_now(), STORE_OK);
	agree();
	principal_touch(&b, at, began + 490000, 60000);
	principal_touch(&b, at, began + 491000, 60000);
	cr_assert_eq(principal_used_s(&b, at, PERIOD_DAY), 2u);
}
