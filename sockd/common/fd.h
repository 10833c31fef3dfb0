/*
 * Descriptors: born, closed, and as pipes that only wake.
 */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include <stddef.h>

struct addr;

/*
 * Take one who waits at a listener: a non-blocking descriptor, CLOEXEC, and
 * who it is.  -1 and errno, and *from is left alone.  Blocks where the
 * listener does.
 */
int	fd_accept(int listener, struct addr *from);

/* Close it, if it is open, and set it to -1. */
void	fd_shut(int *fd);

/*
 * Whoever starts a program may have closed its standard streams; what the
 * program opens would then be taken for one, and be written to.  Open those
 * that are not, before anything else.  0; -1 and errno.
 */
int	fd_keep_standard(void);

/* Close it, and leave errno as it is: for the way out of a failure. */
void	fd_close_keep_errno(int fd);

/*
 * Before all n, which came from another process, are closed for good: one
 * that was told to linger (SO_LINGER) would hold up whoever closes it last,
 * O_NONBLOCK or not.
 */
void	fds_hurry(const int *fds, size_t n);

/* Close all n, which are open and came from another process. */
void	fds_close(const int *fds, size_t n);

/*
 * Wake whoever waits at the other end of a non-blocking pipe, by one octet;
 * one that is full wakes as well.  errno stays: fit for a signal handler.
 */
void	fd_poke(int fd);

/* Read away all that a non-blocking pipe holds. */
void	fd_drain(int fd);

#endif
