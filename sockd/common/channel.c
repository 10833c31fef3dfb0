/*
 * Channels: the one place where sendmsg and recvmsg with SCM_RIGHTS are
 * written, for every process.  Nothing here blocks unless the receiving
 * process made its own end do so (channel_block), nothing here looks into a
 * message, and no descriptor that came with a bad one stays open.
 */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"

/* Room for some thousand questions, where the system allows it. */
enum { CHANNEL_BUFFER = 4 << 20 };

union control {
	char		buf[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
	struct cmsghdr	align;
};

static void
widen(int fd)
{
	int size = CHANNEL_BUFFER;

#ifdef SO_SNDBUFFORCE
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size,
	    sizeof(size)) == 0)
		return;
#endif
	/* The kernel cuts it to what everybody may have; that will do. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int
channel_make(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0, ends) == -1)
		return -1;
	widen(ends[0]);
	widen(ends[1]);
	return 0;
}

int
channel_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int
channel_send(int fd, const void *buf, size_t len, const int *fds, size_t n)
{
	union control control;
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (n > CHANNEL_FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&iov.iov_base, &buf, sizeof(buf));	/* it knows no const */
	if (n > 0) {
		memset(&control, 0, sizeof(control));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n);
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	}
	do {
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent == -1 && errno == EINTR);
	return sent == -1 ? -1 : 0;
}

/* The descriptors of all control messages; those without room are closed. */
static size_t
take_fds(struct msghdr *msg, int *fds, size_t room)
{
	size_t came = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	    c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++, came++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(fd));
			if (came < room)
				fds[came] = fd;
			else
				fds_close(&fd, 1);
		}
	}
	return came;
}

ssize_t
channel_receive(int fd, void *buf, size_t size, int *fds, size_t *n)
{
	union control control;
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf, .msg_controllen = sizeof(control) };
	size_t room = *n, came;
	bool cut;
	ssize_t len;

	*n = 0;
	len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (len == -1)
		return -1;
	came = take_fds(&msg, fds, room);
	cut = (msg.msg_flags & MSG_TRUNC) != 0 || came > room;
	if (cut || (msg.msg_flags & MSG_CTRUNC)) {
		fds_close(fds, came < room ? came : room);
		came = 0;
	}
	*n = came;
	if (!cut)
		return len;
	errno = EBADMSG;
	return -1;
}
