/*
 * What every process does first: its name, the descriptors of its kind, a
 * user for good, and the two pipes.
 */
#include "sockd/common/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockd/common/clock.h"
#include "sockd/common/log.h"

enum { N_FDS = 64, PATIENCE_MS = 20000 };

static int lifeline[2], generation[2];

static void
make(void)
{
	log_open(open("/dev/null", O_WRONLY), LOG_DEBUG, "test");
	cr_assert_eq(pipe(lifeline), 0);
	cr_assert_eq(pipe(generation), 0);
}

TestSuite(process, .init = make, .timeout = 60);

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static int
any_fd(void)
{
	int fd = open("/dev/null", O_RDWR);

	cr_assert_geq(fd, 0);
	return fd;
}

/* A process with a descriptor in each place. */
static struct process
process_of(enum process_kind kind)
{
	struct process p = { .kind = kind, .lifeline = lifeline[0],
	    .generation_end = generation[0],
	    .auth_ask = any_fd(), .auth_answer = any_fd(),
	    .resolver_ask = any_fd(), .resolver_answer = any_fd(),
	    .park_send = any_fd(), .park_receive = any_fd(),
	    .woken_send = any_fd(), .woken_receive = any_fd(),
	    .wake_send = any_fd(), .wake_receive = any_fd(),
	    .account_wake_send = any_fd(), .account_wake_receive = any_fd(),
	    .lock = any_fd() };

	return p;
}

/* Run it in a child, which ends with 0 if all was well. */
static void
in_child(void (*run)(void))
{
	pid_t pid = fork();
	int status;

	cr_assert_neq(pid, -1);
	if (pid == 0) {
		run();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "signal %d", WTERMSIG(status));
	cr_assert_eq(WEXITSTATUS(status), 0, "step %d", WEXITSTATUS(status));
}

/* In the child: what does not hold ends it with its number. */
#define MUST(step, what) do { if (!(what)) _exit(step); } while (0)

static void
enter_as_worker(void)
{
	struct process p = process_of(PROCESS_WORKER), before = p;
	struct listener listeners[2] = { { .fd = any_fd() },
					 { .fd = any_fd() } };
	int stray = any_fd();
	char name[16];

	close(lifeline[1]);		/* the master has another copy */
	p.listeners = listeners;
	p.n_listeners = 2;
	lifeline[1] = -1;
	signal(SIGTERM, SIG_DFL);
	process_enter(&p);
	MUST(1, prctl(PR_GET_NAME, name) == 0);
	MUST(2, strcmp(name, "sockd-worker") == 0);
	MUST(3, !is_open(stray) && !is_open(generation[1]));
	MUST(4, is_open(listeners[0].fd) && is_open(listeners[1].fd));
	MUST(5, is_open(p.auth_ask) && is_open(p.resolver_ask));
	MUST(6, is_open(p.park_send) && is_open(p.woken_receive));
	MUST(7, is_open(p.lock) && is_open(p.lifeline));
	MUST(8, p.auth_answer == -1 && !is_open(before.auth_answer));
	MUST(9, p.resolver_answer == -1 && !is_open(before.resolver_answer));
	MUST(10, p.park_receive == -1 && !is_open(before.park_receive));
	MUST(11, p.woken_send == -1 && !is_open(before.woken_send));
	MUST(12, is_open(log_fd()));
	raise(SIGTERM);
	raise(SIGINT);
	raise(SIGHUP);
	raise(SIGUSR1);
}

static void
enter_as_auth(void)
{
	struct process p = process_of(PROCESS_AUTH), before = p;
	struct listener listener = { .fd = any_fd() };

	close(lifeline[1]);
	p.listeners = &listener;
	p.n_listeners = 1;
	process_enter(&p);
	MUST(1, is_open(p.auth_answer) && p.auth_ask == -1);
	MUST(2, !is_open(before.auth_ask) && !is_open(before.park_send));
	MUST(3, p.n_listeners == 0 && !is_open(listener.fd));
}

Test(process, a_worker_keeps_what_is_its_kinds)
{
	in_child(enter_as_worker);
}

Test(process, auth_keeps_what_is_its_kinds)
{
	in_child(enter_as_auth);
}

