/*
 * What a process may ask of the kernel once it is ready (seccomp).
 *
 * A table of groups, each with the kinds that it is for.  A call that no
 * group names ends in EPERM, because a library may ask for something that it
 * can do without; one that only a stolen process would make ends the process
 * (SIGSYS), and the master tells which.
 *
 * The program is compiled once and inherited by forks (sandbox_prepare);
 * entering it is one system call.
 */
#include "config.h"

#include "sandbox.h"

#include <errno.h>

#if defined(HAVE_SECCOMP) && !defined(SOCKD_SANITIZERS)

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/sockios.h>

#include "lib/elements.h"
#include "log.h"

enum {
	WORKER = 1 << PROCESS_WORKER,
	KEEPER = 1 << PROCESS_KEEPER,
	RESOLVER = 1 << PROCESS_RESOLVER,
	ACCOUNT = 1 << PROCESS_ACCOUNT,
	CONFINED = WORKER | KEEPER | RESOLVER | ACCOUNT,
	RELAYING = WORKER | KEEPER,
	READING = RESOLVER | ACCOUNT,		/* of files */
};

/*
 * Allowed whatever the arguments; a name unknown to this machine is none.
 *
 * Workers and keepers: sockets, pipes, memory, clocks; nothing that opens a
 * file, makes a process or reaches another one.  Resolvers may read files,
 * because getaddrinfo(3) does, and load the modules that nsswitch.conf
 * names.  The accountant may write files and has no network.  Auth has no
 * filter: no table fits what PAM modules do.
 */
