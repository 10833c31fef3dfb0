/*
 * Birth and death in a helper family (the parent's side).
 *
 * A helper that dies before it took its first question could not start: the
 * next waits, 100 ms and then twice as long each time, 5 s at most.  One that
 * dies at a question is replaced at once; the question decides how often.
 */
#include "helper_family.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/elements.h"

enum {
	YOUNG_MS = 1000,	/* died at once */
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 5000,
	QUIET_MS = 10000,	/* a trouble is over */
};

static void
be_born(struct family *fam, unsigned seat, pid_t parent)
{
	struct helper_birth birth = { fam->p, fam->f, fam->row, seat, parent,
	    fam->poke[1] };

	close(fam->poke[0]);
	helper_child_run(&birth);
}

static int
fork_one(struct family *fam, uint64_t now_ms)
{
	unsigned seat = 0;
	pid_t parent = getpid(), pid;

	while (fam->helpers[seat].pid != 0)
		seat++;
	assert(seat < fam->f->max);
	atomic_store(&fam->row->seats[seat].state, SEAT_STARTING);
	pid = fork();
	if (pid == 0)
		be_born(fam, seat, parent);
	if (pid == -1) {
		atomic_store(&fam->row->seats[seat].state, SEAT_EMPTY);
		return -1;
	}
	fam->helpers[seat] = (struct helper){ .pid = pid, .born_ms = now_ms };
	fam->n++;
	return 0;
}

static void
back_off(struct family *fam, uint64_t now_ms, const char *why)
{
	fam->backoff_ms = fam->backoff_ms == 0 ? BACKOFF_MIN_MS :
	    fam->backoff_ms * 2;
	if (fam->backoff_ms > BACKOFF_MAX_MS)
		fam->backoff_ms = BACKOFF_MAX_MS;
	fam->fork_ms = now_ms + fam->backoff_ms;
	log_starts(&fam->dying, "family=%s why=\"%s\"", fam->f->name, why);
}

void
family_fork(struct family *fam, unsigned n, uint64_t now_ms)
{
	if (now_ms < fam->fork_ms)
		return;
	for (; n > 0 && fam->n < fam->f->max; n--) {
		if (fork_one(fam, now_ms) == -1) {
			back_off(fam, now_ms, strerror(errno));
			return;
		}
	}
}

static void
tell_death(struct family *fam, const struct helper *h, int status,
    uint64_t now_ms)
{
	if (h->killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return;
	fam->deaths.last_ms = now_ms;
	log_starts(&fam->deaths.told, "family=%s pid=%ld %s=%d",
	    fam->f->name, (long)h->pid,
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void
bury(struct family *fam, struct helper *h, int status, uint64_t now_ms)
{
	struct helper_seat *seat = &fam->row->seats[h - fam->helpers];

	tell_death(fam, h, status, now_ms);
	if (!h->killed && !h->leaving && now_ms - h->born_ms < YOUNG_MS &&
	    atomic_load(&seat->taken) == 0)
		back_off(fam, now_ms, "died at once");
	fam->taken += atomic_load(&seat->taken);
	memset(seat, 0, sizeof(*seat));
	h->pid = 0;
	fam->n--;
}

void
family_reap(struct family *fam, uint64_t now_ms)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < fam->f->max; i++)
			if (fam->helpers[i].pid == pid)
				bury(fam, &fam->helpers[i], status, now_ms);
}

void
family_kill_overrun(struct family *fam, uint64_t now_ms)
{
	for (unsigned i = 0; i < fam->f->max; i++) {
		struct helper *h = &fam->helpers[i];
		uint64_t ms = family_busy_ms(fam, i, now_ms);

		if (h->killed || ms < fam->f->timeout_ms)
			continue;
		fam->overruns.last_ms = now_ms;
		log_starts(&fam->overruns.told, "family=%s pid=%ld ms=%llu",
		    fam->f->name, (long)h->pid, (unsigned long long)ms);
		h->killed = true;
		kill(h->pid, SIGKILL);
	}
}

void
family_calm(struct family *fam, uint64_t now_ms)
{
	struct trouble *troubles[] = { &fam->deaths, &fam->overruns };

	for (size_t i = 0; i < N_ELEMENTS(troubles); i++)
		if (now_ms - troubles[i]->last_ms > QUIET_MS)
			log_ends(&troubles[i]->told);
}
