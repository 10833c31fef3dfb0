/*
 * What every process of sockd does first and asks now and then: its name,
 * the descriptors of its kind and no others, the change of user that cannot
 * be undone, and the two pipes by which it learns that it is to end.
 *
 * Root is a place, never a mode: process_become() is called once, and what
 * it cannot prove it does not claim.
 */
#include "config.h"

#include "process.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "log.h"

/* The descriptors of struct process, as bits of what a kind keeps. */
enum {
	KEEP_LISTENERS = 1 << 0,
	KEEP_AUTH_ASK = 1 << 1,
	KEEP_AUTH_ANSWER = 1 << 2,
	KEEP_RESOLVER_ASK = 1 << 3,
	KEEP_RESOLVER_ANSWER = 1 << 4,
	KEEP_PARK_SEND = 1 << 5,
	KEEP_PARK_RECEIVE = 1 << 6,
	KEEP_WOKEN_SEND = 1 << 7,
	KEEP_WOKEN_RECEIVE = 1 << 8,
	KEEP_WAKE_SEND = 1 << 9,
	KEEP_ACCOUNT_WAKE_SEND = 1 << 10,
	KEEP_ACCOUNT_WAKE_RECEIVE = 1 << 11,
};

static const unsigned kept_by_kind[N_PROCESS_KINDS] = {
	[PROCESS_WORKER] = KEEP_LISTENERS | KEEP_AUTH_ASK | KEEP_RESOLVER_ASK |
	    KEEP_PARK_SEND | KEEP_WOKEN_RECEIVE | KEEP_WAKE_SEND |
	    KEEP_ACCOUNT_WAKE_SEND,
	[PROCESS_KEEPER] = KEEP_PARK_RECEIVE | KEEP_WOKEN_SEND |
	    KEEP_WAKE_SEND | KEEP_ACCOUNT_WAKE_SEND,
	[PROCESS_AUTH] = KEEP_AUTH_ANSWER,
	[PROCESS_RESOLVER] = KEEP_RESOLVER_ANSWER,
	[PROCESS_ACCOUNT] = KEEP_ACCOUNT_WAKE_RECEIVE,
};

/* A terminal and a service manager send these to the whole group; what they
 * mean for a child the master says, through the pipes. */
static const int masters_signals[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
				       SIGUSR2, SIGPIPE };

enum { USERS_MAX = 4, KEPT_MAX = LISTENERS_MAX + 16 };

/* Users looked up so far: a fork inherits what the master found. */
static struct {
	char	name[LOGIN_NAME_MAX];
	uid_t	uid;
	gid_t	gid;
} users[USERS_MAX];
static size_t n_users;

static pid_t parent;		/* as it was when this process began */

/* ---- descriptors ---- */

struct kept {
	int	fds[KEPT_MAX];
	size_t	n;
};

static void
keep(struct kept *kept, int fd)
{
	if (fd > STDERR_FILENO && kept->n < KEPT_MAX)
		kept->fds[kept->n++] = fd;
}

static void
keep_if(struct kept *kept, int *fd, bool wanted)
{
	if (wanted)
		keep(kept, *fd);
	else
		*fd = -1;
}

