/*
 * The board's file: how it is made, and that nothing else is taken for one.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "board_values.h"
#include "lib/elements.h"
#include "sockd/common/clock.h"

static const struct board_sizes sizes = { .processes = 4, .session_max = 10,
    .principals = 7, .places = 5, .rules = 3 };

static char dir_name[] = "/tmp/sockd-board.XXXXXX";
static int dir = -1;

static void
make_dir(void)
{
	cr_assert_neq(mkdtemp(dir_name), NULL);
	dir = open(dir_name, O_RDONLY | O_DIRECTORY);
	cr_assert_neq(dir, -1);
}

static void
remove_dir(void)
{
	unlinkat(dir, "board", 0);
	unlinkat(dir, "elsewhere", 0);
	close(dir);
	rmdir(dir_name);
}

TestSuite(board, .init = make_dir, .fini = remove_dir);

static int
open_board(int flags)
{
	int fd = openat(dir, "board", flags | O_CLOEXEC);

	cr_assert_neq(fd, -1);
	return fd;
}

Test(board, is_made_once_for_its_owner_only)
{
	struct board b;
	struct stat st;

	cr_assert_eq(board_create(&b, dir, &sizes), 0);
	cr_assert_eq(fstatat(dir, "board", &st, AT_SYMLINK_NOFOLLOW), 0);
	cr_assert_eq(st.st_mode, (mode_t)(S_IFREG | 0600));
	cr_assert_eq((size_t)st.st_size, b.size);
	cr_assert_geq((size_t)st.st_blocks * 512, b.size, "not allocated");
	cr_assert_eq(b.n.sessions, 2u * 10 + 4);
	cr_assert_eq(b.session_max, 10u);
	cr_assert_eq(board_waiting(&b), 0u);
	board_unmap(&b);
	cr_assert_eq(board_create(&b, dir, &sizes), -1);
	cr_assert_eq(errno, EEXIST);
}

Test(board, follows_no_link)
{
	struct board b;

	cr_assert_eq(symlinkat("elsewhere", dir, "board"), 0);
	cr_assert_eq(board_create(&b, dir, &sizes), -1);
	cr_assert_eq(faccessat(dir, "elsewhere", F_OK, 0), -1);
}

Test(board, refuses_sizes_beyond_its_words)
{
	struct board_sizes wrong[] = { sizes, sizes, sizes, sizes, sizes };
	struct board b;

	wrong[0].processes = 0xffff;
	wrong[1].session_max = UINT32_MAX;
	wrong[2].principals = UINT32_MAX;
	wrong[3].rules = BOARD_RULES_MAX + 1;
	wrong[4].places = 0;
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		cr_assert_eq(board_create(&b, dir, &wrong[i]), -1, "%zu", i);
		cr_assert_eq(errno, EINVAL);
		cr_assert_eq(faccessat(dir, "board", F_OK, 0), -1);
	}
}

Test(board, what_one_writes_the_other_reads)
{
	struct board made, opened;
	const char *why;
	int fd;

	cr_assert_eq(board_create(&made, dir, &sizes), 0);
	fd = open_board(O_RDWR);
	cr_assert_eq(board_open(&opened, fd, true, &why), 0);
	close(fd);
	for (uint32_t i = 0; i < made.n.sessions; i++)
		atomic_store(&made.sessions[i].id, 1000 + i);
	for (uint32_t i = 0; i < made.n.udp; i++)
		atomic_store(&made.udp[i].holder, 77 + i);
	for (uint32_t i = 0; i < opened.n.sessions; i++)
		cr_assert_eq(atomic_load(&opened.sessions[i].id), 1000 + i);
	for (uint32_t i = 0; i < opened.n.udp; i++)
		cr_assert_eq(atomic_load(&opened.udp[i].holder), 77 + i);
	cr_assert_eq(opened.session_max, made.session_max);
	board_unmap(&opened);
	board_unmap(&opened);		/* twice is once */
	board_unmap(&made);
}

