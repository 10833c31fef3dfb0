/*
 * May this session reach this address?  Asked for each address before it is
 * tried: of a CONNECT, of a datagram, of a BIND's peer.
 */
#ifndef WORKER_AUTHORIZE_H
#define WORKER_AUTHORIZE_H

#include "sockd/common/board.h"

struct session;

/*
 * Ask the rules (with the name that the client sent, if it did) and the
 * quota.  OUTCOME_NONE: yes, and *rule is the index of the rule that passes.
 * OUTCOME_BLOCKED, OUTCOME_QUOTA otherwise.  Never-allowed addresses and our
 * own listeners are blocked whatever the rules say.
 */
enum outcome authorize_address(struct session *s, const struct addr *to,
	    unsigned *rule);

/*
 * Before the target is known (BIND, UDP): has the quota anything left, under
 * some rule that may yet pass?  False is told in the log.
 */
bool	authorize_has_left(struct session *s);

#endif
