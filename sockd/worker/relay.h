/*
 * The relay between a client and its target.
 */
#ifndef WORKER_RELAY_H
#define WORKER_RELAY_H

struct session;

/*
 * Relay between s->client and s->target until both are done, one breaks, a
 * deadline comes, the quota is used up or the session is cut; s->outcome
 * says which.  Begins with what s->early holds.  Or the tunnel goes to a
 * keeper: then s->parked is set and the slot is no longer ours.
 *
 * Full duplex, bounded memory, half-closes carried on.  Sockets stay open.
 */
void	relay(struct session *s);

#endif
