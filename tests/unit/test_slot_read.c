/*
 * Reading what another process wrote; the texts and blocks of a slot.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "board_values.h"
#include "sockd/common/clock.h"
#include "sockd/common/principal.h"
#include "sockd/common/slot.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);		/* 40 slots */
}

TestSuite(slot_read, .init = make_board);

static int
read_slot(uint32_t slot, struct session_slot *copy)
{
	enum slot_state state = SLOT_FREE;

	return slot_read(&b, slot, copy, &state);
}

/* ---- texts ---- */

static char *
text_of(char octet, size_t len, char buf[512])
{
	memset(buf, octet, len);
	buf[len] = '\0';
	return buf;
}

Test(slot_read, texts_stand_whole_up_to_438_octets)
{
	char user[512], host[512];

	for (size_t u = 0; u <= 255; u++) {
		for (size_t h = 0; h <= 253; h++) {
			struct session_slot s = { 0 };

			cr_assert_str_eq(slot_host(&s), "");
			slot_set_user(&s, text_of('u', u, user));
			slot_set_host(&s, text_of('h', h, host));
			cr_assert_str_eq(slot_host(&s), host);
			if (u + h > BOARD_TEXT_SIZE - 2)
				user[BOARD_TEXT_SIZE - 2 - h] = '\0';
			cr_assert_str_eq(slot_user(&s), user, "%zu %zu", u, h);
			/* the other way round as well */
			slot_set_user(&s, text_of('v', u, user));
			if (u + h > BOARD_TEXT_SIZE - 2)
				user[BOARD_TEXT_SIZE - 2 - h] = '\0';
			cr_assert_str_eq(slot_user(&s), user);
			cr_assert_str_eq(slot_host(&s), host);
		}
	}
}

Test(slot_read, texts_that_are_too_long_stay_within)
{
	struct session_slot s = { 0 };
	char long_[512];

	slot_set_user(&s, text_of('u', 500, long_));
	cr_assert_eq(strlen(slot_user(&s)), (size_t)BOARD_TEXT_SIZE - 1);
	slot_set_host(&s, text_of('h', 500, long_));
	cr_assert_eq(strlen(slot_host(&s)), 255u);
	cr_assert_eq(strlen(slot_user(&s)), (size_t)BOARD_TEXT_SIZE - 257);
}

/* ---- names ---- */

Test(slot_read, principal_has_a_name_with_and_without_a_slot)
{
	struct session_slot s = { .principal = BOARD_NOBODY };
	char name[BOARD_USER_SIZE];
	uint32_t slot = claim_in(&b);

	cr_assert(slot_set_principal(&b, slot, "Ann", NAMED_BY_USER));
	cr_assert(slot_principal_name(&b, &b.sessions[slot], name));
	cr_assert_str_eq(name, "Ann");
	s.client = client_address(3);
	cr_assert(slot_principal_name(&b, &s, name));
	cr_assert_str_eq(name, "ip:10.0.0.3");
	s.principal_kind = NAMED_SHARED;
	cr_assert(slot_principal_name(&b, &s, name));
	cr_assert_str_eq(name, "ip:*");
	s.principal_kind = NAMED_BY_USER;
	cr_assert(!slot_principal_name(&b, &s, name), "no user was set");
	slot_set_user(&s, "bob");
	cr_assert(slot_principal_name(&b, &s, name));
	cr_assert_str_eq(name, "bob");
	s.principal_kind = NAMED_BY_ADDRESS;
	s.auth = AUTH_PASSWORD;		/* logged in, and refused at once */
	cr_assert(slot_principal_name(&b, &s, name));
	cr_assert_str_eq(name, "bob");
}

Test(slot_read, full_table_of_principals_keeps_names_exact)
{
	uint32_t slot = claim_in(&b);
	char name[BOARD_USER_SIZE], long_[512];

	for (uint32_t i = 0; i < b.n.principals; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		cr_assert_neq(principal_find(&b, name), BOARD_NOBODY);
	}
	slot_set_user(&b.sessions[slot], "typed");
	cr_assert(slot_set_principal(&b, slot, "canonical", NAMED_BY_USER));
	cr_assert_eq(b.sessions[slot].principal, BOARD_NOBODY);
	cr_assert(slot_principal_name(&b, &b.sessions[slot], name));
	cr_assert_str_eq(name, "canonical");
	slot_set_host(&b.sessions[slot], text_of('h', 253, long_));
	cr_assert(!slot_set_principal(&b, slot, text_of('u', 200, long_),
	    NAMED_BY_USER), "a name that would be cut");
	cr_assert(slot_set_principal(&b, slot, "ip:10.0.0.9",
	    NAMED_BY_ADDRESS));
	cr_assert(slot_principal_name(&b, &b.sessions[slot], name));
	cr_assert_str_eq(name, "ip:10.0.0.9");
}

