/*
 * What every process of sockd does first and asks now and then: its name,
 * its signals, the descriptors of its kind and no others, and the two pipes
 * by which it learns that it is to end.
 */
#include "config.h"

#include "process.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "lib/elements.h"
#include "log.h"

enum {
	WORKER = 1 << PROCESS_WORKER,
	KEEPER = 1 << PROCESS_KEEPER,
	AUTH = 1 << PROCESS_AUTH,
	RESOLVER = 1 << PROCESS_RESOLVER,
	ACCOUNT = 1 << PROCESS_ACCOUNT,
	EVERYONE = WORKER | KEEPER | AUTH | RESOLVER | ACCOUNT,
};

/* The descriptors of struct process, and which kinds keep them. */
#define AT(field) offsetof(struct process, field)
static const struct {
	size_t		at;
	unsigned	kinds;
} descriptors[] = {
	{ AT(lifeline), EVERYONE },
	{ AT(generation_end), EVERYONE },
	{ AT(lock), EVERYONE },
	{ AT(auth_ask), WORKER },
	{ AT(auth_answer), AUTH },
	{ AT(resolver_ask), WORKER },
	{ AT(resolver_answer), RESOLVER },
	{ AT(park_send), WORKER },
	{ AT(park_receive), KEEPER },
	{ AT(woken_send), KEEPER },
	{ AT(woken_receive), WORKER },
	{ AT(wake_send), WORKER | KEEPER },
	{ AT(wake_receive), 0 },
	{ AT(account_wake_send), WORKER | KEEPER },
	{ AT(account_wake_receive), ACCOUNT },
};
#undef AT

enum { N_DESCRIPTORS = N_ELEMENTS(descriptors) };

/* A terminal and a service manager send these to the whole group; what they
 * mean for a child the master says, through the pipes. */
static const int masters_signals[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
				       SIGUSR2, SIGPIPE };

const char process_lock_file[] = "sockd.lock";

static pid_t parent;		/* as it was when this process began */

/* ---- descriptors ---- */

/* Those above standard error that stay open, in any order. */
struct kept {
	int	fds[2 * LISTENERS_MAX + N_DESCRIPTORS + 1];
	size_t	n;
};

static void
keep(struct kept *kept, int fd)
{
	if (fd <= STDERR_FILENO)
		return;
	assert(kept->n < N_ELEMENTS(kept->fds));
	kept->fds[kept->n++] = fd;
}

static int
compare_fds(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* No descriptor above this one is open.  Half a million may be allowed. */
static int
highest_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	long highest = -1;

	if (dir == NULL)
		return (int)sysconf(_SC_OPEN_MAX);
	while ((entry = readdir(dir)) != NULL) {
		long fd = strtol(entry->d_name, NULL, 10);

		if (fd > highest)
			highest = fd;
	}
	closedir(dir);
	return (int)highest;
}

static void
close_between(int first, int last)
{
	if (first > last)
		return;
#ifdef HAVE_CLOSE_RANGE
	if (close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
#endif
	if (last == INT_MAX)
		last = highest_open();
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

/* Close everything but standard input, output, error and what is kept. */
static void
close_others(struct kept *kept)
{
	int next = STDERR_FILENO + 1;

	qsort(kept->fds, kept->n, sizeof(kept->fds[0]), compare_fds);
	for (size_t i = 0; i < kept->n; i++) {
		close_between(next, kept->fds[i] - 1);
		next = kept->fds[i] + 1;
	}
	close_between(next, INT_MAX);
}

static void
close_what_is_not_ours(struct process *p)
{
	unsigned kind = 1U << p->kind;
	struct kept kept = { .n = 0 };

	keep(&kept, log_fd());
	for (size_t i = 0; i < N_DESCRIPTORS; i++) {
		int *fd = (int *)(void *)((char *)p + descriptors[i].at);

		if (descriptors[i].kinds & kind)
			keep(&kept, *fd);
		else
			*fd = -1;
	}
	if (!(kind & WORKER))
		p->n_listeners = 0;
	for (size_t i = 0; i < p->n_listeners; i++)
		keep(&kept, p->listeners[i].fd);
	close_others(&kept);
}

/* ---- life ---- */

static void
restore_signals(void)
{
	sigset_t none;

	for (size_t i = 0; i < N_ELEMENTS(masters_signals); i++)
		signal(masters_signals[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
process_follow_parent(void)
{
#if HAVE_DECL_PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	if (getppid() != parent)
		_exit(0);
}

void
process_set_name(const char *name)
{
#ifdef HAVE_SYS_PRCTL_H
	prctl(PR_SET_NAME, name);
#else
	(void)name;
#endif
}

void
process_begin(const char *name, pid_t parent_pid)
{
	parent = parent_pid;
	restore_signals();
	process_set_name(name);
	process_follow_parent();
}

/*
 * Who is woken waits for whoever woke it to finish, and then finds all of it
 * at once: 16 UDP associations on two cores make 220,000 echoes a second
 * instead of 85,000, 16 clients 11,600 sessions instead of 9,900.  Where a
 * CPU is idle it changes nothing.  No SCHED_RESET_ON_FORK: systemd's
 * RestrictRealtime= takes it for a policy that it forbids.
 */
static void
serve_in_batches(void)
{
#if defined(HAVE_SCHED_SETSCHEDULER) && defined(SCHED_BATCH)
	const struct sched_param none = { 0 };

	sched_setscheduler(0, SCHED_BATCH, &none);
#endif
}

void
process_enter(struct process *p)
{
	char name[32];

	snprintf(name, sizeof(name), "sockd-%s", process_kind_name(p->kind));
	process_begin(name, getppid());
	close_what_is_not_ours(p);
	log_set_ident(name);
	serve_in_batches();
	if (process_is_orphan(p))	/* it went before PDEATHSIG was asked */
		_exit(0);
}

bool
process_is_orphan(const struct process *p)
{
	struct pollfd pfd = { .fd = p->lifeline, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

bool
process_is_old(const struct process *p, const struct board *b)
{
	return atomic_load(&b->header->generation) != p->generation;
}
