/*
 * From the board to the ledger when a stolen worker wrote to the board: slots
 * that hold nonsense harm nobody else's session.
 */
#include "ledger_values.h"

#include "lib/elements.h"
#include "sockd/account/tally.h"

TestSuite(sweep_stolen, .init = make_ledger, .fini = remove_ledger);

typedef void spoil_fn(struct session_slot *s);

static void
spoil_outcome(struct session_slot *s)
{
	atomic_store(&s->outcome, 4000);
}

static void
spoil_id(struct session_slot *s)
{
	atomic_store(&s->id, UINT64_MAX);
}

static void
spoil_bytes(struct session_slot *s)
{
	atomic_store(&s->bytes_up, UINT64_MAX);
}

static void
spoil_reply(struct session_slot *s)
{
	atomic_store(&s->reply, -7);
}

static void
spoil_bool(struct session_slot *s)
{
	memset(&s->metered, 0x7f, 1);
}

static void
spoil_client(struct session_slot *s)
{
	s->client.family = 77;
}

static void
spoil_gids(struct session_slot *s)
{
	s->n_gids = 60000;
}

static void
spoil_text(struct session_slot *s)
{
	s->host_at = 60000;
}

Test(sweep_stolen, nonsense_is_counted_and_freed_and_harms_nobody)
{
	static spoil_fn *const spoils[] = { spoil_outcome, spoil_id,
	    spoil_bytes, spoil_reply, spoil_bool, spoil_client,
	    spoil_gids, spoil_text };
	enum { N = N_ELEMENTS(spoils) };
	uint32_t good, slot;

	for (size_t i = 0; i < N; i++) {
		slot = begin_session("eve");
		cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
		spoils[i](&b.sessions[slot]);
		good = begin_session("ann");
		cr_assert(slot_end(&b, good, OUTCOME_IDLE));
		cr_assert_eq(sweep_now(), STORE_OK);
		cr_assert_eq(atomic_load(&b.states[slot]), SLOT_FREE, "%zu",
		    i);
		cr_assert_eq(books.bad, i + 1, "%zu", i);
	}
	cr_assert_eq(ask_db("SELECT count(*) FROM session"
	    " WHERE principal = 'ann'"), N);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), N);
}

Test(sweep_stolen, indices_out_of_range_are_nobodys)
{
	uint32_t slot = begin_session("ann");

	b.sessions[slot].principal = 1000000;
	b.sessions[slot].place = 1000000;
	atomic_store(&b.sessions[slot].udp_block, 1000000);
	b.sessions[slot].command = COMMAND_UDP;
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 1);
}

Test(sweep_stolen, foreign_text_is_readable_whatever_it_is)
{
	uint32_t slot = begin_session("ann");

	slot_set_user(&b.sessions[slot], "a\xff\n\"'; DROP TABLE session");
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_str_eq(ask_text("SELECT user FROM session"),
	    "a\\xff\\x0a\"'; DROP TABLE session");
}

/* An ended slot of this id, as another process may write it. */
static uint32_t
forge(const char *user, uint64_t id)
{
	uint32_t slot = begin_session(user);

	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	atomic_store(&b.sessions[slot].id, id);
	return slot;
}

static void
expect_row_of_ann(void)
{
	cr_assert_eq(ask_db("SELECT count(*) FROM session"
	    " WHERE principal = 'ann' AND bytes_up = 812"
	    " AND outcome = 'client-closed'"), 1);
	cr_assert_eq(ask_db("SELECT count(*) FROM udp_target"), 0);
	cr_assert_eq(ask_db("SELECT sum(bytes_up) FROM usage"), 812);
}

Test(sweep_stolen, what_has_ended_is_not_written_again)
{
	uint32_t slot = begin_session("ann"), forged;
	uint64_t id = atomic_load(&b.sessions[slot].id);

	move(slot, 812, 40210);
	cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	cr_assert_eq(sweep_now(), STORE_OK);
	for (int i = 0; i < 2; i++) {
		forged = forge("eve", id);
		b.sessions[forged].command = COMMAND_UDP;
		atomic_store(&b.sessions[forged].repeats, 3);
		atomic_store(&b.sessions[forged].bytes_up, 77);
		atomic_store(&slot_udp(&b, forged)[0].first_us, 1);
		cr_assert_eq(sweep_now(), STORE_OK);
		cr_assert_eq(atomic_load(&b.states[forged]), SLOT_FREE);
		expect_row_of_ann();
		new_accountant();
	}
}

/* A thousand slots of 9 PB are more than 64 bits hold. */
Test(sweep_stolen, octets_without_end_leave_the_sums_whole)
{
	struct store_used used = { 0 };
	uint64_t day_us = UINT64_C(86400) * 1000000;

	for (int i = 0; i < 1200; i++) {
		uint32_t slot = forge("ann", 5000000 + (uint64_t)i);
		struct session_slot *s = &b.sessions[slot];

		s->started_us += i % 2 * day_us;
		atomic_store(&s->bytes_up, UINT64_C(1) << 53);
		if (i % 16 == 15)
			cr_assert_eq(sweep_now(), STORE_OK);
	}
	cr_assert_eq(store_used(books.store, "ann", &books.periods, true,
	    &used), STORE_OK, "%s", store_error(books.store));
	cr_assert_geq(used.bytes[PERIOD_EVER], UINT64_C(1) << 53);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage WHERE"
	    " bytes_up < 0 OR typeof(bytes_up) <> 'integer'"), 0);
	cr_assert_gt(ask_db("SELECT bytes_up FROM month"), 0);
}

/* The same in one sweep of a large board. */
Test(sweep_stolen, sums_of_one_sweep_do_not_wrap_either)
{
	struct store_usage u = { .principal = "ann", .day = "2026-03-01",
	    .bytes_up = INT64_C(1) << 53, .bytes_down = -(INT64_C(1) << 53) };

	cr_assert_eq(store_begin(books.store), STORE_OK);
	for (int i = 0; i < 3000; i++)
		cr_assert_eq(tally_add(books.tally, books.store, &u),
		    STORE_OK);
	cr_assert_eq(tally_flush(books.tally, books.store), STORE_OK);
	cr_assert_eq(store_commit(books.store, 1), STORE_OK);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"), INT64_C(1) << 53);
	cr_assert_eq(ask_db("SELECT bytes_down FROM usage"), 0);
}

Test(sweep_stolen, ids_come_back_from_nonsense)
{
	static const uint64_t nonsense[] = { UINT64_MAX,
	    (uint64_t)INT64_MAX, UINT64_C(1) << 53 };
	uint32_t slot;

	for (size_t i = 0; i < N_ELEMENTS(nonsense); i++) {
		atomic_store(&b.header->next_id, nonsense[i]);
		cr_assert_neq(sweep_now(), STORE_ERROR);
		slot = begin_session("ann");
		cr_assert_leq(atomic_load(&b.sessions[slot].id),
		    clock_wall_us(), "%zu", i);
		cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	}
	cr_assert_eq(sweep_now(), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"), 3);
}
