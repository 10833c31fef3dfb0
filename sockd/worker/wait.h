/*
 * The one place where a worker waits while it has a client.
 */
#ifndef WORKER_WAIT_H
#define WORKER_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct session;

enum { WAIT_SLICE_MS = 1000 };

enum wait_result {
	WAIT_READY,		/* some descriptor has something to tell */
	WAIT_DUE,		/* the time has come */
	WAIT_CUT,		/* the session is to end: s->outcome is set */
};

/*
 * Wait until one of n descriptors is ready or the monotonic clock shows
 * due_ms.  At least once a second it looks whether the session was cut and
 * whether the master still lives (else the process ends here).  A due_ms in
 * the past only looks.  *now_ms, if not NULL, is the time when it returns.
 */
enum wait_result wait_for(struct session *s, struct pollfd *fds, nfds_t n,
	    uint64_t due_ms, uint64_t *now_ms);

/* True: the session was cut, and s->outcome is set.  No system call. */
bool	wait_heed_cut(struct session *s);

#endif
