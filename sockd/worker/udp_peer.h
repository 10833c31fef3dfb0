/*
 * The addresses from which datagrams may come: those to which an association
 * has sent, and strangers that were let in.  Bounded, like its targets.
 */
#ifndef WORKER_UDP_PEER_H
#define WORKER_UDP_PEER_H

#include "lib/addr.h"

struct udp_peer {
	uint32_t	life, used;
	struct addr	addr;		/* its port does not matter */
	unsigned	rule;		/* under which it passes */
	unsigned	minute;		/* of the week, at the verdict */
	bool		blocked;	/* by now */
};

enum { PEER_SETS = 512, PEER_WAYS = 4 };

struct udp_peers {
	uint32_t	life, clock;
	struct udp_peer	list[PEER_SETS][PEER_WAYS];
};

void	udp_peers_reset(struct udp_peers *p);

/* NULL: it is not among them. */
struct udp_peer *udp_peers_find(struct udp_peers *p, const struct addr *addr);

/* It passes under this rule, from this minute on.  True: it was new. */
bool	udp_peers_add(struct udp_peers *p, const struct addr *addr,
	    unsigned rule, unsigned minute);

#endif
