/*
 * What is to go from an association, in order: parcels, each a datagram with
 * or without a header of ours in front.  The octets stay where they came to
 * lie, so an inbox is filled again only when its outboxes are empty.
 */
#ifndef WORKER_UDP_OUTBOX_H
#define WORKER_UDP_OUTBOX_H

#include <stdbool.h>

#include "udp_batch.h"

struct addr;

enum {
	UDP_HEAD_MAX = 32,	/* a header of ours in front of one */
	UDP_PARCELS = 2 * UDP_BATCH,
};

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

struct udp_outbox {			/* at most UDP_PARCELS */
	unsigned		n, next;	/* before it: gone, or failed */
	bool			single;		/* no runs in this batch */
	unsigned		refusals;	/* of runs, by the kernel */
	struct udp_parcel	list[UDP_PARCELS];
};

/* For a new association: empty, and runs are tried. */
void	udp_outbox_begin(struct udp_outbox *out);

/*
 * Send all, in order; datagrams of one size to one target go down in one
 * piece where the kernel can cut it (UDP_SEGMENT).  False: the socket takes
 * no more now, go on when it is writable.  True: each has gone or has its
 * error; the caller settles them and then clears.
 */
bool	udp_outbox_flush(struct udp_outbox *out, int fd);
void	udp_outbox_clear(struct udp_outbox *out);

#endif
