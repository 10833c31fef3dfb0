/*
 * Datagrams by the batch: recvmmsg(2) and sendmmsg(2), or one at a time
 * where a system has neither.
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
	UDP_HEADROOM = 32,	/* in front of a datagram, for a header */
	UDP_ROOM = 65536,	/* no datagram is larger */
	/* Beginnings one page apart would share their place in the cache. */
	UDP_STRIDE = UDP_HEADROOM + UDP_ROOM + 320,
};

union udp_name {
	struct sockaddr		any;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/* What came.  Taken from next on; n is how many there are. */
struct udp_inbox {
	unsigned	n, next;
	uint32_t	largest;	/* of all so far */
	union udp_name	names[UDP_BATCH];
	socklen_t	name_lens[UDP_BATCH];
	uint32_t	lens[UDP_BATCH];
	uint8_t		octets[UDP_BATCH][UDP_STRIDE];
};

static inline bool
udp_inbox_is_empty(const struct udp_inbox *in)
{
	return in->next == in->n;
}

static inline uint8_t *
udp_inbox_data(struct udp_inbox *in, unsigned i)
{
	return in->octets[i] + UDP_HEADROOM;
}

/*
 * Receive what is there, at most UDP_BATCH datagrams.  Returns how many; 0:
 * none.  Errors that earlier datagrams brought back are passed over.
 */
unsigned udp_inbox_fill(struct udp_inbox *in, int fd);

/* Between associations: give back the memory that large ones took. */
void	udp_inbox_release(struct udp_inbox *in);

/* One that is to go.  Its octets are lent until it is settled. */
struct udp_parcel {
	uint8_t			*data;
	size_t			len;
	union udp_name		to;
	socklen_t		to_len;
	const struct addr	*source;	/* to leave from; NULL: any */
	void			*tag;		/* the caller's */
	size_t			payload;	/* the caller's */
	int			error;		/* why it did not go; 0 */
};

enum { UDP_PARCELS = 2 * UDP_BATCH };

struct udp_outbox {
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
