/*
 * From the board to the ledger: sessions in every state, accountants that
 * die, databases that are locked.
 */
#include "ledger_values.h"

#include "sockd/common/principal.h"

TestSuite(sweep, .init = make_ledger, .fini = remove_ledger);

static enum slot_state
state_of(uint32_t slot)
{
	return (enum slot_state)atomic_load(&b.states[slot]);
}

Test(sweep, an_empty_board_writes_nothing)
{
	cr_assert_eq(sweep_now(), STORE_NONE);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 0);
	cr_assert_eq(ask_db("SELECT count(*) FROM state"), 0);
}

Test(sweep, a_session_is_a_row_from_its_request_on)
{
	int64_t claimed = slot_claim(&b, owner_of_all);

	cr_assert_neq(claimed, -1);
	b.sessions[claimed].client = client_address(7);
	b.sessions[claimed].started_us = clock_wall_us();
	cr_assert_eq(sweep_now(), STORE_NONE);
	slot_advance(&b, (uint32_t)claimed, SLOT_NEGOTIATED);
	cr_assert_eq(sweep_now(), STORE_NONE);
	slot_advance(&b, (uint32_t)claimed, SLOT_REQUESTED);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session WHERE ended IS NULL"
	    " AND reply IS NULL AND outcome IS NULL"
	    " AND principal = 'ip:10.0.0.7'"), 1);
	cr_assert_eq(sweep_now(), STORE_NONE, "nothing is new");
}

Test(sweep, a_row_tells_everything)
{
	uint32_t slot = begin_session("ann");

	move(slot, 812, 40210);
	cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_str_eq(ask_text("SELECT user || '|' || principal || '|' ||"
	    " auth || '|' || protocol || '|' || command || '|' || client_addr"
	    " || '|' || client_port || '|' || target_host || '|' ||"
	    " target_addr || '|' || target_port || '|' || source_addr || '|'"
	    " || source_port || '|' || listen || '|' || rule || '|' ||"
	    " metered || '|' || bytes_up || '|' || bytes_down || '|' ||"
	    " datagrams_up || '|' || datagrams_down || '|' || reply || '|' ||"
	    " outcome || '|' || repeats FROM session"),
	    "ann|ann|password|socks5|connect|10.0.0.7|5000|example.net|"
	    "10.0.0.99|443|10.0.0.1|5000|lan|members|1|812|40210|0|0|0|"
	    "client-closed|0");
	cr_assert_eq(ask_db("SELECT ended >= started FROM session"), 1);
	cr_assert_eq(ask_db("SELECT abs(started - strftime('%s', 'now'))"
	    " < 100 FROM session"), 1);
	cr_assert_eq(state_of(slot), SLOT_FREE);
}

Test(sweep, counters_move_while_it_lives_and_usage_grows_with_them)
{
	uint32_t slot = begin_session("ann");

	move(slot, 100, 1000);
	cr_assert_eq(sweep_now(), STORE_OK);
	move(slot, 10, 1);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up * 10000 + bytes_down"
	    " FROM session WHERE ended IS NULL"), 1101001);
	cr_assert_eq(ask_db("SELECT bytes_up * 10000 + bytes_down"
	    " FROM usage WHERE principal = 'ann' AND sessions = 1"), 1101001);
	cr_assert_eq(ask_db("SELECT day = date('now', 'localtime')"
	    " FROM usage"), 1);
}

Test(sweep, octets_taken_back_are_taken_back)
{
	uint32_t slot = begin_session("ann");

	move(slot, 1000, 5000);
	cr_assert_eq(sweep_now(), STORE_OK);
	slot_uncount(&b, slot, 1000, 1);
	cr_assert(slot_end(&b, slot, OUTCOME_RESET));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_down FROM session"
	    " WHERE bytes_up = 0"), 4999);
	cr_assert_eq(ask_db("SELECT bytes_down FROM usage"
	    " WHERE bytes_up = 0"), 4999);
}

Test(sweep, refused_ones_have_a_row_and_no_usage)
{
	uint32_t slot = begin_session("ann");

	atomic_store(&b.sessions[slot].reply, 2);
	cr_assert(slot_end(&b, slot, OUTCOME_BLOCKED));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"
	    " WHERE outcome = 'blocked' AND reply = 2"), 1);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage"), 0);
	cr_assert_eq(ask_db("SELECT count(*) FROM refused"), 1);
}

Test(sweep, unmetered_sessions_are_counted_apart)
{
	uint32_t one = begin_session("ann"), two = begin_session("ann");

	b.sessions[two].metered = false;
	move(one, 1, 0);
	move(two, 20, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE metered = 1"), 1);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE metered = 0"),
	    20);
}

