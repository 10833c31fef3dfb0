/*
 * Names to addresses, by asking a resolver.
 */
#ifndef WORKER_RESOLVE_H
#define WORKER_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/message.h"

struct session;
struct target;

/*
 * What this target's addresses are, in the order to try them: one if it is
 * an address, else what a resolver says.  *n may be 0 (no such name, or no
 * answer in time).  False: the session is over, s->outcome says why.
 */
bool	resolve(struct session *s, const struct target *target,
	    struct addr out[MESSAGE_ADDRS_MAX], size_t *n);

#endif
