/*
 * What a client asks for: an address or a name, and a port.
 */
#ifndef LIB_TARGET_H
#define LIB_TARGET_H

#include "addr.h"
#include "name.h"

enum command { COMMAND_NONE = 0, COMMAND_CONNECT = 1, COMMAND_BIND = 2,
	       COMMAND_UDP = 3 };	/* RFC 1928's CMD */

/* "connect", "bind", "udp"; NULL for none, and for what is no command. */
const char *command_name(unsigned command);

/*
 * Either an address (name is "", addr.port is port) or a name (addr is all
 * zeros, ADDR_NONE), which name_read() has passed.
 */
struct target {
	char		name[NAME_SIZE];	/* "" with an address */
	struct addr	addr;			/* ADDR_NONE with a name */
	uint16_t	port;			/* host order; addr.port too */
};

/*
 * Make *target from the len octets of a name as a client sent it (no NUL
 * expected) and a port in host order.  An IP literal ("127.0.0.1", "::1",
 * "[::1]") becomes the address that it is, a mapped one IPv4.  False, with
 * *target left alone, for what is neither that nor a name.
 */
bool	target_from_name(struct target *target, const uint8_t *octets,
	    size_t len, uint16_t port);

/*
 * May a name or literal contain these octets?  False is final: whatever
 * follows, target_from_name() will refuse the whole.
 */
bool	target_may_contain(const uint8_t *octets, size_t len);

/*
 * Refused whatever the rules say: unspecified, multicast, broadcast, and
 * what is no address at all.
 */
bool	target_is_never_allowed(const struct addr *to);

#endif
