/*
 * Reading what belongs to a handshake: octet by octet or all at once, under
 * one deadline for the whole of it.
 */
#ifndef WORKER_HANDSHAKE_H
#define WORKER_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

struct session;

/*
 * Read at least one more octet into s->early, waiting if need be; what
 * arrived with it stays there for later stages or for the target.  False:
 * the session is over, s->outcome says why (the client left, a reset, the
 * deadline, a cut).
 */
bool	handshake_more(struct session *s);

/*
 * When the handshake must be whole: timeouts.negotiate after the accept; a
 * tenth of it, but a second at least, while clients wait for a worker.  What
 * the client has no part in is excepted (s->excused_ms): the time in PAM and
 * resolver, the delay of a failed login, a BIND's wait for its peer.
 */
uint64_t handshake_due_ms(const struct session *s);

/* Are all workers busy, and can there be no more? */
bool	handshake_is_short(const struct session *s);

#endif
