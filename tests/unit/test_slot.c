/*
 * The life of a session slot: claims, gauges, ends, burials.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>

#include "board_values.h"
#include "sockd/common/clock.h"
#include "sockd/common/place.h"
#include "sockd/common/principal.h"
#include "sockd/common/slot.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);		/* 40 slots */
}

TestSuite(slot, .init = make_board);

static uint32_t
claim(void)
{
	int64_t slot = slot_claim(&b, me);

	cr_assert_neq(slot, -1);
	return (uint32_t)slot;
}

static enum slot_state
state_of(uint32_t slot)
{
	return (enum slot_state)atomic_load(&b.states[slot]);
}

/* ---- claims ---- */

Test(slot, fresh_one_is_zero)
{
	uint32_t slot = claim();
	struct session_slot *s = &b.sessions[slot];

	memset(s->text, 'x', sizeof(s->text));
	s->host_at = 9;
	s->principal = 0;
	s->metered = true;
	slot_count(&b, slot, 5, 6);
	s->principal = BOARD_NOBODY;
	slot_end(&b, slot, OUTCOME_RESET);
	slot_free(&b, slot);
	cr_assert_eq(claim(), slot);
	cr_assert_eq(state_of(slot), SLOT_CLAIMED);
	cr_assert_eq(atomic_load(&b.owners[slot]), me);
	cr_assert_eq(s->principal, BOARD_NOBODY);
	cr_assert_eq(s->place, BOARD_NOBODY);
	cr_assert_eq(atomic_load(&s->rule), BOARD_NOBODY);
	cr_assert_eq(atomic_load(&s->limit), BOARD_NOBODY);
	cr_assert_eq(atomic_load(&s->udp_block), BOARD_NOBODY);
	cr_assert_eq(atomic_load(&s->reply), -1);
	cr_assert_eq(atomic_load(&s->stop_at_bytes), UINT64_MAX);
	cr_assert_eq(atomic_load(&s->bytes_up), 0u);
	cr_assert_eq(atomic_load(&s->outcome), (uint32_t)OUTCOME_NONE);
	cr_assert_eq(atomic_load(&s->ended_us), 0u);
	cr_assert_eq(s->host_at, 0);
	cr_assert(!s->metered);
	for (size_t i = 0; i < sizeof(s->text); i++)
		cr_assert_eq(s->text[i], 0);
}

Test(slot, lowest_index_comes_first)
{
	for (uint32_t i = 0; i < 10; i++)
		cr_assert_eq(claim(), i);
	cr_assert_eq(atomic_load(&b.header->high), 10u);
	slot_forget(&b, 7);
	slot_forget(&b, 3);
	slot_forget(&b, 5);
	cr_assert_eq(claim(), 3u);
	cr_assert_eq(claim(), 5u);
	cr_assert_eq(claim(), 7u);
	cr_assert_eq(claim(), 10u);
	cr_assert_eq(atomic_load(&b.header->used), 11u);
}

Test(slot, full_board_gives_none_and_recovers)
{
	for (uint32_t i = 0; i < b.n.sessions; i++)
		cr_assert_eq(claim(), i);
	cr_assert_eq(slot_claim(&b, me), -1);
	cr_assert_eq(atomic_load(&b.header->used), b.n.sessions);
	slot_forget(&b, 0);
	slot_forget(&b, b.n.sessions - 1);
	cr_assert_eq(claim(), 0u);
	cr_assert_eq(claim(), b.n.sessions - 1);
	cr_assert_eq(slot_claim(&b, me), -1);
	cr_assert_eq(atomic_load(&b.header->high), b.n.sessions);
}

Test(slot, hint_out_of_range_misleads_nobody)
{
	atomic_store(&b.header->claim_hint, UINT64_MAX);
	cr_assert_eq(claim(), 0u);
	atomic_store(&b.header->claim_hint, b.n.sessions - 1);
	cr_assert_eq(claim(), b.n.sessions - 1);
	cr_assert_eq(claim(), 1u);
}

Test(slot, ids_are_never_given_twice)
{
	uint64_t last = 0;

	for (int i = 0; i < 200; i++) {
		uint32_t slot = claim();
		uint64_t id = atomic_load(&b.sessions[slot].id);

		cr_assert_gt(id, last);
		last = id;
		slot_forget(&b, slot);
	}
	expect_empty(&b);
}

/* ---- states ---- */

