/*
 * Closing descriptors.
 */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include <stddef.h>

/* Close it, if it is open, and set it to -1. */
void	fd_shut(int *fd);

/* Close all n, which are open. */
void	fds_close(const int *fds, size_t n);

#endif