static const struct group {
	unsigned	kinds;
	const char	*calls[24];
} groups[] = {
	{ CONFINED, { "read", "readv", "write", "writev", "lseek", "close",
	    "dup", "pipe2" } },
	{ CONFINED, { "poll", "ppoll", "ppoll_time64", "epoll_create1",
	    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2" } },
	{ CONFINED, { "brk", "munmap", "mremap", "madvise", "futex",
	    "futex_time64", "sched_yield", "getrandom" } },
	{ CONFINED, { "clock_gettime", "clock_gettime64", "clock_nanosleep",
	    "clock_nanosleep_time64", "nanosleep", "gettimeofday",
	    "restart_syscall" } },
	{ CONFINED, { "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	    "sigreturn", "exit", "exit_group" } },
	{ CONFINED, { "getpid", "gettid", "getppid" } },
	/* syslog(3) may have to connect to /dev/log again */
	{ CONFINED, { "connect", "sendto", "sendmsg", "recvfrom", "recvmsg",
	    "getsockname", "getpeername", "getsockopt", "setsockopt",
	    "shutdown" } },
	{ RELAYING | RESOLVER, { "recvmmsg", "recvmmsg_time64", "sendmmsg",
	    "bind" } },
	{ RELAYING, { "accept4", "listen", "splice" } },
	{ READING, { "getuid", "geteuid", "getgid", "getegid", "uname",
	    "eventfd2", "select", "pselect6" } },
	{ READING, { "fstat", "fstat64", "stat", "stat64", "lstat",
	    "lstat64", "newfstatat", "fstatat64", "statx", "fstatfs",
	    "statfs", "access", "faccessat", "faccessat2", "readlink",
	    "readlinkat", "getdents64", "getcwd", "pread64", "fadvise64",
	    "flock", "sysinfo", "sched_getaffinity" } },
	{ ACCOUNT, { "open", "openat", "unlink", "unlinkat", "rename",
	    "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "pwrite64",
	    "ftruncate", "ftruncate64", "fsync", "fdatasync", "fallocate",
	    "fchmod", "fchown", "chmod", "umask", "utimensat", "fcntl",
	    "fcntl64" } },
};

/* Allowed if (argument & mask) == value. */
static const struct condition {
	unsigned	kinds;
	const char	*call;
	unsigned	arg;
	uint64_t	mask, value;
} conditions[] = {
	{ RELAYING | ACCOUNT, "mmap", 2, PROT_EXEC, 0 },
	{ RELAYING | ACCOUNT, "mmap2", 2, PROT_EXEC, 0 },
	{ RELAYING | ACCOUNT, "mprotect", 2, PROT_EXEC, 0 },
	{ RESOLVER, "mmap", 2, 0, 0 },		/* modules of NSS */
	{ RESOLVER, "mmap2", 2, 0, 0 },
	{ RESOLVER, "mprotect", 2, 0, 0 },
	{ RESOLVER, "open", 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ RESOLVER, "openat", 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CONFINED, "socket", 0, ~0ULL, AF_UNIX },
	{ WORKER | RESOLVER, "socket", 0, ~0ULL, AF_INET },
	{ WORKER | RESOLVER, "socket", 0, ~0ULL, AF_INET6 },
	{ RESOLVER, "socket", 0, ~0ULL, AF_NETLINK },
	{ RELAYING, "socketpair", 0, ~0ULL, AF_UNIX },
	{ CONFINED, "prlimit64", 2, ~0ULL, 0 },	/* look, do not set */
	{ CONFINED, "ioctl", 1, ~0U, FIONREAD },
	{ CONFINED, "ioctl", 1, ~0U, SIOCATMARK },
	{ CONFINED, "ioctl", 1, ~0U, SIOCOUTQ },
	/* not F_SETOWN, which sends signals to whom it likes */
	{ RELAYING | RESOLVER, "fcntl", 1, ~0U, F_GETFD },
	{ RELAYING | RESOLVER, "fcntl", 1, ~0U, F_SETFD },
	{ RELAYING | RESOLVER, "fcntl", 1, ~0U, F_GETFL },
	/* not F_SETFL where it is not needed: others share the listeners, the
	 * channels and the log, which O_APPEND keeps as it was written */
	{ RESOLVER, "fcntl", 1, ~0U, F_SETFL },
	{ RELAYING | RESOLVER, "fcntl", 1, ~0U, F_DUPFD_CLOEXEC },
	{ RELAYING | RESOLVER, "fcntl", 1, ~0U, F_GETPIPE_SZ },
	{ RELAYING | RESOLVER, "fcntl", 1, ~0U, F_SETPIPE_SZ },
};

/*
 * No library asks for these by chance: whoever does is not our code.  The
 * rest of what could do harm ends in EPERM like everything unnamed; a filter
 * is walked at every start, so it names what matters.
 */
static const struct group deadly[] = {
	{ RELAYING, { "open", "openat", "openat2", "creat", "clone",
	    "clone3" } },
	{ CONFINED, { "execve", "execveat", "fork", "vfork", "kill",
	    "ptrace", "process_vm_writev", "mount", "bpf" } },
};

/* A compiled table. */
static struct program {
	struct sock_filter	*code;
	size_t			size;		/* octets */
} programs[N_PROCESS_KINDS];

static int
add_groups(scmp_filter_ctx ctx, const struct group *g, size_t n,
    unsigned kind, uint32_t action)
{
	for (const struct group *end = g + n; g < end; g++) {
		if (!(g->kinds & kind))
			continue;
		for (size_t i = 0; i < N_ELEMENTS(g->calls) &&
		    g->calls[i] != NULL; i++) {
			int nr = seccomp_syscall_resolve_name(g->calls[i]);

			if (nr != __NR_SCMP_ERROR &&
			    seccomp_rule_add(ctx, action, nr, 0) != 0)
				return -1;
		}
	}
	return 0;
}

static int
add_conditions(scmp_filter_ctx ctx, unsigned kind)
{
	for (size_t i = 0; i < N_ELEMENTS(conditions); i++) {
		const struct condition *c = &conditions[i];
		int nr = seccomp_syscall_resolve_name(c->call);
		struct scmp_arg_cmp cmp = { c->arg, SCMP_CMP_MASKED_EQ,
		    c->mask, c->value };

		if (!(c->kinds & kind) || nr == __NR_SCMP_ERROR)
			continue;
		if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr,
		    c->mask != 0, &cmp) != 0)
			return -1;
	}
	return 0;
}

static int
fill(scmp_filter_ctx ctx, unsigned kind)
{
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (add_groups(ctx, deadly, N_ELEMENTS(deadly), kind,
	    SCMP_ACT_KILL_PROCESS) == -1)
		return -1;
	if (add_groups(ctx, groups, N_ELEMENTS(groups), kind,
	    SCMP_ACT_ALLOW) == -1)
		return -1;
	return add_conditions(ctx, kind);
}

/* libseccomp gives its program to a descriptor: by a pipe, back to us. */
static int
read_program(scmp_filter_ctx ctx, struct program *p)
{
	enum { PROGRAM_MAX = BPF_MAXINSNS * sizeof(struct sock_filter) };
	int ends[2];
	ssize_t n = -1;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	p->code = malloc(PROGRAM_MAX);
	if (p->code != NULL && seccomp_export_bpf(ctx, ends[1]) == 0)
		n = read(ends[0], p->code, PROGRAM_MAX);
	close(ends[0]);
	close(ends[1]);
	if (n <= 0 || (size_t)n % sizeof(*p->code) != 0) {
		free(p->code);
		p->code = NULL;
		errno = ENOMEM;
		return -1;
	}
	p->size = (size_t)n;
	return 0;
}

int
sandbox_prepare(enum process_kind kind)
{
	scmp_filter_ctx ctx;
	int done = -1;

	if (!(CONFINED & 1U << kind) || programs[kind].code != NULL)
		return 0;
	tzset();		/* localtime_r(3) opens no file after this */
	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (ctx == NULL) {
		errno = ENOMEM;
		return -1;
	}
	errno = EINVAL;
	if (fill(ctx, 1U << kind) == 0)
		done = read_program(ctx, &programs[kind]);
	seccomp_release(ctx);
	return done;
}

static int
enter(enum process_kind kind)
{
	struct sock_fprog program;

	if (sandbox_prepare(kind) == -1)
		return -1;
	if (programs[kind].code == NULL)
		return 0;
	program.filter = programs[kind].code;
	program.len = (unsigned short)(programs[kind].size /
	    sizeof(*program.filter));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	/* Without SPEC_ALLOW some kernels slow the whole process down. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0)
		return 0;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int
sandbox_enter(enum process_kind kind)
{
	if (enter(kind) == 0)
		return 0;
	log_err("sandbox refused kind=%s why=\"%s\"", process_kind_name(kind),
	    strerror(errno));
	return -1;
}

#else /* no filter in this build */

int
sandbox_prepare(enum process_kind kind)
{
	(void)kind;
	return 0;
}

int
sandbox_enter(enum process_kind kind)
{
	(void)kind;
	return 0;
}

#endif
