/*
 * splice(2) and its pipes, in a worker.
 *
 * An unprivileged user has a budget of pipe pages (16,384 by default); beyond
 * it new pipes hold one or two pages and old ones cannot grow.  So pipes are
 * made late, grown for busy tunnels only, and given back after them.
 */
#include "config.h"

#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/elements.h"

#ifdef HAVE_SPLICE

static size_t
size_of(int fd)
{
	int size = fcntl(fd, F_GETPIPE_SZ);

	return size > 0 ? (size_t)size : 0;
}

static void
pipe_close(struct pipe *p)
{
	close(p->fds[0]);
	close(p->fds[1]);
	*p = (struct pipe){ .fds = { -1, -1 } };
}

bool
pipe_open(struct pipe *p)
{
	if (p->fds[0] != -1)
		return true;
	if (pipe2(p->fds, O_NONBLOCK | O_CLOEXEC) == -1) {
		p->fds[0] = p->fds[1] = -1;
		return false;
	}
	p->size = size_of(p->fds[0]);
	p->held = 0;
	if (p->size >= PIPE_LEAST_SIZE)
		return true;
	pipe_close(p);
	return false;
}

void
pipe_grow(struct pipe *p)
{
	static const int sizes[] = { PIPE_GROWN_SIZE, PIPE_GROWN_SIZE / 4 };

	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		int got = fcntl(p->fds[0], F_SETPIPE_SZ, sizes[i]);

		if (got > 0) {
			p->size = (size_t)got;
			return;
		}
	}
}

void
pipe_reset(struct pipe *p)
{
	if (p->fds[0] == -1)
		return;
	if (p->held > 0)
		pipe_close(p);
	else if (p->size > PIPE_LEAST_SIZE &&
	    fcntl(p->fds[0], F_SETPIPE_SZ, PIPE_LEAST_SIZE) > 0)
		p->size = PIPE_LEAST_SIZE;
}

ssize_t
pipe_fill(struct pipe *p, int from, size_t want)
{
	ssize_t n;

	do
		n = splice(from, NULL, p->fds[1], NULL, want,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		p->held += (size_t)n;
	return n;
}

ssize_t
pipe_drain(struct pipe *p, int to)
{
	ssize_t n;

	do
		n = splice(p->fds[0], NULL, to, NULL, p->held,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		p->held -= (size_t)n;
	return n;
}

#else	/* without splice(2) everything is copied */

bool
pipe_open(struct pipe *p)
{
	(void)p;
	return false;
}

void
pipe_grow(struct pipe *p)
{
	(void)p;
}

void
pipe_reset(struct pipe *p)
{
	(void)p;
}

ssize_t
pipe_fill(struct pipe *p, int from, size_t want)
{
	(void)p;
	(void)from;
	(void)want;
	errno = ENOSYS;
	return -1;
}

ssize_t
pipe_drain(struct pipe *p, int to)
{
	(void)p;
	(void)to;
	errno = ENOSYS;
	return -1;
}

#endif
