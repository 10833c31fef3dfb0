/*
 * The sandbox: for each kind what works, what is refused, and what is death.
 */
#include "config.h"

#include "lib/elements.h"
#include "sockd/common/sandbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(HAVE_SECCOMP) && !defined(SOCKD_SANITIZERS)
static const bool is_built = true;
#else
static const bool is_built = false;
#endif

/* Each returns -1 and errno if the kernel refuses. */

static int
do_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
do_create(void)
{
	return open("/tmp/sockd-test-sandbox", O_WRONLY | O_CREAT, 0600);
}

static int
do_fork(void)
{
	return fork() == -1 ? -1 : 0;
}

static int
do_exec(void)
{
	char *const argv[] = { NULL };

	return execve("/bin/true", argv, argv);
}

static int
do_kill(void)
{
	return kill(getppid(), 0);
}

static int
do_socket(void)
{
	return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
do_packet_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
do_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
do_own_sigio(void)
{
	return fcntl(0, F_SETOWN, getppid());
}

static int
do_change_flags(void)
{
	return fcntl(0, F_SETFL, 0);
}

static int
do_resolve(void)
{
	struct addrinfo *list;

	return getaddrinfo("localhost", NULL, NULL, &list) == 0 ? 0 : -1;
}

/* What everybody must be able to do. */
static int
do_daily_work(void)
{
	struct timespec ts = { 0, 1000 };
	time_t now = time(NULL);
	struct tm tm;
	int ends[2];
	char c;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1 ||
	    write(ends[1], "x", 1) != 1 || read(ends[0], &c, 1) != 1)
		return -1;
	if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return -1;
	if (poll(NULL, 0, 1) == -1 || nanosleep(&ts, NULL) == -1)
		return -1;
	return localtime_r(&now, &tm) != NULL ? 0 : -1;
}

static int
do_sockets(void)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int ends[2], one = 1;
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == -1 ||
	    send(ends[0], "x", 1, 0) != 1 || recv(ends[1], &c, 1, 0) != 1)
		return -1;
	if (setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, &one,
	    sizeof(one)) == -1 ||
	    getsockname(ends[0], (struct sockaddr *)&ss, &len) == -1)
		return -1;
	return shutdown(ends[0], SHUT_WR);
}

enum { WELL = 0, REFUSED = 1, DEATH = 2 };

static const struct {
	const char	*what;
	int		(*act)(void);
	int		worker, keeper, resolver, account;
} acts[] = {
	{ "daily work", do_daily_work, WELL, WELL, WELL, WELL },
	{ "sockets", do_sockets, WELL, WELL, REFUSED, REFUSED },
	{ "resolve", do_resolve, DEATH, DEATH, WELL, WELL },
	{ "socket", do_socket, WELL, REFUSED, WELL, REFUSED },
	{ "netlink", do_packet_socket, REFUSED, REFUSED, WELL, REFUSED },
	{ "code", do_map_code, REFUSED, REFUSED, WELL, REFUSED },
	{ "own SIGIO", do_own_sigio, REFUSED, REFUSED, REFUSED, WELL },
	{ "flags", do_change_flags, REFUSED, REFUSED, WELL, WELL },
	{ "open", do_open, DEATH, DEATH, WELL, WELL },
	{ "create", do_create, DEATH, DEATH, REFUSED, WELL },
	{ "fork", do_fork, DEATH, DEATH, REFUSED, REFUSED },
	{ "exec", do_exec, DEATH, DEATH, DEATH, DEATH },
	{ "kill", do_kill, DEATH, DEATH, DEATH, DEATH },
};

static int
try(enum process_kind kind, int (*act)(void))
{
	pid_t pid = fork();
	int status;

	cr_assert_neq(pid, -1);
	if (pid == 0) {
		if (sandbox_enter(kind) == -1)
			_exit(3);
		_exit(act() == -1 ? REFUSED : WELL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return DEATH;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
check(enum process_kind kind, const char *what, int (*act)(void), int due)
{
	int got = try(kind, act);

	cr_assert_eq(got, due, "%s: %s: %d, not %d", process_kind_name(kind),
	    what, got, due);
}

Test(sandbox, every_kind_has_what_it_needs_and_no_more)
{
	if (!is_built)
		cr_skip_test("no filter in this build");
	for (size_t i = 0; i < N_ELEMENTS(acts); i++) {
		check(PROCESS_WORKER, acts[i].what, acts[i].act,
		    acts[i].worker);
		check(PROCESS_KEEPER, acts[i].what, acts[i].act,
		    acts[i].keeper);
		check(PROCESS_RESOLVER, acts[i].what, acts[i].act,
		    acts[i].resolver);
		check(PROCESS_ACCOUNT, acts[i].what, acts[i].act,
		    acts[i].account);
	}
	unlink("/tmp/sockd-test-sandbox");
}

Test(sandbox, auth_and_master_have_none)
{
	cr_assert_eq(try(PROCESS_AUTH, do_fork), WELL);
	cr_assert_eq(try(PROCESS_MASTER, do_open), WELL);
}

Test(sandbox, is_prepared_once_for_many)
{
	cr_assert_eq(sandbox_prepare(PROCESS_WORKER), 0);
	cr_assert_eq(sandbox_prepare(PROCESS_WORKER), 0);
	cr_assert_eq(try(PROCESS_WORKER, do_daily_work), WELL);
	cr_assert_eq(try(PROCESS_WORKER, do_daily_work), WELL);
}