/* ---- hostile slots ---- */

Test(slot_read, sound_one_is_copied)
{
	uint32_t slot = claim_in(&b);
	struct session_slot copy;
	enum slot_state state;

	cr_assert_eq(read_slot(slot + 1, &copy), 0, "free");
	slot_set_host(&b.sessions[slot], "example.net");
	slot_count(&b, slot, 3, 4);
	slot_advance(&b, slot, SLOT_REQUESTED);
	cr_assert_eq(slot_read(&b, slot, &copy, &state), 1);
	cr_assert_eq(state, SLOT_REQUESTED);
	cr_assert_eq(atomic_load(&copy.bytes_up), 3u);
	cr_assert_str_eq(slot_host(&copy), "example.net");
}

Test(slot_read, what_is_out_of_range_is_nonsense)
{
	uint32_t slot = claim_in(&b);
	struct session_slot *s = &b.sessions[slot], good = *s, copy;

#define NONSENSE(change) do {						\
	change;								\
	cr_assert_eq(read_slot(slot, &copy), -1, #change);		\
	*s = good;							\
	cr_assert_eq(read_slot(slot, &copy), 1);			\
} while (0)
	NONSENSE(atomic_store(&s->id, 0));
	NONSENSE(atomic_store(&s->id, (uint64_t)1 << 63));
	NONSENSE(atomic_store(&s->outcome, N_OUTCOMES));
	NONSENSE(atomic_store(&s->reply, -2));
	NONSENSE(atomic_store(&s->reply, 256));
	NONSENSE(s->protocol = 3);
	NONSENSE(s->auth = AUTH_USERID + 1);
	NONSENSE(s->command = COMMAND_UDP + 1);
	NONSENSE(s->principal_kind = NAMED_BY_USER + 1);
	NONSENSE(atomic_store(&s->parked_kind, PARKED_FAILURE + 1));
	NONSENSE(s->metered = 2);
	NONSENSE(s->logged = 2);
	NONSENSE(s->has_octets = 2);
	NONSENSE(s->n_gids = BOARD_GIDS_MAX + 1);
	NONSENSE(s->host_at = BOARD_TEXT_SIZE);
	NONSENSE(s->client.family = 10);
	NONSENSE(s->target_addr.family = 1);
	NONSENSE(s->source.family = 255);
#undef NONSENSE
	atomic_store(&b.states[slot], N_SLOT_STATES);
	cr_assert_eq(read_slot(slot, &copy), -1);
	slot_free(&b, slot);
	cr_assert_eq(atomic_load(&b.states[slot]), (uint32_t)SLOT_FREE);
	cr_assert_eq(claim_in(&b), slot);
}

Test(slot_read, indexes_out_of_range_are_nobody)
{
	uint32_t slot = claim_in(&b);
	struct session_slot *s = &b.sessions[slot], copy;
	char name[BOARD_USER_SIZE];

	s->principal = b.n.principals;
	s->place = b.n.places;
	atomic_store(&s->udp_block, b.n.udp);
	cr_assert_eq(read_slot(slot, &copy), 1);
	cr_assert_eq(copy.principal, BOARD_NOBODY);
	cr_assert_eq(copy.place, BOARD_NOBODY);
	cr_assert_eq(atomic_load(&copy.udp_block), BOARD_NOBODY);
	cr_assert(slot_principal_name(&b, &copy, name));
	atomic_store(&s->gauges, UINT32_MAX);
	cr_assert(slot_end(&b, slot, OUTCOME_RESET));
	slot_free(&b, slot);
	cr_assert_eq(atomic_load(&b.states[slot]), (uint32_t)SLOT_FREE);
}

