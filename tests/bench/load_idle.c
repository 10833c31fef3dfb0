/*
 * Idle tunnels: open them all, hold them still while the driver looks at the
 * server's memory, then use each once, and close.  A process holds as many as
 * RLIMIT_NOFILE allows.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "load.h"
#include "load_client.h"
#include "load_process.h"
#include "load_target.h"

/* What the holders and the first process tell one another. */
struct idle {
	struct tally	tried, open, used, finished;
	struct tally	use;		/* not 0: use them now */
};

/* Was it silence?  Then the server is full, and each more would cost as much
 * patience. */
static bool
was_silence(void)
{
	return errno == EAGAIN;
}

static void
open_all(const struct load *l, uint16_t port, int *fds, unsigned n,
    struct idle *state)
{
	bool full = false;

	for (unsigned i = 0; i < n; i++) {
		errno = 0;
		fds[i] = full ? -1 : client_tunnel(l, port);
		full = full || (fds[i] == -1 && was_silence());
		atomic_fetch_add(&state->tried.n, 1);
		if (fds[i] != -1)
			atomic_fetch_add(&state->open.n, 1);
	}
}

/* Once one was silent the others have less time to answer. */
static void
use_all(const int *fds, unsigned n, struct idle *state)
{
	static const struct timeval little = { .tv_usec = 10000 };
	bool hurried = false;
	uint8_t octet = 'i';

	for (unsigned i = 0; i < n; i++) {
		if (fds[i] == -1)
			continue;
		if (hurried)
			setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &little,
			    sizeof little);
		errno = 0;
		if (client_ping(fds[i], &octet, 1) > 0)
			atomic_fetch_add(&state->used.n, 1);
		else
			hurried = hurried || was_silence();
	}
}

/* Open n tunnels, wait to be told, and use each. */
static void
hold(const struct load *l, uint16_t port, unsigned n, struct idle *state)
{
	int *fds = calloc(n, sizeof *fds);

	if (!fds)
		err(1, "calloc");
	open_all(l, port, fds, n, state);
	while (!tally_wait(&state->use, 1, PATIENCE_S))
		continue;
	use_all(fds, n, state);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	atomic_fetch_add(&state->finished.n, 1);
}

/* Divide the tunnels among processes; returns how many there are. */
static unsigned
start_holders(const struct load *l, uint16_t port, struct idle *state)
{
	unsigned n = 0;

	for (unsigned left = l->tunnels; left > 0; n++) {
		unsigned share = target_share(left);

		if (process_fork()) {
			hold(l, port, share, state);
			_exit(0);
		}
		left -= share;
	}
	return n;
}

void
idle_run(const struct load *l)
{
	struct idle *state = process_share(sizeof *state);
	uint16_t port = target_echo(l->tunnels);
	unsigned n;

	mark("base");
	n = start_holders(l, port, state);
	if (!tally_wait(&state->tried, l->tunnels, 4 * PATIENCE_S))
		warnx("not all tunnels were even tried");
	mark("begin");
	mark("end");
	atomic_store(&state->use.n, 1);
	tally_wait(&state->finished, n, 4 * PATIENCE_S);
	printf("{\"tunnels\": %u, \"open\": %llu, \"used\": %llu}\n",
	    l->tunnels, (unsigned long long)atomic_load(&state->open.n),
	    (unsigned long long)atomic_load(&state->used.n));
}
