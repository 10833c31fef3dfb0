/*
 * The sessions of the last run, brought over from a board that may be full of
 * anything.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "board_values.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"

static struct board b;

static void
make_board(void)
{
	b = small_board(16, 16);		/* 40 slots */
}

TestSuite(board_import, .init = make_board);

static uint32_t
old_session(struct board *old, enum slot_state state, const char *user)
{
	uint32_t slot = claim_in(old);
	struct session_slot *s = &old->sessions[slot];

	s->auth = AUTH_PASSWORD;
	s->metered = true;
	cr_assert(slot_set_principal(old, slot, user, NAMED_BY_USER));
	slot_set_user(s, user);
	slot_set_host(s, "example.net");
	slot_gauge(old, slot, GAUGE_SESSION, 0);
	slot_count(old, slot, slot + 1, 100);
	atomic_store(&s->reply, 0);
	slot_advance(old, slot, state);
	return slot;
}

/* The slot in b that has this id. */
static uint32_t
slot_of_id(uint64_t id)
{
	for (uint32_t i = 0; i < b.n.sessions; i++)
		if (atomic_load(&b.states[i]) != SLOT_FREE &&
		    atomic_load(&b.sessions[i].id) == id)
			return i;
	cr_assert(false, "id %llu is not there", (unsigned long long)id);
	return BOARD_NOBODY;
}

enum { LIVE, ASKED, ENDED, N_KEPT };

/* What the last run left: three that count and one that said nothing. */
struct last_run {
	struct board	board;
	uint32_t	slots[N_KEPT];
	uint64_t	ids[N_KEPT];
	uint64_t	died_us;	/* the last sign of life */
};

/* A clock that was wrong, or a stolen worker. */
static void
set_times(struct last_run *last)
{
	struct session_slot *live = &last->board.sessions[last->slots[LIVE]];
	struct session_slot *asked = &last->board.sessions[last->slots[ASKED]];
	struct session_slot *ended = &last->board.sessions[last->slots[ENDED]];
	uint64_t now_ms = atomic_load(&asked->active_ms);

	atomic_store(&live->active_ms, UINT64_MAX / 1000);
	atomic_store(&asked->active_ms, now_ms - 30000);
	atomic_store(&ended->active_ms, now_ms - 30000);
	last->died_us = (now_ms - 20000) * 1000;
	atomic_store(&ended->ended_us, last->died_us);
	live->started_us = asked->started_us = now_ms * 1000 - 60000000;
	ended->started_us = 1;
}

static struct last_run
make_last_run(void)
{
	struct last_run last = { .board = small_board(16, 16) };
	struct board *old = &last.board;
	uint32_t silent;

	last.slots[LIVE] = old_session(old, SLOT_LIVE, "ann");
	last.slots[ASKED] = old_session(old, SLOT_REQUESTED, "bob");
	last.slots[ENDED] = old_session(old, SLOT_LIVE, "ann");
	slot_end(old, last.slots[ENDED], OUTCOME_RESET);
	silent = claim_in(old);
	old->sessions[silent].has_octets = false;
	old->sessions[silent].started_us = clock_wall_us() - 60000000;
	atomic_store(&slot_udp(old, last.slots[LIVE])[2].bytes, 12);
	atomic_store(&slot_udp(old, last.slots[LIVE])[2].first_us, 13);
	for (int i = 0; i < N_KEPT; i++)
		last.ids[i] = atomic_load(&old->sessions[last.slots[i]].id);
	atomic_store(&old->header->next_id, clock_wall_us() + 1000000000);
	set_times(&last);
	return last;
}

/* The books of this one are closed. */
static void
check_closed(const struct last_run *last, int which)
{
	uint32_t slot = slot_of_id(last->ids[which]);
	struct session_slot *s = &b.sessions[slot];
	char name[BOARD_USER_SIZE];

	cr_assert_eq(atomic_load(&b.states[slot]), (uint32_t)SLOT_ENDED);
	cr_assert_eq(atomic_load(&s->outcome), (uint32_t)(which == ENDED ?
	    OUTCOME_RESET : OUTCOME_LOST));
	cr_assert(slot_principal_name(&b, s, name));
	cr_assert_str_eq(name, which == ASKED ? "bob" : "ann");
	cr_assert_str_eq(slot_host(s), "example.net");
	cr_assert_eq(atomic_load(&s->bytes_down), 100u);
	cr_assert_eq(atomic_load(&s->ended_us), last->died_us);
}

