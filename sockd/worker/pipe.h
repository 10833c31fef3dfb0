/*
 * The pipes through which splice(2) moves octets from socket to socket
 * without copying them.  A worker makes its two at the first busy tunnel and
 * keeps them from client to client; only an empty one is used again.
 */
#ifndef WORKER_PIPE_H
#define WORKER_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sockd/common/pipe_budget.h"

struct pipe {
	int	fds[2];			/* -1: not made */
	size_t	size;			/* octets that it can hold */
	size_t	held;			/* octets that are in it */
};

enum { PIPE_GROWN_SIZE = 1024 * 1024 };	/* of a busy tunnel */

/*
 * Make it, if it is not there.  False: this system has no splice(2), no
 * descriptors, or the user's budget of pipe pages is used up; then octets
 * are copied.
 */
bool	pipe_open(struct pipe *p);

/* A busy tunnel: try to make room for PIPE_GROWN_SIZE, or less. */
void	pipe_grow(struct pipe *p);

/* Between clients: give pages back that others may need, and never leave an
 * octet of one client to the next. */
void	pipe_reset(struct pipe *p);

/*
 * Move at most want octets from a socket into the pipe, which is empty.  The
 * octets moved; 0 at the end of file; -1 and errno (EAGAIN: none are there,
 * or an urgent mark stands in the way).
 */
ssize_t	pipe_fill(struct pipe *p, int from, size_t want);

/* Move what it holds to a socket.  The octets moved; -1 and errno. */
ssize_t	pipe_drain(struct pipe *p, int to);

#endif