Test(slot, only_moves_forward)
{
	uint32_t slot = claim();

	slot_advance(&b, slot, SLOT_LIVE);
	slot_advance(&b, slot, SLOT_NEGOTIATED);
	cr_assert_eq(state_of(slot), SLOT_LIVE);
	slot_advance(&b, slot, SLOT_ENDED);	/* slot_end() does that */
	cr_assert_eq(state_of(slot), SLOT_LIVE);
	slot_free(&b, slot);			/* not ended yet */
	cr_assert_eq(state_of(slot), SLOT_LIVE);
	cr_assert(slot_end(&b, slot, OUTCOME_IDLE));
	slot_advance(&b, slot, SLOT_LIVE);
	slot_forget(&b, slot);			/* the accountant's now */
	cr_assert_eq(state_of(slot), SLOT_ENDED);
	slot_free(&b, slot);
	slot_advance(&b, slot, SLOT_LIVE);
	cr_assert_eq(state_of(slot), SLOT_FREE);
	expect_empty(&b);
}

Test(slot, ends_once)
{
	uint32_t slot = claim();
	uint64_t before = clock_wall_us();

	cr_assert(slot_end(&b, slot, OUTCOME_QUOTA));
	cr_assert(!slot_end(&b, slot, OUTCOME_LOST));
	cr_assert_eq(atomic_load(&b.sessions[slot].outcome),
	    (uint32_t)OUTCOME_QUOTA);
	cr_assert_geq(atomic_load(&b.sessions[slot].ended_us), before);
	slot_free(&b, slot);
	slot_free(&b, slot);
	cr_assert(!slot_end(&b, slot, OUTCOME_LOST));
	expect_empty(&b);
}

Test(slot, indexes_beyond_the_board_do_nothing)
{
	const uint32_t beyond[] = { 40, BOARD_NOBODY };

	cr_assert_eq(b.n.sessions, 40u);
	for (size_t i = 0; i < 2; i++) {
		uint32_t slot = beyond[i];
		struct session_slot copy;
		enum slot_state state;

		slot_advance(&b, slot, SLOT_LIVE);
		cr_assert(!slot_end(&b, slot, OUTCOME_LOST));
		slot_forget(&b, slot);
		slot_free(&b, slot);
		cr_assert(!slot_pass(&b, slot, me, me));
		slot_cut(&b, slot, 1, OUTCOME_CUT);
		cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
		cr_assert(!slot_gauge(&b, slot, GAUGE_SESSION, 0));
		slot_ungauge(&b, slot, UINT32_MAX);
		slot_count(&b, slot, 1, 1);
		slot_uncount(&b, slot, 1, 1);
		cr_assert_eq(slot_udp(&b, slot), NULL);
		cr_assert_eq(slot_udp_peek(&b, slot), NULL);
		cr_assert_eq(slot_read(&b, slot, &copy, &state), 0);
		cr_assert(!slot_set_principal(&b, slot, "x", NAMED_BY_USER));
	}
	expect_empty(&b);
}

/* ---- refused ones ---- */

Test(slot, refused_ones_have_half_of_the_room)
{
	uint32_t room = b.n.sessions - b.session_max;	/* 24 */

	for (uint32_t i = 0; i < room / 2; i++) {
		cr_assert(slot_may_record(&b), "%u", i);
		cr_assert(slot_end(&b, claim(), OUTCOME_BLOCKED));
	}
	cr_assert(!slot_may_record(&b));
	atomic_store(&b.sessions[claim()].reply, 0);
	cr_assert(slot_end(&b, room / 2, OUTCOME_RESET));
	cr_assert_eq(atomic_load(&b.header->refused_waiting), room / 2);
	slot_free(&b, room / 2);
	cr_assert(!slot_may_record(&b), "a granted one made room");
	slot_free(&b, 0);
	cr_assert(slot_may_record(&b));
	for (uint32_t i = 1; i < room / 2; i++)
		slot_free(&b, i);
	expect_empty(&b);
}

/* ---- gauges ---- */

static uint32_t
claim_with_everything(void)
{
	struct addr client = client_address(7);
	uint32_t slot = claim();
	struct session_slot *s = &b.sessions[slot];

	s->client = client;
	s->place = place_find(&b, &client, 1);
	cr_assert_neq(s->place, BOARD_NOBODY);
	cr_assert(slot_set_principal(&b, slot, "ann", NAMED_BY_USER));
	for (uint32_t bit = 1; bit <= GAUGE_ADDRESS; bit <<= 1)
		cr_assert(slot_gauge(&b, slot, bit, 0));
	return slot;
}

