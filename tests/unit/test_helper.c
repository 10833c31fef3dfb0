/*
 * A helper family from outside: it answers, grows, kills what hangs, buries
 * what dies, and ends when it is told to.
 *
 * The helpers of these tests do what the name in the question says, and
 * answer with their pid in place of an address.
 */
#include "sockd/common/helper.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/message.h"
#include "sockd/common/asker.h"
#include "sockd/common/channel.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"

enum { PATIENCE_MS = 20000, SLEEP_MS = 400, ASKERS = 12 };

static struct board board;
static int channel[2], lifeline[2], generation[2];
static pid_t family_pid;
static struct asker askers[ASKERS];

static size_t
answer(void *arg, const uint8_t *buf, size_t len, uint8_t *out)
{
	struct resolve_answer a = { .verdict = RESOLVE_FOUND, .n_addrs = 1 };
	struct resolve_question q;
	uint8_t pid[4];
	pid_t self = getpid();

	(void)arg;
	if (!resolve_question_decode(buf, len, &q))
		return 0;
	if (strcmp(q.name, "crash") == 0)
		raise(SIGKILL);
	if (strcmp(q.name, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(q.name, "sleep") == 0)
		poll(NULL, 0, SLEEP_MS);
	if (strcmp(q.name, "leak") == 0 && open("/dev/null", O_RDONLY) == -1)
		return 0;
	memcpy(pid, &self, sizeof(pid));
	addr_from_ipv4(&a.addrs[0], pid, 0);
	a.serial = q.serial;
	return resolve_answer_encode(out, &a);
}

static bool
refuse(const struct process *p, void *started)
{
	(void)p;
	return write(*(int *)started, "", 1) == -1;
}

static void
start_family(const struct helper_family *options)
{
	struct helper_family f = *options;
	struct process p = { .kind = PROCESS_RESOLVER, .index = 1,
	    .board = &board };

	family_pid = fork();
	cr_assert_neq(family_pid, -1);
	if (family_pid != 0)
		return;
	close(lifeline[1]);
	close(generation[1]);
	p.lifeline = lifeline[0];
	p.generation_end = generation[0];
	f.name = "resolver";
	f.questions = channel[1];
	if (f.answer == NULL)
		f.answer = answer;
	if (f.timeout_ms == 0)
		f.timeout_ms = PATIENCE_MS;
	process_begin("sockd-test", getppid());
	helper_family_run(&p, &f);
	_exit(0);
}

static void
make(void)
{
	const struct board_sizes sizes = { .processes = 4, .session_max = 4,
	    .principals = 4, .places = 4, .rules = 4 };

	signal(SIGPIPE, SIG_IGN);
	log_open(open("/dev/null", O_WRONLY), LOG_DEBUG, "test");
	cr_assert_eq(board_create_private(&board, &sizes), 0);
	cr_assert_eq(channel_make(channel), 0);
	cr_assert_eq(pipe(lifeline), 0);
	cr_assert_eq(pipe(generation), 0);
	for (size_t i = 0; i < ASKERS; i++)
		asker_init(&askers[i], channel[0]);
}

static void
stop(void)
{
	close(lifeline[1]);
	if (family_pid > 0)
		waitpid(family_pid, NULL, 0);
}

TestSuite(helper, .init = make, .fini = stop, .timeout = 60);

static void
ask(struct asker *a, const char *what)
{
	struct resolve_question q = { .serial = asker_next(a) };
	uint8_t buf[MESSAGE_MAX];

	snprintf(q.name, sizeof(q.name), "%s", what);
	cr_assert_eq(asker_ask(a, buf, resolve_question_encode(buf, &q)), 0);
}

/* The pid of who answered; -1 if nobody will. */
static pid_t
await(struct asker *a)
{
	uint64_t due_ms = clock_ms() + PATIENCE_MS;
	struct resolve_answer got;
	uint8_t buf[MESSAGE_MAX];
	pid_t pid;
	ssize_t n;

	while ((n = asker_take(a, buf, sizeof(buf))) == 0) {
		struct pollfd pfd = { .fd = asker_fd(a), .events = POLLIN };

		cr_assert_lt(clock_ms(), due_ms, "no answer");
		poll(&pfd, 1, 100);
	}
	if (n == -1)
		return -1;
	cr_assert(resolve_answer_decode(buf, (size_t)n, &got));
	cr_assert_eq(got.n_addrs, (size_t)1);
	memcpy(&pid, got.addrs[0].ip, sizeof(pid));
	return pid;
}

/* Until no question waits in the channel. */
static void
await_taken(void)
{
	struct pollfd pfd = { .fd = channel[1], .events = POLLIN };
	uint64_t due_ms = clock_ms() + PATIENCE_MS;

	while (poll(&pfd, 1, 0) == 1) {
		cr_assert_lt(clock_ms(), due_ms, "nobody takes it");
		poll(NULL, 0, 1);
	}
}

static pid_t
ask_and_await(const char *what)
{
	ask(&askers[0], what);
	return await(&askers[0]);
}

/* Gone, or dead and not yet buried by whoever inherited it. */
static bool
is_dead(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state == 'Z' || state == 'X';
}

static void
await_death(pid_t pid)
{
	uint64_t due_ms = clock_ms() + PATIENCE_MS;

	while (!is_dead(pid)) {
		cr_assert_lt(clock_ms(), due_ms, "still there");
		poll(NULL, 0, 10);
	}
}

Test(helper, answers_and_says_ready)
{
	uint64_t due_ms = clock_ms() + PATIENCE_MS;

	start_family(&(struct helper_family){ .min = 2, .max = 4 });
	for (int i = 0; i < 500; i++)
		cr_assert_gt(ask_and_await("who"), 0);
	while (atomic_load(&board.processes[1].state) != PROCESS_IDLE) {
		cr_assert_lt(clock_ms(), due_ms, "never ready");
		poll(NULL, 0, 1);
	}
}

Test(helper, grows_while_questions_wait)
{
	uint64_t began_ms;
	pid_t pids[ASKERS];

	start_family(&(struct helper_family){ .min = 1, .max = ASKERS });
	cr_assert_gt(ask_and_await("who"), 0);
	began_ms = clock_ms();
	for (size_t i = 0; i < ASKERS; i++)
		ask(&askers[i], "sleep");
	for (size_t i = 0; i < ASKERS; i++)
		pids[i] = await(&askers[i]);
	/* one after another it would be 12 * 400 ms */
	cr_assert_lt(clock_ms() - began_ms, (uint64_t)(ASKERS * SLEEP_MS / 2));
	for (size_t i = 0; i < ASKERS; i++)
		cr_assert_gt(pids[i], 0);
}

Test(helper, does_not_grow_beyond_max)
{
	size_t n = 0;
	pid_t pids[ASKERS];

	start_family(&(struct helper_family){ .min = 1, .max = 3 });
	for (size_t i = 0; i < ASKERS; i++)
		ask(&askers[i], "sleep");
	for (size_t i = 0; i < ASKERS; i++) {
		pid_t pid = await(&askers[i]);
		size_t j = 0;

		while (j < n && pids[j] != pid)
			j++;
		pids[j] = pid;
		n = j == n ? n + 1 : n;
	}
	cr_assert_leq(n, (size_t)3);
	cr_assert_gt(n, (size_t)1);
}

Test(helper, one_that_hangs_delays_nobody_and_is_killed)
{
	uint64_t began_ms = clock_ms();

	start_family(&(struct helper_family){ .min = 1, .max = 4,
	    .timeout_ms = 1000 });
	ask(&askers[1], "hang");
	cr_assert_gt(ask_and_await("who"), 0);
	cr_assert_lt(clock_ms() - began_ms, (uint64_t)900);
	cr_assert_eq(await(&askers[1]), -1);
	cr_assert_geq(clock_ms() - began_ms, (uint64_t)1000);
	cr_assert_lt(clock_ms() - began_ms, (uint64_t)4000);
	cr_assert_gt(ask_and_await("who"), 0);
}

Test(helper, one_that_dies_is_told_at_once_and_replaced)
{
	uint64_t began_ms = clock_ms();

	start_family(&(struct helper_family){ .min = 1, .max = 1 });
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(ask_and_await("crash"), -1);
		cr_assert_gt(ask_and_await("who"), 0);
	}
	cr_assert_lt(clock_ms() - began_ms, (uint64_t)5000);
}

