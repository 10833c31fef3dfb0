/*
 * Datagrams by the batch: recvmmsg(2) and sendmmsg(2), or one at a time
 * where a system has neither.  Where the kernel can, datagrams of one size
 * between two ends travel through it as one message, a run: cut on the way
 * out (UDP_SEGMENT), merged on the way in (UDP_GRO).
 */
#ifndef WORKER_UDP_BATCH_H
#define WORKER_UDP_BATCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct addr;

enum {
	UDP_BATCH = 32,
	UDP_HEAD_MAX = 32,	/* a header of ours in front of one */
	UDP_ROOM = 65536,	/* no datagram is larger, and no run */
	/* Beginnings one page apart would share their place in the cache. */
	UDP_STRIDE = UDP_ROOM + 320,
};

union udp_name {
	struct sockaddr		any;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/* What came: n messages, taken datagram by datagram. */
struct udp_inbox {
	unsigned	n, next;
	uint32_t	taken;		/* octets of the next one's */
	uint32_t	largest;	/* of all so far */
	bool		merged;		/* runs come: few are as many */
	union udp_name	names[UDP_BATCH];
	socklen_t	name_lens[UDP_BATCH];
	uint32_t	lens[UDP_BATCH];
	uint32_t	cuts[UDP_BATCH];	/* of each datagram in it, the
						 * last may be shorter */
	uint8_t		octets[UDP_BATCH][UDP_STRIDE];
};

static inline bool
udp_inbox_is_empty(const struct udp_inbox *in)
{
	return in->next == in->n;
}

/* The next datagram, and its length; the inbox is not empty. */
uint8_t	*udp_inbox_look(struct udp_inbox *in, size_t *len);

/* That one is done with.  Its octets stay until the inbox is filled. */
void	udp_inbox_pass(struct udp_inbox *in);

/* Let runs come to this socket as they are. */
void	udp_inbox_welcome_runs(int fd);

/*
 * Receive what is there, at most UDP_BATCH messages.  Returns how many; 0:
 * none.  Errors that earlier datagrams brought back are passed over.
 */
unsigned udp_inbox_fill(struct udp_inbox *in, int fd);

/* Between associations: give back the memory that large ones took. */
void	udp_inbox_release(struct udp_inbox *in);

/* One that is to go.  Its octets are lent until it is settled. */
struct udp_parcel {
	uint8_t			head[UDP_HEAD_MAX];	/* goes in front */
	size_t			head_len;
	uint8_t			*data;
	size_t			len;
	union udp_name		to;
	socklen_t		to_len;
	const struct addr	*source;	/* to leave from; NULL: any */
	void			*tag;		/* the caller's */
	int			error;		/* why it did not go; 0 */
};

enum { UDP_PARCELS = 2 * UDP_BATCH };

struct udp_outbox {			/* at most UDP_PARCELS */
	unsigned		n, next;	/* before next: gone, or failed */
	bool			single;		/* no runs in this batch */
	unsigned		refusals;	/* of runs, by the kernel */
	struct udp_parcel	list[UDP_PARCELS];
};

/*
 * Send all, in order; datagrams of one size to one target go down in one
 * piece where the kernel can cut it (UDP_SEGMENT).  False: the socket takes
 * no more now, go on when it is writable.  True: each has gone or has its
 * error; the caller settles them and then clears.
 */
bool	udp_outbox_flush(struct udp_outbox *out, int fd);
void	udp_outbox_clear(struct udp_outbox *out);

#endif
