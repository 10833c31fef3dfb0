/*
 * Closing descriptors, in whichever process: closed is -1.
 */
#include "fd.h"

#include <unistd.h>

void
fd_shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
fds_close(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}
