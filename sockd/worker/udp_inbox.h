/*
 * What came for an association: messages, each a datagram or a run of them,
 * and taken datagram by datagram.  Parcels of an outbox point into it, so it
 * is filled again only when they have gone.
 */
#ifndef WORKER_UDP_INBOX_H
#define WORKER_UDP_INBOX_H

#include <stdbool.h>

#include "udp_batch.h"

enum {
	UDP_ROOM = 65536,	/* no datagram is larger, and no run */
	/* Beginnings one page apart would share their place in the cache. */
	UDP_STRIDE = UDP_ROOM + 320,
};

struct udp_inbox {
	unsigned	n, next;
	uint32_t	taken;		/* octets of the next one's */
	uint32_t	largest;	/* of all so far */
	bool		heavy;		/* the last messages were large */
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

#endif