/* Arrays neither overlap nor leave the file. */
Test(board, arrays_have_their_own_room)
{
	struct board b;

	cr_assert_eq(board_create(&b, dir, &sizes), 0);
	memset(b.processes, 1, sizeof(*b.processes) * b.n.processes);
	memset(b.states, 2, sizeof(*b.states) * b.n.sessions);
	memset(b.owners, 3, sizeof(*b.owners) * b.n.sessions);
	memset(b.sessions, 4, sizeof(*b.sessions) * b.n.sessions);
	memset(b.principals, 5, sizeof(*b.principals) * b.n.principals);
	memset(b.principal_keys, 6, sizeof(*b.principal_keys) *
	    b.n.principals);
	memset(b.places, 7, sizeof(*b.places) * b.n.places);
	memset(b.rules, 8, sizeof(*b.rules) * b.n.rules);
	memset(b.udp, 9, sizeof(*b.udp) * b.n.udp);
	cr_assert_eq(memcmp(b.header->magic, "sockdbrd", 8), 0);
	cr_assert_eq(atomic_load(&b.processes[3].state), 0x01010101u);
	cr_assert_eq(atomic_load(&b.states[23]), 0x02020202u);
	cr_assert_eq(atomic_load(&b.owners[23]), 0x0303030303030303u);
	cr_assert_eq(b.sessions[23].text[BOARD_TEXT_SIZE - 1], 4);
	cr_assert_eq(b.principals[6].name[255], 5);
	cr_assert_eq(atomic_load(&b.principal_keys[6]), 0x0606060606060606u);
	cr_assert_eq(atomic_load(&b.places[4].key), 0x0707070707070707u);
	cr_assert_eq(atomic_load(&b.rules[2].rate_up), 0x0808080808080808u);
	cr_assert_eq(b.udp[b.n.udp - 1].counts[7].name[63], 9);
	board_unmap(&b);
}

static void
expect_foreign(int fd, const char *what, size_t at)
{
	const char *why = NULL;
	struct board b;

	cr_assert_eq(board_open(&b, fd, false, &why), -1, "%s %zu", what,
	    at);
	cr_assert_eq(errno, EINVAL, "%s %zu", what, at);
	cr_assert_neq(why, NULL, "%s %zu", what, at);
}

/* Every octet up to the last number that has to fit the size. */
Test(board, every_wrong_octet_of_the_header_is_seen)
{
	const size_t end = offsetof(struct board_header, session_max);
	struct board b;
	uint8_t octet, wrong;
	int fd;

	cr_assert_eq(board_create(&b, dir, &sizes), 0);
	board_unmap(&b);
	fd = open_board(O_RDWR);
	for (size_t at = 0; at < end; at++) {
		cr_assert_eq(pread(fd, &octet, 1, (off_t)at), 1);
		for (int bit = 0; bit < 8; bit++) {
			/* the last page of an array has some room to spare */
			wrong = octet ^ (uint8_t)(0x80 >> bit);
			if (at >= offsetof(struct board_header, n_processes) &&
			    at % 4 == 0 && bit > 0)
				continue;
			cr_assert_eq(pwrite(fd, &wrong, 1, (off_t)at), 1);
			expect_foreign(fd, "octet", at);
		}
		cr_assert_eq(pwrite(fd, &octet, 1, (off_t)at), 1);
	}
	close(fd);
}

Test(board, every_other_length_is_seen)
{
	const char *why;
	struct board b;
	size_t size;
	int fd;

	cr_assert_eq(board_create(&b, dir, &sizes), 0);
	size = b.size;
	board_unmap(&b);
	fd = open_board(O_RDWR);
	cr_assert_eq(board_open(&b, fd, false, &why), 0);
	board_unmap(&b);
	for (size_t less = 1; less <= size; less += 997) {
		cr_assert_eq(ftruncate(fd, (off_t)(size - less)), 0);
		expect_foreign(fd, "short", less);
	}
	cr_assert_eq(ftruncate(fd, 0), 0);
	expect_foreign(fd, "empty", 0);
	cr_assert_eq(ftruncate(fd, (off_t)size), 0);
	expect_foreign(fd, "zeros", size);
	expect_foreign(dir, "a directory", 0);
	close(fd);
}

Test(board, ids_follow_the_clock_and_never_run_backwards)
{
	struct board b = small_board(4, 4);
	uint64_t now = clock_wall_us(), id = atomic_load(&b.header->next_id);

	cr_assert_geq(now, id);
	cr_assert_lt(now - id, 60000000u);
	board_seed_id(&b, now + 3600000000);
	cr_assert_eq(atomic_load(&b.header->next_id), now + 3600000000);
	board_seed_id(&b, 5);
	cr_assert_eq(atomic_load(&b.header->next_id), now + 3600000000);
	board_seed_id(&b, UINT64_MAX);	/* a stolen worker's word */
	cr_assert_eq(atomic_load(&b.header->next_id), now + 3600000000);
	board_unmap(&b);
}

/* ---- this machine's addresses ---- */

/* A list of n addresses that all say n. */
static size_t
list_of(struct addr list[BOARD_SELF_MAX], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		list[i] = client_address((uint8_t)n);
		list[i].port = (uint16_t)n;
	}
	return n;
}