Test(slot, gauges_are_undone_once_by_whoever_ends_it)
{
	static void (*const ends[])(struct board *, uint32_t) = {
		slot_forget, slot_free };

	for (size_t i = 0; i < 2; i++) {
		uint32_t slot = claim_with_everything();
		struct session_slot *s = &b.sessions[slot];
		uint32_t place = s->place, principal = s->principal;
		uint32_t other;

		for (uint32_t bit = 1; bit <= GAUGE_ADDRESS; bit <<= 1)
			cr_assert(slot_gauge(&b, slot, bit, 0), "again");
		cr_assert_eq(atomic_load(&b.places[place].handshakes), 1u);
		cr_assert_eq(atomic_load(&b.places[place].sessions), 1u);
		cr_assert_eq(atomic_load(&b.header->sessions), 1u);
		cr_assert_eq(atomic_load(&b.principals[principal].sessions),
		    1u);
		cr_assert_eq(principal_addresses(&b, principal), 1u);
		other = claim_with_everything();
		slot_ungauge(&b, slot, GAUGE_HANDSHAKE);
		slot_ungauge(&b, slot, GAUGE_HANDSHAKE);
		cr_assert_eq(atomic_load(&b.places[place].handshakes), 1u);
		slot_forget(&b, other);
		slot_forget(&b, other);
		cr_assert_eq(atomic_load(&b.places[place].sessions), 1u);
		cr_assert_eq(atomic_load(&b.header->sessions), 1u);
		if (ends[i] == slot_free)
			cr_assert(slot_end(&b, slot, OUTCOME_RESET));
		ends[i](&b, slot);
		ends[i](&b, slot);
		expect_empty(&b);
	}
}

Test(slot, gauge_stops_at_its_maximum)
{
	for (int i = 0; i < 3; i++)
		cr_assert(slot_gauge(&b, claim(), GAUGE_SESSION, 3));
	cr_assert(!slot_gauge(&b, claim(), GAUGE_SESSION, 3));
	cr_assert_eq(atomic_load(&b.header->sessions), 3u);
	slot_forget(&b, 3);			/* it has added nothing */
	cr_assert_eq(atomic_load(&b.header->sessions), 3u);
	slot_forget(&b, 0);
	cr_assert(slot_gauge(&b, claim(), GAUGE_SESSION, 3));
}

Test(slot, another_principal_takes_the_gauges_of_the_first_along)
{
	uint32_t slot = claim_with_everything();
	uint32_t first = b.sessions[slot].principal;

	cr_assert(slot_set_principal(&b, slot, "bob", NAMED_BY_USER));
	cr_assert_neq(b.sessions[slot].principal, first);
	cr_assert_eq(atomic_load(&b.principals[first].holds), 0u);
	cr_assert_eq(atomic_load(&b.principals[first].sessions), 0u);
	cr_assert_eq(principal_addresses(&b, first), 0u);
	slot_forget(&b, slot);
	expect_empty(&b);
}

/* ---- octets ---- */

Test(slot, octets_count_for_session_and_principal)
{
	uint32_t slot = claim_with_everything();
	struct session_slot *s = &b.sessions[slot];
	struct principal_slot *p = &b.principals[s->principal];

	slot_count(&b, slot, 10, 200);
	cr_assert_eq(atomic_load(&p->bytes), 0u, "not metered yet");
	s->metered = true;
	slot_count(&b, slot, 1, 2);
	cr_assert_eq(atomic_load(&s->bytes_up), 11u);
	cr_assert_eq(atomic_load(&s->bytes_down), 202u);
	cr_assert_eq(atomic_load(&p->bytes), 3u);
	cr_assert_leq(clock_wall_ms() - atomic_load(&s->active_ms), 60000u);
	slot_uncount(&b, slot, 1, 2);
	cr_assert_eq(atomic_load(&s->bytes_up), 10u);
	cr_assert_eq(atomic_load(&s->bytes_down), 200u);
	cr_assert_eq(atomic_load(&p->bytes), 0u);
	slot_uncount(&b, slot, 1000, 1000);
	cr_assert_eq(atomic_load(&s->bytes_up), 0u, "never below 0");
	cr_assert_eq(atomic_load(&s->bytes_down), 0u);
	cr_assert_eq(atomic_load(&p->bytes), 0u);
}

/* ---- cut, pass ---- */

