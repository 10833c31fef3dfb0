/*
 * The asking side of a helper family (asker.h), in a worker.
 *
 * The reply pair is kept from question to question: a question that is
 * answered quickly costs the asker one sendmsg, one poll and one recvmsg.
 * Never blocks, opens no file.
 */
#include "asker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "channel.h"
#include "fd.h"
#include "lib/message.h"

void
asker_init(struct asker *a, int channel)
{
	*a = (struct asker){ .channel = channel, .reply = { -1, -1 } };
}

uint64_t
asker_next(struct asker *a)
{
	return ++a->serial;
}

int
asker_ask(struct asker *a, const void *question, size_t len)
{
	if (a->reply[1] == -1) {	/* none yet, or let go of */
		fd_shut(&a->reply[0]);
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0, a->reply) == -1) {
			a->reply[0] = a->reply[1] = -1;
			return -1;
		}
	}
	return channel_send(a->channel, question, len, &a->reply[1], 1);
}

int
asker_fd(const struct asker *a)
{
	return a->reply[0];
}

ssize_t
asker_take(struct asker *a, void *buf, size_t size)
{
	size_t none;
	ssize_t n;

	do {
		none = 0;
		n = channel_receive(a->reply[0], buf, size, NULL, &none);
	} while ((n > 0 && message_serial(buf, (size_t)n) != a->serial) ||
	    (n == -1 && (errno == EINTR || errno == EBADMSG)));
	if (n > 0)
		return n;
	if (n == -1 && errno == EAGAIN) {
		fd_shut(&a->reply[1]);
		return 0;
	}
	asker_give_up(a);
	return -1;
}

void
asker_give_up(struct asker *a)
{
	fd_shut(&a->reply[0]);
	fd_shut(&a->reply[1]);
}
