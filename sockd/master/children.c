/*
 * The master's children.  Every child is forked here, and reaped here; who
 * dies is declared dead here and nowhere else: its process slot is freed, its
 * sessions end as lost.
 *
 * Who lives is said by the table here.  The board shows it to others, and a
 * stolen worker can write to it.
 */
#include "children.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockd/account/account.h"
#include "sockd/auth/auth.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"
#include "sockd/keeper/keeper.h"
#include "sockd/resolver/resolver.h"
#include "sockd/worker/worker.h"

enum { YOUNG_MS = 1000, DELAY_MIN_MS = 100, DELAY_MAX_MS = 5000 };

typedef void main_fn(struct process *);

/* The table of mains: the one place where process folders meet. */
static main_fn *const mains[N_PROCESS_KINDS] = {
	[PROCESS_WORKER] = worker_main,
	[PROCESS_KEEPER] = keeper_main,
	[PROCESS_AUTH] = auth_main,
	[PROCESS_RESOLVER] = resolver_main,
	[PROCESS_ACCOUNT] = account_main,
};

static struct log_condition no_fork = { .what = "fork failing" };
static struct log_condition no_slot = { .what = "process slots used up" };

int
children_init(struct children *c)
{
	int pipe_fds[2];

	c->n = c->base.board->n.processes;
	c->by_index = calloc(c->n, sizeof(*c->by_index));
	if (c->by_index == NULL || pipe2(pipe_fds, O_CLOEXEC) == -1)
		return -1;
	c->base.lifeline = pipe_fds[0];
	c->lifeline = pipe_fds[1];
	children_hide(c, c->lifeline);
	for (int kind = 0; kind < N_PROCESS_KINDS; kind++) {
		c->broods[kind].end[0] = c->broods[kind].end[1] = -1;
		if (mains[kind] != NULL &&
		    pipe2(c->broods[kind].end, O_CLOEXEC) == -1)
			return -1;
	}
	return 0;
}

void
children_free(struct children *c)
{
	free(c->by_index);
	c->by_index = NULL;
}

void
children_hide(struct children *c, int fd)
{
	assert(c->n_private < PRIVATE_FDS_MAX);
	c->private_fds[c->n_private++] = fd;
}

/* In the child: close what is the master's alone, then be what we are. */
static _Noreturn void
become(struct children *c, struct process *p)
{
	for (size_t i = 0; i < c->n_private; i++)
		close(c->private_fds[i]);
	for (int kind = 0; kind < N_PROCESS_KINDS; kind++) {
		struct brood *b = &c->broods[kind];

		if (b->end[1] != -1)
			close(b->end[1]);
		if (b->end[0] != -1 && kind != (int)p->kind)
			close(b->end[0]);
	}
	mains[p->kind](p);
	_exit(1);			/* no main returns */
}

static void
remember(struct children *c, const struct process *p, pid_t pid)
{
	c->by_index[p->index] = (struct child){
		.pid = pid,
		.kind = p->kind,
		.generation = p->generation,
		.epoch = p->epoch,
		.round = c->broods[p->kind].round,
		.started_ms = clock_ms(),
	};
	atomic_store(&p->board->processes[p->index].pid, (int32_t)pid);
	c->broods[p->kind].living++;
	c->broods[p->kind].bereaved = false;
}

/* The first slot without a child of ours; c->n if all have one. */
static uint32_t
vacant_index(const struct children *c)
{
	uint32_t i = 0;

	while (i < c->n && c->by_index[i].pid != 0)
		i++;
	return i;
}

bool
child_start(struct children *c, enum process_kind kind)
{
	struct brood *brood = &c->broods[kind];
	struct process p = c->base;
	pid_t pid;

	if (brood->end[1] == -1 || clock_ms() < brood->not_before_ms)
		return false;
	p.index = vacant_index(c);
	if (p.index == c->n) {
		log_starts(&no_slot, "kind=%s slots=%u",
		    process_kind_name(kind), p.board->n.processes);
		return false;
	}
	log_ends(&no_slot);
	p.kind = kind;
	p.epoch = process_claim(p.board, p.index, kind, p.generation);
	p.generation_end = brood->end[0];
	pid = fork();
	if (pid == 0)
		become(c, &p);
	if (pid == -1) {
		log_starts(&no_fork, "kind=%s why=\"%s\"",
		    process_kind_name(kind), strerror(errno));
		process_free(p.board, p.index);
		brood->not_before_ms = clock_ms() + DELAY_MIN_MS;
		return false;
	}
	log_ends(&no_fork);
	remember(c, &p, pid);
	return true;
}