Test(helper, an_asker_that_has_gone_is_not_worked_for)
{
	uint64_t began_ms = clock_ms();

	start_family(&(struct helper_family){ .min = 1, .max = 1 });
	ask(&askers[1], "sleep");
	for (int i = 0; i < 50; i++) {
		ask(&askers[2], "sleep");
		asker_give_up(&askers[2]);
	}
	cr_assert_gt(ask_and_await("who"), 0);
	cr_assert_lt(clock_ms() - began_ms, (uint64_t)(10 * SLEEP_MS));
}

Test(helper, nonsense_is_ignored)
{
	int null = open("/dev/null", O_RDWR);

	start_family(&(struct helper_family){ .min = 1, .max = 1 });
	for (int i = 0; i < 10; i++) {
		channel_send(channel[0], "nonsense", 8, NULL, 0);
		channel_send(channel[0], "nonsense", 8, &null, 1);
		channel_send(channel[0], "", 0, NULL, 0);
		channel_send(channel[0], "", 0, &null, 1);
		channel_send(channel[0], "two", 3, (int[]){ null, null }, 2);
	}
	cr_assert_gt(ask_and_await("who"), 0);
}

Test(helper, retires_after_its_share_of_questions)
{
	pid_t first, second, third;

	start_family(&(struct helper_family){ .min = 1, .max = 1,
	    .retire_after = 2 });
	first = ask_and_await("who");
	second = ask_and_await("who");
	third = ask_and_await("who");
	cr_assert_eq(first, second);
	cr_assert_neq(second, third);
}

