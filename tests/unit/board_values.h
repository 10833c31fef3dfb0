/*
 * A board without a file for the tests of sockd/common, and children that
 * work on it all at once.
 */
#ifndef TESTS_UNIT_BOARD_VALUES_H
#define TESTS_UNIT_BOARD_VALUES_H

#include <criterion/criterion.h>

#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockd/common/principal.h"
#include "sockd/common/slot.h"

static inline struct board
small_board(uint32_t session_max, uint32_t principals)
{
	struct board_sizes sizes = { .processes = 8,
	    .session_max = session_max, .principals = principals,
	    .places = 64, .rules = 16 };
	struct board b;

	cr_assert_eq(board_create_private(&b, &sizes), 0);
	return b;
}

static inline struct addr
client_address(uint8_t last)
{
	static const uint8_t net[4] = { 10, 0, 0, 0 };
	struct addr a;

	addr_from_ipv4(&a, net, 5000);
	a.ip[3] = last;
	return a;
}

/* The owner word of process 1 in its epoch 1. */
static const uint64_t me = (uint64_t)1 << 48 | (uint64_t)1 << 24 | 1;

/* A session of ours whose client has said something. */
static inline uint32_t
claim_in(struct board *board)
{
	int64_t slot = slot_claim(board, me);
	struct session_slot *s;

	cr_assert_neq(slot, -1);
	s = &board->sessions[slot];
	s->client = client_address(9);
	s->has_octets = true;
	return (uint32_t)slot;
}

/* Nothing is left of any session. */
static inline void
expect_empty(const struct board *b)
{
	cr_assert_eq(atomic_load(&b->header->used), 0u);
	cr_assert_eq(atomic_load(&b->header->sessions), 0u);
	cr_assert_eq(atomic_load(&b->header->refused_waiting), 0u);
	for (uint32_t i = 0; i < b->n.sessions; i++) {
		cr_assert_eq(atomic_load(&b->states[i]), 0u, "%u", i);
		cr_assert_eq(atomic_load(&b->owners[i]), 0u, "%u", i);
	}
	for (uint32_t i = 0; i < b->n.principals; i++) {
		cr_assert_eq(atomic_load(&b->principals[i].holds), 0u);
		cr_assert_eq(atomic_load(&b->principals[i].sessions), 0u);
		cr_assert_eq(principal_addresses(b, i), 0u);
	}
	for (uint32_t i = 0; i < b->n.places; i++) {
		cr_assert_eq(atomic_load(&b->places[i].handshakes), 0u);
		cr_assert_eq(atomic_load(&b->places[i].sessions), 0u);
	}
	for (uint32_t i = 0; i < b->n.udp; i++)
		cr_assert_eq(atomic_load(&b->udp[i].holder), 0u);
}

/*
 * Run work(b, i) in n children at once; each must end with 0.  They begin
 * when all are there.
 */
static inline void
in_children(struct board *b, int n, void (*work)(struct board *b, int i))
{
	_Atomic uint64_t *here = &b->header->counts.wakeups;
	pid_t pids[16];
	int status;

	cr_assert_leq(n, 16);
	atomic_store(here, 0);
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		cr_assert_neq(pids[i], -1);
		if (pids[i] == 0) {
			atomic_fetch_add(here, 1);
			while (atomic_load(here) < (uint64_t)n)
				sched_yield();
			work(b, i);
			_exit(0);
		}
	}
	for (int i = 0; i < n; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_assert_eq(status, 0, "child %d ended with %x", i,
		    (unsigned)status);
	}
}

#endif