Test(board, self_is_copied_whole)
{
	struct board b = small_board(4, 4);
	struct addr list[BOARD_SELF_MAX], out[BOARD_SELF_MAX];

	cr_assert_eq(board_self(&b, out), 0u);
	board_set_self(&b, list, list_of(list, 3));
	cr_assert_eq(board_self(&b, out), 3u);
	cr_assert(addr_equal_port(&out[2], &list[2]));
	board_set_self(&b, list, list_of(list, BOARD_SELF_MAX));
	cr_assert_eq(board_self(&b, out), (size_t)BOARD_SELF_MAX);
	atomic_store(&b.header->n_self, UINT32_MAX);
	cr_assert_eq(board_self(&b, out), (size_t)BOARD_SELF_MAX);
	/* a writer that died in between */
	atomic_fetch_or(&b.header->self_serial, 1);
	cr_assert_eq(board_self(&b, out), (size_t)BOARD_SELF_MAX);
	board_set_self(&b, list, list_of(list, 2));
	cr_assert_eq(atomic_load(&b.header->self_serial) % 2, 0u);
	cr_assert_eq(board_self(&b, out), 2u);
	board_unmap(&b);
}

enum { WRITES = 100000, GIVES_UP_MS = 100 };

/* One of the two lists, or what was there when the writer had lost its CPU
 * for so long that nobody waited any more. */
static bool
sees_one_list(const struct board *b)
{
	struct addr seen[BOARD_SELF_MAX];
	uint64_t began_ms = clock_ms();
	size_t got = board_self(b, seen);

	return got == 0 || clock_ms() - began_ms >= GIVES_UP_MS ||
	    (seen[0].port == got && seen[got - 1].port == got &&
	    seen[got / 2].port == got);
}

/* The writer has two lists; a reader must see one of them. */
static void
write_or_read(struct board *b, int child)
{
	struct addr lists[2][BOARD_SELF_MAX];
	size_t n[2] = { list_of(lists[0], 150), list_of(lists[1], 250) };

	for (unsigned i = 0; i < WRITES; i++) {
		if (child == 0)
			board_set_self(b, lists[i % 2], n[i % 2]);
		else if (!sees_one_list(b))
			_exit(1);
	}
}

Test(board, self_is_never_seen_half_written)
{
	struct board b = small_board(4, 4);

	in_children(&b, 3, write_or_read);
	board_unmap(&b);
}

/* ---- process slots, names ---- */

Test(board, process_slots_have_an_epoch_of_their_own)
{
	struct board b = small_board(4, 4);
	uint32_t epochs[8];

	for (int i = 0; i < 8; i++) {
		epochs[i] = process_claim(&b, (unsigned)i, PROCESS_WORKER, 3);
		cr_assert_neq(epochs[i], 0u);
		cr_assert_eq(atomic_load(&b.processes[i].epoch), epochs[i]);
	}
	process_set_state(&b, 5, PROCESS_BUSY);
	cr_assert_eq(atomic_load(&b.processes[5].state),
	    (uint32_t)PROCESS_BUSY);
	atomic_store(&b.processes[5].served, 7);
	process_free(&b, 5);
	cr_assert_neq(process_claim(&b, 5, PROCESS_KEEPER, 4), epochs[5]);
	cr_assert_eq(atomic_load(&b.processes[5].served), 0u);
	cr_assert_eq(atomic_load(&b.processes[5].state),
	    (uint32_t)PROCESS_STARTING);
	cr_assert_eq(atomic_load(&b.processes[5].generation), 4u);
	atomic_store(&b.processes[5].epoch, 0xffffff);
	process_free(&b, 5);
	cr_assert_eq(process_claim(&b, 5, PROCESS_KEEPER, 4), 1u);
	process_free(&b, 8);			/* beyond: nothing */
	process_set_state(&b, UINT32_MAX, PROCESS_IDLE);
	board_unmap(&b);
}

Test(board, owner_words_come_apart_as_they_were_made)
{
	uint64_t owner = owner_word(0xfffe, 0xabcdef, 0x123456);

	cr_assert_eq(owner_process(owner), 0xfffeu);
	cr_assert_eq(owner_epoch(owner), 0xabcdefu);
	cr_assert_eq(owner & 0xffffff, 0x123456u);
}

Test(board, everything_has_a_name)
{
	for (int i = 0; i < N_OUTCOMES; i++)
		cr_assert_neq(outcome_name(i), NULL, "%d", i);
	for (int i = 0; i < N_PROCESS_KINDS; i++)
		cr_assert_neq(process_kind_name(i), NULL, "%d", i);
	cr_assert_str_eq(outcome_name(OUTCOME_LOST), "lost");
	cr_assert_str_eq(outcome_name((enum outcome)999), "error");
	cr_assert_str_eq(process_kind_name((enum process_kind)-1), "none");
}
