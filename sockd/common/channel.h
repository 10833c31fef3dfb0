/*
 * Channels: SOCK_SEQPACKET pairs made once by the master, which outlive both
 * ends; datagrams of lib/message, with descriptors beside them.  The one
 * place where sendmsg and recvmsg with SCM_RIGHTS are written.
 *
 * Several processes may receive from one end: each datagram goes to one.
 */
#ifndef COMMON_CHANNEL_H
#define COMMON_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/message.h"

enum { CHANNEL_FDS_MAX = MESSAGE_FDS_MAX };

/*
 * Both ends non-blocking, CLOEXEC.  ends[0] asks, ends[1] answers.  0; -1
 * and errno.
 */
int	channel_make(int ends[2]);

/*
 * Let channel_receive() wait on this end, in every process that has it (the
 * flag belongs to the socket).  Sends stay non-blocking.
 */
int	channel_block(int fd);

/*
 * Send one datagram with n descriptors (lent), at most CHANNEL_FDS_MAX.
 * Never blocks.  0; -1 and errno: EAGAIN (full), ETOOMANYREFS, EPIPE.
 */
int	channel_send(int fd, const void *buf, size_t len, const int *fds,
	    size_t n);

/*
 * Receive one datagram.  *n holds how many descriptors fds has room for,
 * and then how many came (the caller owns them): all or, where this process
 * may not open so many more, none.  Returns the length, 0 at the end of file,
 * -1 and errno (EAGAIN; EINTR; EBADMSG: truncated, or more descriptors than
 * fds has room for; everything that came was closed).
 */
ssize_t	channel_receive(int fd, void *buf, size_t size, int *fds, size_t *n);

#endif
