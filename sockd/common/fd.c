/*
 * Descriptors, in whichever process: closed is -1.
 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/addr.h"

int
fd_accept(int listener, struct addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	fd = accept4(listener, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd != -1)
		addr_from_sockaddr(from, (struct sockaddr *)&ss, len);
	return fd;
}

void
fd_shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

int
fd_keep_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

void
fd_close_keep_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

void
fds_hurry(const int *fds, size_t n)
{
	const struct linger none = { 0 };

	for (size_t i = 0; i < n; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

void
fds_close(const int *fds, size_t n)
{
	fds_hurry(fds, n);
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
