/*
 * Our own addresses and ports, in a worker.  Ports are tried from a random
 * one on, so that nobody can tell which comes next.
 *
 * Of TCP ports those in TIME_WAIT are taken too (SO_REUSEADDR): a listening
 * one is never shared.  Of UDP ports only free ones.
 */
#include "local.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/random.h>

#include "lib/elements.h"
#include "sockd/common/clock.h"
#include "sockd/common/conf.h"
#include "sockd/common/fd.h"

enum { LISTEN_BACKLOG = 16 };

int
local_of(int fd, struct addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return -1;
	if (!addr_from_sockaddr(local, (struct sockaddr *)&ss, len)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return 0;
}

int
local_toward(const struct addr *to, struct addr *from)
{
	struct addr probe = *to;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, done = -1;

	if (probe.port == 0)
		probe.port = 1;		/* some systems want one */
	len = addr_to_sockaddr(&probe, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0)
		done = local_of(fd, from);
	else if (errno == EADDRNOTAVAIL || errno == EINVAL)
		errno = ENETUNREACH;	/* we have none of that family; or it
					 * is link-local: on which link? */
	fd_close_keep_errno(fd);
	if (done == 0)
		from->port = 0;
	return done;
}

int
local_outward(int family, struct addr *from)
{
	/* Kept for documentation (RFC 5737, RFC 3849): nobody is there. */
	struct addr nobody = { 0 };

	addr_parse(&nobody, family == ADDR_IPV4 ? "192.0.2.1" :
	    "2001:db8::1");
	return local_toward(&nobody, from);
}

static int
open_at(int type, const struct addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(at, &ss);
	int fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd == -1)
		return -1;
	if (at->family == ADDR_IPV6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    (type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG) == -1)) {
		fd_close_keep_errno(fd);
		return -1;
	}
	return fd;
}

static unsigned
random_below(unsigned n)
{
	unsigned r;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		r = (unsigned)clock_ns();
	return r % n;
}

/* An address to which this machine cannot bind is no better elsewhere. */
static bool
is_taken(int error)
{
	return error == EADDRINUSE || error == EACCES;
}

int
local_open(int type, const struct addr *at, const struct conf_ports *ports,
    struct addr *bound)
{
	unsigned n = 1u + ports->last - ports->first;
	unsigned from = random_below(n);
	struct addr here = *at;
	int fd = -1;

	for (unsigned i = 0; i < n && fd == -1; i++) {
		here.port = (uint16_t)(ports->first + (from + i) % n);
		fd = open_at(type, &here);
		if (fd == -1 && !is_taken(errno))
			return -1;
	}
	if (fd != -1 && local_of(fd, bound) == -1) {
		fd_close_keep_errno(fd);
		return -1;
	}
	return fd;
}

void
local_advertise(struct addr *own, const struct addr *advertise)
{
	const uint16_t port = own->port;

	if (advertise->family != own->family)
		return;
	*own = *advertise;
	own->port = port;
}

#ifdef TCP_KEEPIDLE
static const struct {
	int	name, value;
} keepalive[] = {
	{ TCP_KEEPIDLE, 120 },		/* s: many firewalls wait for 300 */
	{ TCP_KEEPINTVL, 30 },
	{ TCP_KEEPCNT, 4 },
};
#endif

void
local_prepare(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &(int){ 1 }, sizeof(int));
}

void
local_keep_alive(int fd)
{
#ifdef TCP_KEEPIDLE
	for (size_t i = 0; i < N_ELEMENTS(keepalive); i++)
		setsockopt(fd, IPPROTO_TCP, keepalive[i].name,
		    &keepalive[i].value, sizeof(keepalive[i].value));
#endif
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
}