/* A BIND that waits has its first reply, and no rule yet. */
Test(sweep, a_session_counts_from_its_grant_on)
{
	uint32_t slot = begin_session("ann");

	atomic_store(&b.states[slot], SLOT_REQUESTED);
	b.sessions[slot].metered = false;
	b.sessions[slot].rule_name[0] = '\0';
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage"), 0);
	snprintf(b.sessions[slot].rule_name, BOARD_NAME_SIZE, "members");
	b.sessions[slot].metered = true;
	slot_advance(&b, slot, SLOT_LIVE);
	cr_assert_eq(sweep_now(), STORE_OK);
	new_accountant();
	move(slot, 5, 6);
	cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage"), 1);
	cr_assert_eq(ask_db("SELECT bytes_up + bytes_down FROM usage"
	    " WHERE metered = 1 AND sessions = 1"), 11);
}

Test(sweep, one_that_nobody_came_to_is_no_session_of_usage)
{
	uint32_t slot = begin_session("ann");

	atomic_store(&b.states[slot], SLOT_REQUESTED);
	b.sessions[slot].rule_name[0] = '\0';
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"
	    " WHERE outcome = 'client-closed'"), 1);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage"), 0);
}

Test(sweep, many_short_ones_of_one_user_are_one_usage_row)
{
	for (int i = 0; i < 30; i++) {
		uint32_t slot = begin_session("ann");

		move(slot, 1, 2);
		cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	}
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 30);
	cr_assert_eq(ask_db("SELECT bytes_down FROM usage"
	    " WHERE sessions = 30 AND bytes_up = 30"), 60);
	cr_assert_eq(atomic_load(&b.header->used), 0u);
}

/* ---- accountants that die ---- */

Test(sweep, the_next_accountant_counts_only_what_is_new)
{
	uint32_t slot = begin_session("ann");

	move(slot, 100, 3000);
	cr_assert_eq(sweep_now(), STORE_OK);
	move(slot, 10, 200);
	new_accountant();
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up + bytes_down FROM usage"
	    " WHERE sessions = 1"), 3310);
	new_accountant();
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up + bytes_down FROM usage"
	    " WHERE sessions = 1"), 3310);
	cr_assert_eq(state_of(slot), SLOT_FREE);
}

/* It goes on while there is no accountant: its seconds are not lost. */
Test(sweep, the_next_accountant_counts_the_seconds_of_an_outage)
{
	uint64_t began = clock_wall_ms() - 30000;
	uint32_t slot = begin_session("ann");
	struct session_slot *s = &b.sessions[slot];

	s->started_us = began * 1000;
	atomic_store(&s->active_ms, began + 10000);
	cr_assert_eq(sweep_run(&books, (began + 10000) * 1000, ignore_row,
	    NULL), STORE_OK);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"), 10);
	atomic_store(&s->active_ms, began + 25000);
	new_accountant();
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"), 25);
	new_accountant();
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"), 25);
}

/* The database is locked for longer than time_idle, and octets move. */
Test(sweep, seconds_of_a_long_outage_count)
{
	uint64_t idle_ms = conf.accounting.time_idle_ms;
	uint64_t lasts_ms = 5 * idle_ms;
	uint64_t began = clock_wall_ms() - lasts_ms - 20000;
	uint32_t slot = begin_session("ann");
	struct session_slot *s = &b.sessions[slot];

	s->started_us = began * 1000;
	for (uint64_t ms = 0; ms <= 10000; ms += 1000)
		principal_touch(&b, s->principal, began + ms, idle_ms);
	atomic_store(&s->active_ms, began + 10000);
	cr_assert_eq(sweep_run(&books, (began + 10000) * 1000, ignore_row,
	    NULL), STORE_OK);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"), 10);
	tell_db("BEGIN IMMEDIATE");
	for (uint64_t ms = 11000; ms <= lasts_ms; ms += 1000)
		principal_touch(&b, s->principal, began + ms, idle_ms);
	move(slot, 1, 0);
	atomic_store(&s->active_ms, began + lasts_ms);
	cr_assert_eq(sweep_now(), STORE_ERROR);
	tell_db("COMMIT");
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"),
	    (int64_t)lasts_ms / 1000);
}

/* At a moment of a session's life, its principal's on the board as well. */
static void
move_at(uint32_t slot, uint64_t now_ms)
{
	struct session_slot *s = &b.sessions[slot];

	move(slot, 1, 0);
	principal_touch(&b, s->principal, now_ms,
	    conf.accounting.time_idle_ms);
	atomic_store(&s->active_ms, now_ms);
	cr_assert_eq(sweep_now(), STORE_OK);
}

