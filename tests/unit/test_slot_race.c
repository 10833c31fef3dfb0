/*
 * Session slots in the hands of several processes at once, some of which are
 * killed.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>

#include "board_values.h"
#include "sockd/common/slot.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);		/* 40 slots */
}

TestSuite(slot_race, .init = make_board);

enum { ROUNDS = 20000 };

/* Claim, count, end, and free what others ended: nothing may be lost. */
static void
live_fast(struct board *board, int child)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		int64_t slot = slot_claim(board, owner_word(
		    (uint32_t)child, 1, i));

		if (slot == -1)
			continue;
		if (!slot_gauge(board, (uint32_t)slot, GAUGE_SESSION, 3)) {
			slot_forget(board, (uint32_t)slot);
			continue;
		}
		if (atomic_load(&board->header->sessions) > 3)
			_exit(1);
		if (!slot_end(board, (uint32_t)slot, OUTCOME_RESET))
			_exit(2);
		slot_free(board, (uint32_t)slot);
	}
}

Test(slot_race, many_processes_leave_nothing_behind)
{
	in_children(&b, 4, live_fast);
	expect_empty(&b);
	cr_assert_leq(atomic_load(&b.header->high), 12u,
	    "claims do not stay low");
}

/* As live_fast(), without end and with everything that can be counted. */
static void
live_until_killed(struct board *board, uint32_t child)
{
	struct addr client = client_address((uint8_t)child);

	for (uint32_t i = 0;; i++) {
		int64_t claimed = slot_claim(board, owner_word(child, 1, i));
		uint32_t slot = (uint32_t)claimed;

		if (claimed == -1)
			continue;
		board->sessions[slot].client = client;
		board->sessions[slot].has_octets = i % 2;
		slot_gauge(board, slot, GAUGE_SESSION, 0);
		slot_advance(board, slot, SLOT_LIVE);
		slot_udp(board, slot);
		if (i % 3 == 0)
			slot_forget(board, slot);
		else
			slot_end(board, slot, OUTCOME_IDLE);
		slot_free(board, slot);
	}
}

/*
 * Killed at any point, a process leaves no slot that is not freed.  (A gauge
 * may be one too high for each kill: slot_gauge.c.)
 */
Test(slot_race, killed_anywhere_leaves_no_slot)
{
	unsigned seed = (unsigned)getpid();

	for (uint32_t round = 0; round < 300; round++) {
		pid_t pid = fork();

		cr_assert_neq(pid, -1);
		if (pid == 0)
			live_until_killed(&b, 1 + round % 7);
		usleep(500 + (useconds_t)rand_r(&seed) % 1500);
		kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		slot_bury(&b, 1 + round % 7, 1);
		for (uint32_t i = 0; i < b.n.sessions; i++)
			slot_free(&b, i);
		for (uint32_t i = 0; i < b.n.sessions; i++) {
			cr_assert_eq(atomic_load(&b.states[i]), 0u);
			cr_assert_eq(atomic_load(&b.owners[i]), 0u);
		}
	}
	for (uint32_t i = 0; i < b.n.sessions; i++)
		cr_assert_neq(slot_claim(&b, owner_word(1, 1, 1)), -1, "%u", i);
	for (uint32_t i = 0; i < b.n.sessions; i++)
		cr_assert_neq(slot_udp(&b, i), NULL, "%u", i);
}

/* The cut of a session that ends at this moment never hits the next one. */
static void
cut_or_live(struct board *board, int child)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		if (child == 0) {
			slot_cut(board, 0, atomic_load(
			    &board->sessions[0].id) - 1, OUTCOME_CUT);
			continue;
		}
		int64_t slot = slot_claim(board, owner_word(1, 1, i));

		if (slot != 0 || slot_cut_why(board, 0) != OUTCOME_NONE)
			_exit(1);
		slot_forget(board, 0);
	}
}

Test(slot_race, late_cuts_hit_nobody)
{
	in_children(&b, 2, cut_or_live);
}