/* Freed, they leave nothing behind. */
static void
check_no_trace(void)
{
	for (uint32_t i = 0; i < b.n.sessions; i++)
		slot_free(&b, i);
	cr_assert_eq(board_waiting(&b), 0u);
	cr_assert_eq(atomic_load(&b.header->used), 0u);
	cr_assert_eq(atomic_load(&b.header->refused_waiting), 0u);
	for (uint32_t i = 0; i < b.n.principals; i++)
		cr_assert_eq(atomic_load(&b.principals[i].holds), 0u);
}

Test(board_import, closes_the_books_of_the_last_run)
{
	struct last_run last = make_last_run();
	uint32_t live;

	cr_assert_eq(board_import(&b, &last.board), (unsigned)N_KEPT);
	cr_assert_eq(board_waiting(&last.board), 0u);
	cr_assert_eq(board_waiting(&b), (unsigned)N_KEPT);
	cr_assert_eq(atomic_load(&b.header->used), (unsigned)N_KEPT);
	cr_assert_eq(atomic_load(&b.header->sessions), 0u);
	cr_assert_geq(atomic_load(&b.header->next_id),
	    atomic_load(&last.board.header->next_id));
	for (int i = 0; i < N_KEPT; i++)
		check_closed(&last, i);
	live = slot_of_id(last.ids[LIVE]);
	cr_assert_eq(atomic_load(&slot_udp_peek(&b, live)[2].bytes), 12u);
	cr_assert_eq(board_import(&b, &last.board), 0u, "twice is once");
	check_no_trace();
	board_unmap(&last.board);
}

/* Its beginning is the last sign of life, however long ago. */
Test(board_import, one_that_moved_nothing_has_ended_when_it_began)
{
	struct board old = small_board(16, 16);
	struct session_slot *s =
	    &old.sessions[old_session(&old, SLOT_REQUESTED, "ann")];
	uint64_t id = atomic_load(&s->id), began = clock_wall_us() - 60000000;

	s->started_us = began;
	atomic_store(&s->active_ms, 0);
	cr_assert_eq(board_import(&b, &old), 1u);
	cr_assert_eq(atomic_load(&b.sessions[slot_of_id(id)].ended_us), began);
	board_unmap(&old);
}

Test(board_import, leaves_what_does_not_fit)
{
	struct board old = small_board(40, 16);	/* 88 slots into 40 */
	unsigned total = 0;

	for (int i = 0; i < 60; i++)
		slot_end(&old, old_session(&old, SLOT_LIVE, "ann"),
		    OUTCOME_RESET);
	total += board_import(&b, &old);
	cr_assert_eq(total, 40u);
	cr_assert_eq(board_waiting(&old), 20u);
	for (uint32_t i = 0; i < b.n.sessions; i++)
		slot_free(&b, i);
	total += board_import(&b, &old);
	cr_assert_eq(total, 60u);
	cr_assert_eq(board_waiting(&old), 0u);
	board_unmap(&old);
}

Test(board_import, survives_a_file_full_of_noise)
{
	unsigned seed = 99;

	for (int round = 0; round < 30; round++) {
		struct board old = small_board(8, 4);
		unsigned char *octets = (unsigned char *)old.header;
		unsigned char *end = octets + old.size;

		for (unsigned char *o = (unsigned char *)old.processes;
		    o < end; o++)
			*o = (unsigned char)rand_r(&seed);
		for (uint32_t i = 0; i < old.n.sessions; i++)
			atomic_store(&old.states[i], (unsigned)rand_r(&seed) %
			    (N_SLOT_STATES + 1));
		atomic_store(&old.header->next_id, UINT64_MAX);
		board_import(&b, &old);
		for (uint32_t i = 0; i < b.n.sessions; i++)
			slot_free(&b, i);
		cr_assert_eq(board_waiting(&b), 0u);
		cr_assert_lt(atomic_load(&b.header->next_id),
		    (uint64_t)1 << 53);
		board_unmap(&old);
	}
}

Test(board_import, tells_of_bad_slots_once)
{
	struct board old = small_board(8, 4);
	FILE *log = tmpfile();
	char line[256], end[64];

	log_open(dup(fileno(log)), LOG_INFO, "test");
	for (uint32_t i = 0; i < old.n.sessions; i++)
		atomic_store(&old.states[i], (unsigned)N_SLOT_STATES);
	cr_assert_eq(board_import(&b, &old), 0u);
	rewind(log);
	cr_assert_not_null(fgets(line, sizeof(line), log));
	cr_assert_not_null(strstr(line, "warning board slot bad slot=0"));
	cr_assert_not_null(fgets(line, sizeof(line), log));
	snprintf(end, sizeof(end), "board slot bad ended count=%u\n",
	    old.n.sessions);
	cr_assert_not_null(strstr(line, end));
	cr_assert_null(fgets(line, sizeof(line), log));
	board_unmap(&old);
}
