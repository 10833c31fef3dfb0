/*
 * Our own side of a connection: an address of this machine that the other
 * side can reach, and a port out of the range that the administrator allows.
 */
#ifndef WORKER_LOCAL_H
#define WORKER_LOCAL_H

#include "lib/addr.h"

struct conf_ports;

/* The address and port that this socket is bound to.  0; -1 and errno. */
int	local_of(int fd, struct addr *local);

/*
 * From which address would this machine reach that one?  Asks the kernel for
 * the route; nothing is sent.  *from has port 0.  0; -1 and errno.
 */
int	local_toward(const struct addr *to, struct addr *from);

/*
 * The same for a peer of this family (ADDR_IPV4, ADDR_IPV6) of whom nothing
 * is known: where the default route leads.
 */
int	local_outward(int family, struct addr *from);

/*
 * A non-blocking socket of this type (SOCK_STREAM: it listens already) at
 * this address, on a port of the range, or any free one.  Nobody else can
 * have the same port while it is open.  *bound is what it got.  -1 and errno
 * (EADDRINUSE: the whole range is in use).
 */
int	local_open(int type, const struct addr *at,
	    const struct conf_ports *ports, struct addr *bound);

/*
 * *own is an address of ours that somebody is to be told: tell advertise
 * with the same port, if that is of the same family (behind NAT).
 */
void	local_advertise(struct addr *own, const struct addr *advertise);

/*
 * What each target's connection begins with, as a client's has it from its
 * listener: no octet waits for more, and urgent ones keep their place.  Beside
 * the stream is room for one: of several that come at once only the last would
 * be left.
 */
void	local_prepare(int fd);

/*
 * Have the kernel ask whether the peer still lives: one that is gone is
 * noticed after four minutes, and no firewall in between forgets the
 * connection.
 */
void	local_keep_alive(int fd);

#endif
