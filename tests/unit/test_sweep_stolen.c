/*
 * From the board to the ledger when a stolen worker wrote to the board: slots
 * that hold nonsense harm nobody else's session.
 */
#include "ledger_values.h"

#include "lib/elements.h"

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