Test(slot, cut_hits_the_session_it_names_and_no_other)
{
	uint32_t slot = claim();
	uint64_t first = atomic_load(&b.sessions[slot].id), second;

	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	slot_cut(&b, slot, 0, OUTCOME_CUT);
	slot_cut(&b, slot, first + 1, OUTCOME_CUT);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	slot_cut(&b, slot, first, OUTCOME_QUOTA);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_QUOTA);
	slot_cut(&b, slot, first, OUTCOME_BLOCKED);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_QUOTA, "first one stays");
	slot_forget(&b, slot);
	cr_assert_eq(claim(), slot);
	second = atomic_load(&b.sessions[slot].id);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	slot_cut(&b, slot, first, OUTCOME_CUT);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	atomic_store(&b.sessions[slot].cut, first);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE, "came too late");
	slot_cut(&b, slot, second, 12345);	/* not an outcome */
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_CUT);
	slot_cut(&b, slot, first, OUTCOME_QUOTA);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_CUT);
}

Test(slot, passes_from_the_one_who_has_it)
{
	const uint64_t other = owner_word(2, 9, 3);
	uint32_t slot = claim();

	cr_assert(!slot_pass(&b, slot, other, me));
	cr_assert(slot_pass(&b, slot, me, other));
	cr_assert(!slot_pass(&b, slot, me, other));
	cr_assert_eq(atomic_load(&b.owners[slot]), other);
	slot_forget(&b, slot);
	cr_assert(!slot_pass(&b, slot, 0, me), "nobody's is claimed");
}

Test(slot, what_has_ended_holds_up_nobody)
{
	uint32_t slot = claim(), parked = claim();

	slot_advance(&b, slot, SLOT_LIVE);
	cr_assert(slot_pass(&b, parked, me, owner_word(2, 1, 1)));
	cr_assert(slot_owns_any(&b, 1, 1));
	cr_assert_not(slot_owns_any(&b, 1, 2), "another epoch");
	slot_end(&b, slot, OUTCOME_RESET);
	cr_assert_eq(atomic_load(&b.owners[slot]), me);
	cr_assert_not(slot_owns_any(&b, 1, 1));
	cr_assert(slot_owns_any(&b, 2, 1));
}

/* ---- burial ---- */

Test(slot, burial_ends_what_the_dead_one_owned)
{
	const uint64_t another_epoch = owner_word(1, 2, 1);
	uint32_t silent = claim(), spoke = claim(), live = claim(),
	    ended = claim(), half = claim(), other = claim();

	b.sessions[spoke].has_octets = true;
	slot_advance(&b, live, SLOT_LIVE);
	slot_gauge(&b, live, GAUGE_SESSION, 0);
	slot_end(&b, ended, OUTCOME_IDLE);
	/* killed between outcome and state */
	slot_advance(&b, half, SLOT_LIVE);
	slot_gauge(&b, half, GAUGE_SESSION, 0);
	atomic_store(&b.sessions[half].outcome, OUTCOME_QUOTA);
	cr_assert(slot_pass(&b, other, me, another_epoch));
	/* killed between owner and state */
	atomic_store(&b.owners[20], me);
	atomic_store(&b.header->high, 21);

	cr_assert_eq(slot_bury(&b, 1, 1), 4u);
	cr_assert_eq(state_of(silent), SLOT_FREE);
	cr_assert_eq(state_of(spoke), SLOT_ENDED);
	cr_assert_eq(atomic_load(&b.sessions[spoke].outcome),
	    (uint32_t)OUTCOME_LOST);
	cr_assert_eq(state_of(live), SLOT_ENDED);
	cr_assert_neq(atomic_load(&b.sessions[live].ended_us), 0u);
	cr_assert_eq(atomic_load(&b.sessions[ended].outcome),
	    (uint32_t)OUTCOME_IDLE);
	cr_assert_eq(state_of(half), SLOT_ENDED);
	cr_assert_eq(atomic_load(&b.sessions[half].outcome),
	    (uint32_t)OUTCOME_QUOTA);
	cr_assert_eq(state_of(other), SLOT_CLAIMED);
	cr_assert_eq(atomic_load(&b.owners[20]), 0u);
	cr_assert_eq(atomic_load(&b.header->sessions), 0u);
	cr_assert_eq(slot_bury(&b, 1, 1), 0u, "twice is once");
	cr_assert_eq(slot_bury(&b, 1, 2), 1u);
	for (uint32_t i = 0; i < b.n.sessions; i++)
		slot_free(&b, i);
	expect_empty(&b);
}