Test(helper, one_that_leaks_descriptors_is_replaced)
{
	pid_t first, pid;
	int n = 0;

	start_family(&(struct helper_family){ .min = 1, .max = 1 });
	first = pid = ask_and_await("leak");
	for (; n < 100 && pid == first; n++)
		pid = ask_and_await("leak");
	cr_assert_lt(n, 100);
	cr_assert_gt(n, 5);
	cr_assert_gt(pid, 0);
}

Test(helper, the_lifeline_ends_all_of_them)
{
	pid_t pid;

	start_family(&(struct helper_family){ .min = 2, .max = 2 });
	pid = ask_and_await("who");
	ask(&askers[1], "hang");
	await_taken();
	close(lifeline[1]);
	lifeline[1] = -1;
	await_death(pid);
	await_death(family_pid);
	cr_assert_eq(await(&askers[1]), -1);
}

Test(helper, helpers_die_with_their_parent)
{
	pid_t pid;

	start_family(&(struct helper_family){ .min = 1, .max = 1 });
	pid = ask_and_await("who");
	kill(family_pid, SIGKILL);
	await_death(pid);
}

Test(helper, a_generation_ends_without_losing_a_question)
{
	pid_t old = 0, pid;

	start_family(&(struct helper_family){ .min = 2, .max = 2 });
	old = ask_and_await("who");
	ask(&askers[1], "sleep");
	ask(&askers[2], "sleep");
	await_taken();
	close(generation[1]);
	for (size_t i = 3; i < ASKERS; i++)
		ask(&askers[i], "who");
	cr_assert_gt(await(&askers[1]), 0);
	cr_assert_gt(await(&askers[2]), 0);
	waitpid(family_pid, NULL, 0);
	cr_assert(is_dead(old));
	cr_assert_eq(pipe(generation), 0);
	start_family(&(struct helper_family){ .min = 1, .max = 2 });
	for (size_t i = 3; i < ASKERS; i++) {
		pid = await(&askers[i]);
		cr_assert_gt(pid, 0);
	}
}

Test(helper, those_that_cannot_start_are_not_forked_without_end)
{
	int started[2];
	char each[1000];
	ssize_t n;

	cr_assert_eq(pipe(started), 0);
	start_family(&(struct helper_family){ .min = 2, .max = 4,
	    .start = refuse, .arg = &started[1] });
	poll(NULL, 0, 1500);		/* a span to count in, not a wait */
	cr_assert(!is_dead(family_pid));
	n = read(started[0], each, sizeof(each));
	cr_assert_geq(n, 2);
	cr_assert_lt(n, 30);
}

Test(helper, a_surplus_leaves)
{
	pid_t pids[ASKERS];
	size_t left = ASKERS;
	uint64_t due_ms;

	start_family(&(struct helper_family){ .min = 1, .max = ASKERS });
	for (size_t i = 0; i < ASKERS; i++)
		ask(&askers[i], "sleep");
	for (size_t i = 0; i < ASKERS; i++)
		pids[i] = await(&askers[i]);
	due_ms = clock_ms() + PATIENCE_MS;
	while (left > 1 && clock_ms() < due_ms) {
		left = ASKERS;
		for (size_t i = 0; i < ASKERS; i++)
			left -= is_dead(pids[i]);
		poll(NULL, 0, 50);
	}
	cr_assert_leq(left, (size_t)1);
	cr_assert_gt(ask_and_await("who"), 0);
}
