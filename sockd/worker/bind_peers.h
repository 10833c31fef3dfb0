/*
 * For whom a BIND waits.
 */
#ifndef WORKER_BIND_PEERS_H
#define WORKER_BIND_PEERS_H

#include "lib/message.h"
#include "session.h"

struct bind_peers {
	uint8_t		family;		/* of the port that is opened */
	size_t		n;		/* 0: anybody */
	struct addr	addrs[MESSAGE_ADDRS_MAX];	/* of this family */
};

/*
 * From DST, resolving a name: those of its addresses that the rules may let
 * in, of the family that comes first.  False: refused, or over; s->outcome
 * says why.
 */
bool	bind_peers_choose(struct bind_peers *p, struct session *s);

/* Is it one of them?  Its port does not matter. */
bool	bind_peers_have(const struct bind_peers *p, const struct addr *peer);

/*
 * Write down on the board what cannot be told from DST, before the session
 * is parked; and find it again.  False: there is no room, or it is nonsense.
 */
bool	bind_peers_save(const struct bind_peers *p, struct session *s);
bool	bind_peers_recall(struct bind_peers *p, struct session *s,
	    int listener);

#endif
