/*
 * Descriptors, in whichever process: closed is -1.
 */
#include "fd.h"

#include <errno.h>
#include <unistd.h>

void
fd_shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
fd_close_keep_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

void
fds_close(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

void
fd_poke(int fd)
{
	int saved = errno;

	if (write(fd, "", 1) == -1)
		errno = saved;
}

void
fd_drain(int fd)
{
	char octets[64];

	while (read(fd, octets, sizeof(octets)) > 0)
		;
}