Test(process, the_lifeline_tells_the_end)
{
	struct process p = { .lifeline = lifeline[0],
	    .generation_end = generation[0] };

	cr_assert_not(process_is_orphan(&p));
	close(generation[1]);
	cr_assert_not(process_is_orphan(&p));
	close(lifeline[1]);
	cr_assert(process_is_orphan(&p));
}

static void
become_nobody(void)
{
	struct process p = { .lifeline = lifeline[0],
	    .generation_end = generation[0] };
	const struct passwd *pw = getpwnam("nobody");
	struct rlimit core;
	uid_t r, e, s;
	int sig = 0;

	MUST(1, pw != NULL);
	process_begin("sockd-test", getppid());
	MUST(2, process_become(&p, "nobody", true) == 0);
	MUST(3, getresuid(&r, &e, &s) == 0);
	MUST(4, r == pw->pw_uid && e == r && s == r);
	MUST(5, getgid() == pw->pw_gid && getgroups(0, NULL) == 0);
	MUST(6, setuid(0) == -1 && seteuid(0) == -1 && setgid(0) == -1);
	MUST(7, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	MUST(8, prctl(PR_GET_PDEATHSIG, &sig) == 0 && sig == SIGKILL);
	MUST(9, getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
}

static void
become_nobody_who_may_gain(void)
{
	struct process p = { .lifeline = lifeline[0],
	    .generation_end = generation[0] };

	process_begin("sockd-test", getppid());
	MUST(1, process_become(&p, "nobody", false) == 0);
	MUST(2, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

Test(process, becomes_its_user_for_good)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	in_child(become_nobody);
	in_child(become_nobody_who_may_gain);
}

Test(process, a_user_that_does_not_exist_is_an_error)
{
	struct process p = { .lifeline = lifeline[0],
	    .generation_end = generation[0] };
	uid_t uid;
	gid_t gid;

	cr_assert_eq(process_find_user("no such user", &uid, &gid), -1);
	if (geteuid() == 0)
		cr_assert_eq(process_become(&p, "no such user", true), -1);
}

static void
become_as_an_ordinary_user(void)
{
	struct process p = { .lifeline = lifeline[0],
	    .generation_end = generation[0] };
	uid_t uid;

	if (geteuid() == 0)
		MUST(1, setuid(65534) == 0);
	uid = getuid();
	process_begin("sockd-test", getppid());
	MUST(2, process_become(&p, "no such user", true) == 0);
	MUST(3, getuid() == uid && geteuid() == uid);
	MUST(4, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

Test(process, an_ordinary_user_stays_who_it_is)
{
	in_child(become_as_an_ordinary_user);
}

/* A master that dies, and a child of it that only waits. */
static pid_t
leave_an_orphan(bool becomes)
{
	int tell[2];
	pid_t master, child = 0;

	cr_assert_eq(pipe(tell), 0);
	master = fork();
	if (master == 0) {
		pid_t self = getpid();

		child = fork();
		if (child == 0) {
			struct process p = { .lifeline = lifeline[0],
			    .generation_end = generation[0] };

			process_begin("sockd-test", self);
			if (becomes)
				process_become(&p, "nobody", true);
			child = getpid();
			if (write(tell[1], &child, sizeof(child)) == -1)
				_exit(1);
		}
		for (;;)
			pause();
	}
	cr_assert_eq(read(tell[0], &child, sizeof(child)),
	    (ssize_t)sizeof(child));
	kill(master, SIGKILL);
	waitpid(master, NULL, 0);
	return child;
}

Test(process, a_child_dies_with_its_master_also_after_the_change_of_user)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int becomes = 0; becomes < 2; becomes++) {
		uint64_t due_ms = clock_ms() + PATIENCE_MS;
		pid_t child = leave_an_orphan(becomes);
		int status = 0;

		while (waitpid(child, &status, WNOHANG) == 0) {
			cr_assert_lt(clock_ms(), due_ms, "it lives");
			poll(NULL, 0, 5);
		}
		cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	}
}

Test(process, descriptors_are_raised_to_what_is_allowed)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = N_FDS;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq((rlim_t)process_raise_descriptors(), limit.rlim_max);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(limit.rlim_cur, limit.rlim_max);
}
