/*
 * The parent of a helper family: it forks helpers, kills the one that hangs
 * and buries the one that died.
 *
 * It reads no question and no answer.  It sleeps in one poll(2): the two
 * pipes of every process, a pipe into which SIGCHLD and a helper that leaves
 * nobody idle write, and the channel while nobody is idle to take what comes.
 */
#include "helper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "fd.h"
#include "helper_family.h"
#include "lib/elements.h"

enum {
	TICK_MS = 1000,
	ENDING_MS = 50,		/* between signals to those who must leave */
};

static int poke_fd = -1;		/* the signal handler's */

static void
on_child(int sig)
{
	(void)sig;
	fd_poke(poke_fd);
}

/* Wake those that are to leave and wait for a question; the rest will see. */
static void
press_leaving(struct family *fam)
{
	for (unsigned i = 0; i < fam->f->max; i++)
		if (fam->helpers[i].leaving &&
		    family_state(fam, i) == SEAT_IDLE)
			kill(fam->helpers[i].pid, SIGUSR1);
}

static void
tell_board(const struct family *fam)
{
	uint64_t taken = fam->taken;

	for (unsigned i = 0; i < fam->f->max; i++)
		taken += atomic_load(&fam->row->seats[i].taken);
	atomic_store(&fam->p->board->processes[fam->p->index].served,
	    (uint32_t)taken);
}

static uint64_t
sooner(uint64_t due_ms, uint64_t other_ms)
{
	return other_ms != 0 ? clock_earlier(other_ms, due_ms) : due_ms;
}

/* When the first of the busy ones will have overrun; 0: none is busy. */
static uint64_t
next_overrun_ms(const struct family *fam, uint64_t now_ms)
{
	uint64_t longest_ms = 0;

	for (unsigned i = 0; i < fam->f->max; i++) {
		uint64_t ms = family_busy_ms(fam, i, now_ms);

		if (!fam->helpers[i].killed && ms > longest_ms)
			longest_ms = ms;
	}
	if (longest_ms == 0)
		return 0;
	return longest_ms >= fam->f->timeout_ms ? now_ms :
	    now_ms + fam->f->timeout_ms - longest_ms;
}

static int
wait_ms(const struct family *fam, uint64_t now_ms)
{
	uint64_t tick_ms = fam->f->timeout_ms / 2;	/* a short timeout */
	uint64_t due_ms;

	if (fam->ending)
		tick_ms = ENDING_MS;
	else if (tick_ms > TICK_MS)
		tick_ms = TICK_MS;
	due_ms = sooner(now_ms + tick_ms, next_overrun_ms(fam, now_ms));
	if (!fam->ending)
		due_ms = sooner(due_ms, fam->watch_ms);
	if (!fam->ending && fam->n < fam->f->min)
		due_ms = sooner(due_ms, fam->fork_ms);
	return due_ms > now_ms ? (int)(due_ms - now_ms) : 1;
}

/* Wait for news; false when the master has gone. */
static bool
wait_for_news(struct family *fam)
{
	struct pollfd pfds[] = {
		{ .fd = fam->p->lifeline, .events = POLLIN },
		{ .fd = fam->ending ? -1 : fam->p->generation_end,
		  .events = POLLIN },
		{ .fd = fam->poke[0], .events = POLLIN },
		{ .fd = fam->listens && !fam->ending ? fam->f->questions : -1,
		  .events = POLLIN },
	};

	if (poll(pfds, N_ELEMENTS(pfds), wait_ms(fam, clock_ms())) <= 0)
		return true;
	if (pfds[0].revents != 0)
		return false;
	if (pfds[1].revents != 0)
		fam->ending = true;
	if (pfds[2].revents != 0)
		fd_drain(fam->poke[0]);
	if (pfds[3].revents != 0 || (fam->watch_ms == 0 && !fam->listens &&
	    atomic_load(&fam->row->watched)))
		family_alarm(fam, clock_ms());
	return true;
}

static void
look_after(struct family *fam)
{
	uint64_t now_ms = clock_ms();

	family_reap(fam, now_ms);
	family_kill_overrun(fam, now_ms);
	if (fam->ending) {
		family_dismiss(fam, fam->n, true);
	} else {
		family_watch(fam, now_ms);
		family_shrink(fam, now_ms);
		family_refill(fam, now_ms);
	}
	press_leaving(fam);
	family_calm(fam, now_ms);
	tell_board(fam);
}

static int
open_family(struct family *fam)
{
	size_t size = sizeof(*fam->row) +
	    fam->f->max * sizeof(fam->row->seats[0]);
	struct sigaction child = { .sa_handler = on_child,
	    .sa_flags = SA_RESTART | SA_NOCLDSTOP };

	assert(fam->f->min >= 1 && fam->f->min <= fam->f->max);
	assert(fam->f->max <= HELPERS_MAX);
	fam->helpers = calloc(fam->f->max, sizeof(*fam->helpers));
	fam->row = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fam->helpers == NULL || fam->row == MAP_FAILED)
		return -1;
	if (pipe2(fam->poke, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	poke_fd = fam->poke[1];
	sigemptyset(&child.sa_mask);
	sigaction(SIGCHLD, &child, NULL);
	return channel_block(fam->f->questions);
}

static void
kill_all(struct family *fam)
{
	for (unsigned i = 0; i < fam->f->max; i++)
		if (fam->helpers[i].pid != 0)
			kill(fam->helpers[i].pid, SIGKILL);
}

int
helper_family_run(const struct process *p, const struct helper_family *f)
{
	struct family fam = { .p = p, .f = f, .burst = 1, .spare = f->max,
	    .crowded = { .what = "helpers are all busy" },
	    .dying = { .what = "helpers cannot start" },
	    .deaths.told = { .what = "helper died" },
	    .overruns.told = { .what = "helper overran" } };

	if (open_family(&fam) == -1) {
		log_err("helpers impossible family=%s why=\"%s\"", f->name,
		    strerror(errno));
		return -1;
	}
	family_refill(&fam, clock_ms());
	process_set_state(p->board, p->index, PROCESS_IDLE);
	while (wait_for_news(&fam)) {
		look_after(&fam);
		if (fam.ending && fam.n == 0)
			return 0;
	}
	kill_all(&fam);
	return 0;
}