/* Who dies young is started later and later. */
static void
back_off(struct brood *b, const struct child *child)
{
	uint64_t now_ms = clock_ms();

	if (now_ms - child->started_ms >= YOUNG_MS) {
		b->delay_ms = 0;
		return;
	}
	b->delay_ms = b->delay_ms == 0 ? DELAY_MIN_MS : b->delay_ms * 2;
	if (b->delay_ms > DELAY_MAX_MS)
		b->delay_ms = DELAY_MAX_MS;
	b->not_before_ms = now_ms + b->delay_ms;
}

static void
tell_death(const struct child *child, int status, unsigned lost)
{
	const char *kind = process_kind_name(child->kind);

	if (WIFSIGNALED(status))
		log_warning("child died kind=%s pid=%ld signal=%d lost=%u",
		    kind, (long)child->pid, WTERMSIG(status), lost);
	else if (WEXITSTATUS(status) != 0)
		log_warning("child failed kind=%s pid=%ld status=%d lost=%u",
		    kind, (long)child->pid, WEXITSTATUS(status), lost);
	else
		log_debug("child ended kind=%s pid=%ld", kind,
		    (long)child->pid);
}

/*
 * Of those that wait for a shared descriptor the kernel wakes one.  If that
 * one is killed then, the others hear of nothing until more comes; one that
 * joins them sees what is there, and so each that was killed is replaced.
 */
static void
bury(struct children *c, uint32_t index, int status)
{
	struct child *child = &c->by_index[index];
	struct brood *brood = &c->broods[child->kind];
	unsigned lost = 0;

	if (child->kind == PROCESS_WORKER || child->kind == PROCESS_KEEPER)
		lost = slot_bury(c->base.board, index, child->epoch);
	tell_death(child, status, lost);
	if (child->round == brood->round)
		brood->living--;
	else
		brood->old--;
	if (status != 0 && !child->leaving)
		back_off(brood, child);
	brood->bereaved |= status != 0;
	process_free(c->base.board, index);
	*child = (struct child){ 0 };
}

unsigned
children_reap(struct children *c)
{
	unsigned n = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (uint32_t i = 0; i < c->n; i++) {
			if (c->by_index[i].pid != pid)
				continue;
			bury(c, i, status);
			n++;
			break;
		}
	}
	return n;
}

static void
mark_leaving(struct children *c, enum process_kind kind)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->by_index[i].pid != 0 && c->by_index[i].kind == kind)
			c->by_index[i].leaving = true;
}

int
children_renew(struct children *c, enum process_kind kind)
{
	struct brood *b = &c->broods[kind];
	int end[2];

	if (pipe2(end, O_CLOEXEC) == -1)
		return -1;
	close(b->end[0]);
	close(b->end[1]);
	b->end[0] = end[0];
	b->end[1] = end[1];
	b->round++;
	b->old += b->living;
	b->living = 0;
	b->not_before_ms = b->delay_ms = 0;
	mark_leaving(c, kind);
	return 0;
}

void
children_end(struct children *c, enum process_kind kind)
{
	struct brood *b = &c->broods[kind];

	if (b->end[1] == -1)
		return;
	close(b->end[0]);
	close(b->end[1]);
	b->end[0] = b->end[1] = -1;
	mark_leaving(c, kind);
}

void
children_kill(const struct children *c, enum process_kind kind, int sig)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->by_index[i].pid != 0 && c->by_index[i].kind == kind)
			kill(c->by_index[i].pid, sig);
}

unsigned
children_count(const struct children *c, enum process_kind kind)
{
	return c->broods[kind].living + c->broods[kind].old;
}

bool
children_has_old_idle(const struct children *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct child *child = &c->by_index[i];

		if (child->pid != 0 && child->kind == PROCESS_WORKER &&
		    child->generation != c->base.generation &&
		    atomic_load(&c->base.board->processes[i].state) ==
		    PROCESS_IDLE)
			return true;
	}
	return false;
}

uint64_t
children_patience_ms(const struct children *c)
{
	uint64_t now_ms = clock_ms(), least_ms = UINT64_MAX;

	for (int kind = 0; kind < N_PROCESS_KINDS; kind++) {
		uint64_t due_ms = c->broods[kind].not_before_ms;

		if (due_ms > now_ms && due_ms - now_ms < least_ms)
			least_ms = due_ms - now_ms;
	}
	return least_ms;
}