Test(slot_read, texts_without_an_end_get_one)
{
	uint32_t slot = claim_in(&b);
	struct session_slot *s = &b.sessions[slot], copy;

	memset(s->text, 'x', sizeof(s->text));
	memset(s->rule_name, 'x', sizeof(s->rule_name));
	memset(s->listen_name, 'x', sizeof(s->listen_name));
	s->host_at = 100;
	cr_assert_eq(read_slot(slot, &copy), 1);
	cr_assert_eq(strlen(slot_user(&copy)), 99u);
	cr_assert_eq(strlen(slot_host(&copy)), sizeof(s->text) - 101);
	cr_assert_eq(strlen(copy.rule_name), sizeof(s->rule_name) - 1);
	cr_assert_eq(strlen(copy.listen_name), sizeof(s->listen_name) - 1);
}

/* Whatever a stolen worker writes: no crash, no text without an end. */
Test(slot_read, random_slots_harm_nobody)
{
	uint32_t slot = claim_in(&b);
	unsigned char *octets = (unsigned char *)&b.sessions[slot];
	unsigned seed = 4711;
	unsigned good = 0;

	for (int round = 0; round < 20000; round++) {
		struct session_slot copy;
		char name[BOARD_USER_SIZE];
		size_t at = (size_t)rand_r(&seed) % sizeof(copy);

		octets[at] = (unsigned char)rand_r(&seed);
		atomic_store(&b.sessions[slot].outcome, OUTCOME_NONE);
		if (read_slot(slot, &copy) == 1) {
			good++;
			cr_assert_lt(strlen(slot_user(&copy)), sizeof(copy));
			cr_assert_lt(strlen(slot_host(&copy)), sizeof(copy));
			cr_assert_lt(strlen(copy.rule_name), 32u);
			cr_assert_lt(strlen(copy.listen_name), 32u);
			slot_principal_name(&b, &copy, name);
		}
		slot_udp_peek(&b, slot);
		slot_count(&b, slot, 1, 1);
		slot_end(&b, slot, OUTCOME_LOST);
		slot_free(&b, slot);
		cr_assert_eq(claim_in(&b), slot);
		if (round % 4 != 0)
			octets[at] = (unsigned char)rand_r(&seed);
	}
	cr_assert_gt(good, 0u);
}

/* ---- blocks of UDP counts ---- */

Test(slot_read, blocks_go_back_with_their_slots)
{
	struct udp_count *c;
	uint32_t slot = claim_in(&b);

	cr_assert_eq(slot_udp_peek(&b, slot), NULL);
	c = slot_udp(&b, slot);
	cr_assert_neq(c, NULL);
	cr_assert_eq(slot_udp(&b, slot), c, "one, and the same");
	cr_assert_eq(slot_udp_peek(&b, slot), c);
	atomic_store(&c[7].bytes, 5);
	atomic_store(&c[7].first_us, 5);
	atomic_store(&slot_udp_block(&b, slot)->park_data[30], 5);
	slot_end(&b, slot, OUTCOME_IDLE);
	cr_assert_eq(slot_udp_peek(&b, slot), c, "the accountant reads it");
	slot_free(&b, slot);
	cr_assert_eq(slot_udp_peek(&b, slot), NULL);
	cr_assert_eq(claim_in(&b), slot);
	c = slot_udp(&b, slot);
	cr_assert_eq(atomic_load(&c[7].bytes), 0u);
	cr_assert_eq(atomic_load(&c[7].first_us), 0u);
	cr_assert_eq(atomic_load(&slot_udp_block(&b, slot)->park_data[30]),
	    0u);
}

Test(slot_read, blocks_run_out_and_are_told_apart)
{
	struct board big = small_board(600, 4);
	struct udp_count *seen[80];
	uint32_t slot, n;

	cr_assert_eq(big.n.udp, 75u);
	for (n = 0; n < big.n.udp; n++) {
		seen[n] = slot_udp(&big, claim_in(&big));
		cr_assert_neq(seen[n], NULL);
		for (uint32_t i = 0; i < n; i++)
			cr_assert_neq(seen[i], seen[n]);
	}
	slot = claim_in(&big);
	cr_assert_eq(slot_udp(&big, slot), NULL);
	cr_assert_eq(atomic_load(&big.sessions[slot].udp_block),
	    BOARD_NOBODY);
	slot_forget(&big, 40);
	cr_assert_eq(slot_udp(&big, slot), seen[40]);
	/* one whose holder died before it could give it back */
	atomic_store(&big.sessions[7].udp_block, BOARD_NOBODY);
	slot = claim_in(&big);
	cr_assert_eq(slot, 40u);
	cr_assert_eq(slot_udp(&big, slot), seen[7]);
	board_unmap(&big);
}