static int
compare_fds(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
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
		last = (int)sysconf(_SC_OPEN_MAX);
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
	unsigned k = kept_by_kind[p->kind];
	struct kept kept = { .n = 0 };

	keep(&kept, log_fd());
	keep(&kept, p->lifeline);
	keep(&kept, p->generation_end);
	keep(&kept, p->lock);
	keep_if(&kept, &p->auth_ask, k & KEEP_AUTH_ASK);
	keep_if(&kept, &p->auth_answer, k & KEEP_AUTH_ANSWER);
	keep_if(&kept, &p->resolver_ask, k & KEEP_RESOLVER_ASK);
	keep_if(&kept, &p->resolver_answer, k & KEEP_RESOLVER_ANSWER);
	keep_if(&kept, &p->park_send, k & KEEP_PARK_SEND);
	keep_if(&kept, &p->park_receive, k & KEEP_PARK_RECEIVE);
	keep_if(&kept, &p->woken_send, k & KEEP_WOKEN_SEND);
	keep_if(&kept, &p->woken_receive, k & KEEP_WOKEN_RECEIVE);
	keep_if(&kept, &p->wake_send, k & KEEP_WAKE_SEND);
	keep_if(&kept, &p->wake_receive, false);
	keep_if(&kept, &p->account_wake_send, k & KEEP_ACCOUNT_WAKE_SEND);
	keep_if(&kept, &p->account_wake_receive,
	    k & KEEP_ACCOUNT_WAKE_RECEIVE);
	if (!(k & KEEP_LISTENERS))
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

	for (size_t i = 0;
	    i < sizeof(masters_signals) / sizeof(masters_signals[0]); i++)
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
process_begin(const char *name, pid_t parent_pid)
{
	parent = parent_pid;
	restore_signals();
#ifdef HAVE_SYS_PRCTL_H
	prctl(PR_SET_NAME, name);
#endif
	process_follow_parent();
}

void
process_enter(struct process *p)
{
	char name[32];

	snprintf(name, sizeof(name), "sockd-%s", process_kind_name(p->kind));
	process_begin(name, getppid());
	close_what_is_not_ours(p);
	log_set_ident(name);
	if (process_is_orphan(p))	/* it went before PDEATHSIG was asked */
		_exit(0);
}

static bool
has_ended(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

bool
process_is_orphan(const struct process *p)
{
	return has_ended(p->lifeline);
}

bool
process_is_old(const struct process *p)
{
	return has_ended(p->generation_end);
}

/* ---- rights ---- */

int
process_find_user(const char *user, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;

	for (size_t i = 0; i < n_users; i++) {
		if (strcmp(users[i].name, user) != 0)
			continue;
		*uid = users[i].uid;
		*gid = users[i].gid;
		return 0;
	}
	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return -1;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	if (n_users < USERS_MAX && strlen(user) < sizeof(users[0].name)) {
		snprintf(users[n_users].name, sizeof(users[0].name), "%s",
		    user);
		users[n_users].uid = *uid;
		users[n_users].gid = *gid;
		n_users++;
	}
	return 0;
}

static int
change_user(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) == -1)
		return -1;
#if defined(HAVE_SETRESUID) && defined(HAVE_SETRESGID)
	if (setresgid(gid, gid, gid) == -1)
		return -1;
	return setresuid(uid, uid, uid);
#else
	if (setgid(gid) == -1)
		return -1;
	return setuid(uid);
#endif
}

/* All three ids are the new ones, and root cannot come back. */
static bool
is_proven(uid_t uid, gid_t gid)
{
#if defined(HAVE_SETRESUID) && defined(HAVE_SETRESGID)
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) == -1 || getresgid(&rg, &eg, &sg) == -1)
		return false;
	if (r != uid || e != uid || s != uid)
		return false;
	if (rg != gid || eg != gid || sg != gid)
		return false;
#else
	if (getuid() != uid || geteuid() != uid || getegid() != gid)
		return false;
#endif
	if (getgroups(0, NULL) != 0)
		return false;
	return uid == 0 || (setuid(0) == -1 && seteuid(0) == -1);
}

static int
become(const char *user)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return 0;		/* an ordinary user stays who it is */
	if (process_find_user(user, &uid, &gid) == -1) {
		log_err("user unknown user=%s error=\"%s\"", user,
		    errno != 0 ? strerror(errno) : "no such user");
		return -1;
	}
	if (change_user(uid, gid) == -1) {
		log_err("user change failed user=%s error=\"%s\"", user,
		    strerror(errno));
		return -1;
	}
	if (!is_proven(uid, gid)) {
		log_err("user change not proven user=%s", user);
		return -1;
	}
	return 0;
}

/* Nothing of this process may be read by a sibling, or stay on a disk. */
static void
leave_no_traces(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#if defined(HAVE_SYS_PRCTL_H) && !defined(SOCKD_SANITIZERS)
	/* LeakSanitizer traces the process that it looks at. */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int
process_become(const struct process *p, const char *user, bool no_new_privs)
{
	if (become(user) == -1)
		return -1;
#if HAVE_DECL_PR_SET_NO_NEW_PRIVS
	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_err("no_new_privs refused error=\"%s\"", strerror(errno));
		return -1;
	}
#endif
	(void)no_new_privs;
	leave_no_traces();
	process_follow_parent();	/* a change of user forgets it */
	if (process_is_orphan(p))
		_exit(0);
	return 0;
}

unsigned
process_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 64;		/* what sockd can do with */
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur > UINT_MAX ? UINT_MAX : (unsigned)limit.rlim_cur;
}