/* However long octets moved before it. */
Test(sweep, a_long_pause_counts_as_time_idle)
{
	uint64_t idle_ms = conf.accounting.time_idle_ms;
	uint64_t began = clock_wall_ms() - 5 * idle_ms;
	uint32_t slot = begin_session("ann");

	b.sessions[slot].started_us = began * 1000;
	for (uint64_t ms = 0; ms <= 3 * idle_ms; ms += idle_ms / 2)
		move_at(slot, began + ms);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"),
	    (int64_t)(3 * idle_ms) / 1000);
	move_at(slot, began + 5 * idle_ms);
	cr_assert_eq(ask_db("SELECT seconds FROM usage"),
	    (int64_t)(4 * idle_ms) / 1000);
}

/* A clock that was an hour ahead is set right. */
Test(sweep, seconds_count_on_after_the_clock_went_back)
{
	const uint64_t hour_ms = 3600000;
	uint64_t began = clock_wall_ms() - 30000;
	uint32_t slot = begin_session("ann");
	struct session_slot *s = &b.sessions[slot];

	s->started_us = (began + hour_ms) * 1000;
	for (uint64_t ms = 1000; ms <= 3000; ms += 1000) {
		move(slot, 1, 0);
		atomic_store(&s->active_ms, began + hour_ms + ms);
		cr_assert_eq(sweep_run(&books, (began + hour_ms + ms) * 1000,
		    ignore_row, NULL), STORE_OK);
	}
	for (uint64_t ms = 4000; ms <= 10000; ms += 1000) {
		move(slot, 1, 0);
		atomic_store(&s->active_ms, began + ms);
		cr_assert_eq(sweep_run(&books, (began + ms) * 1000,
		    ignore_row, NULL), STORE_OK);
	}
	cr_assert_geq(ask_db("SELECT seconds FROM usage"), 8);
	cr_assert_leq(ask_db("SELECT seconds FROM usage"), 10);
}

/* Killed between the commit and the release of the slot. */
Test(sweep, a_slot_that_is_written_already_is_only_freed)
{
	uint32_t slot = begin_session("ann");
	uint32_t again;
	uint64_t id = atomic_load(&b.sessions[slot].id);
	struct session_slot copy;

	move(slot, 100, 5);
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	memcpy(&copy, &b.sessions[slot], sizeof(copy));
	cr_assert_eq(sweep_now(), STORE_OK);
	again = (uint32_t)slot_claim(&b, owner_of_all);
	memcpy(&b.sessions[again], &copy, sizeof(copy));
	b.sessions[again].principal = BOARD_NOBODY;
	atomic_store(&b.states[again], SLOT_ENDED);
	new_accountant();
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(state_of(again), SLOT_FREE);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 1);
	cr_assert_eq(ask_db("SELECT id FROM session"), (int64_t)id);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE sessions = 1"),
	    100);
}

Test(sweep, a_correction_by_hand_survives)
{
	uint32_t slot = begin_session("ann");

	move(slot, 100, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	tell_db("UPDATE usage SET bytes_up = 1");
	move(slot, 10, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"), 11);
}

/* ---- a database that cannot be written ---- */

Test(sweep, while_the_database_is_locked_slots_wait)
{
	uint32_t slot = begin_session("ann");

	move(slot, 100, 0);
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	tell_db("BEGIN IMMEDIATE");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(sweep_now(), STORE_ERROR);
	cr_assert_not(store_is_broken(books.store));
	cr_assert_eq(state_of(slot), SLOT_ENDED);
	tell_db("COMMIT");
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(state_of(slot), SLOT_FREE);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE sessions = 1"),
	    100);
}

Test(sweep, without_a_store_slots_wait)
{
	uint32_t slot = begin_session("ann");

	store_close(books.store);
	books.store = NULL;
	move(slot, 100, 0);
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	cr_assert_neq(sweep_now(), STORE_OK);
	cr_assert_eq(state_of(slot), SLOT_ENDED);
	open_store();
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE sessions = 1"),
	    100);
}

/* A full disk is found in the middle: nothing of it may stay. */
Test(sweep, a_transaction_that_fails_is_as_if_it_had_not_been)
{
	uint32_t slot;

	for (int i = 0; i < 30; i++) {
		slot = begin_session("ann");
		b.sessions[slot].started_us -= 10000000;
		slot_set_host(&b.sessions[slot], "a-name-that-takes-room.of."
		    "a.host.that.does.not.exist.but.fills.pages.example");
		move(slot, 1, 0);
		cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	}
	tell_db("CREATE TRIGGER full BEFORE INSERT ON session"
	    " WHEN NEW.id % 7 = 0 BEGIN SELECT raise(ABORT, 'full'); END");
	cr_assert_eq(sweep_now(), STORE_ERROR);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 0);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage"), 0);
	cr_assert_eq(atomic_load(&b.header->used), 30u);
	tell_db("DROP TRIGGER full");
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 30);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE sessions = 30"),
	    30);
	cr_assert_geq(ask_db("SELECT seconds FROM usage"), 10);
}
