/*
 * Principals: names and slots, by one process, several at once, and some that
 * are killed.
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
