/*
 * How a process gives up its rights: it becomes its user for good, and
 * leaves nothing of itself to be read.
 *
 * Root is a place, never a mode: process_become() is called once, and what
 * it cannot prove it does not claim.
 */
#include "config.h"

#include "process.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "lib/text.h"
#include "log.h"

enum { USERS_MAX = 4, FEWEST_DESCRIPTORS = 64 };

/* Users looked up so far: a fork inherits what the master found. */
static struct {
	char	name[LOGIN_NAME_MAX];
	uid_t	uid;
	gid_t	gid;
} users[USERS_MAX];
static size_t n_users;

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
		text_copy(users[n_users].name, sizeof(users[0].name), user);
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
		log_err("user unknown user=%s why=\"%s\"", user,
		    errno != 0 ? strerror(errno) : "no such user");
		return -1;
	}
	if (change_user(uid, gid) == -1) {
		log_err("user change failed user=%s why=\"%s\"", user,
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
		log_err("no_new_privs refused why=\"%s\"", strerror(errno));
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
		return FEWEST_DESCRIPTORS;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur > UINT_MAX ? UINT_MAX : (unsigned)limit.rlim_cur;
}

unsigned
process_keeper_room(void)
{
	enum { RESERVED = 48 };		/* channels, pipes, the log, the set */
	unsigned fds = process_raise_descriptors();

	return fds > 4 * RESERVED ? fds - RESERVED : fds / 2;
}
