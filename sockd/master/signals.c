/*
 * Signals of the master: the handler counts and writes one octet into a pipe;
 * the loop clears first, then acts.
 */
#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/common/fd.h"

static const int handled[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGCHLD };

static volatile atomic_uint came[NSIG];
static int pipe_fds[2] = { -1, -1 };

static void
handler(int sig)
{
	atomic_fetch_add(&came[sig], 1);
	fd_poke(pipe_fds[1]);
}

int
signals_init(int *write_end)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

	if (pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC) == -1)
		return -1;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_ELEMENTS(handled); i++)
		if (sigaction(handled[i], &sa, NULL) == -1)
			return -1;
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return -1;
	/* whoever started us may have blocked them */
	if (sigprocmask(SIG_SETMASK, &sa.sa_mask, NULL) == -1)
		return -1;
	*write_end = pipe_fds[1];
	return pipe_fds[0];
}

void
signals_drain(void)
{
	fd_drain(pipe_fds[0]);
}

unsigned
signals_take(int sig)
{
	return atomic_exchange(&came[sig], 0);
}
