/*
 * Reaching a target that has one address or several (RFC 8305).
 */
#ifndef WORKER_DIAL_H
#define WORKER_DIAL_H

#include <stdbool.h>

#include "lib/message.h"
#include "reply.h"

/*
 * Put addresses in the order in which they are tried: the families take
 * turns, the preferred one (ADDR_IPV4, ADDR_IPV6; 0: that of the first)
 * begins, and within a family the resolver's order stays (RFC 8305, section
 * 4).  Returns how many.
 */
size_t	dial_order(struct addr out[MESSAGE_ADDRS_MAX],
	    const struct addr *addrs, size_t n, int prefer);

/* Which of them answered. */
struct dialed {
	int		fd;		/* connected; the caller's */
	unsigned	rule;		/* that lets the session go there */
	struct addr	target, source;
};

/*
 * Try the addresses, in this order, a quarter of a second apart or as soon
 * as one fails, each only if the rules allow it; the first that answers wins
 * and the others are closed.  timeouts.connect covers all.  True: *d is set.
 * False: *failure says what to reply (blocked only if all were), or the
 * session is over (a cut, a reset of the client) and failure->outcome is
 * OUTCOME_NONE and s->outcome set.
 */
bool	dial(struct session *s, const struct addr *addrs, size_t n,
	    struct dialed *d, struct reply_failure *failure);

#endif
