/*
 * An IP address with its port: the value that everything else speaks of.
 *
 * IPv4-mapped IPv6 addresses do not exist here: whatever makes an addr turns
 * ::ffff:a.b.c.d into the IPv4 address that it is, so that no rule can be
 * walked around by a spelling.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	ADDR_NONE = 0,		/* no address: a zeroed struct */
	ADDR_IPV4 = 4,
	ADDR_IPV6 = 6,
	ADDR_TEXT_MAX = 72,	/* "[v6%scope]:port" and its NUL */
};

struct addr {
	uint8_t		family;		/* ADDR_NONE, ADDR_IPV4, ADDR_IPV6 */
	uint8_t		ip[16];		/* network order; IPv4 in the first 4 */
	uint16_t	port;		/* host order */
	uint32_t	scope;		/* of a link-local IPv6 address, or 0 */
};

/* The octets of the address itself: 4, 16, or 0 for ADDR_NONE. */
size_t	addr_size(const struct addr *a);

/*
 * Make *a from raw octets in network order, 4 for IPv4 or 16 for IPv6; a
 * mapped address becomes IPv4.  The port is in host order, the scope 0.
 * Neither can fail.
 */
void	addr_from_ipv4(struct addr *a, const uint8_t ip[4], uint16_t port);
void	addr_from_ipv6(struct addr *a, const uint8_t ip[16], uint16_t port);

/*
 * From a socket address of len octets, of any alignment.  False, with *a
 * zeroed, for another family and for one that is cut short.  The scope is
 * kept for link-local addresses alone.
 */
bool	addr_from_sockaddr(struct addr *a, const struct sockaddr *sa,
	    socklen_t len);

/*
 * To a socket address of its own family, port and scope with it; what *ss
 * does not need is zeroed.  Returns its length, 0 for ADDR_NONE.
 */
socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss);

/*
 * To the IPv6 form that a dual-stack or IPv6 socket wants: an IPv4 address
 * becomes its mapped one.  Returns its length, 0 for ADDR_NONE.
 */
socklen_t addr_to_sockaddr6(const struct addr *a, struct sockaddr_storage *ss);

/*
 * Read a literal: "192.0.2.1" (four decimal parts without leading zeros,
 * nothing shorter), an IPv6 address (RFC 4291, section 2.2), or one in
 * brackets.  No port, no zone, no space.  A mapped address becomes IPv4; port
 * and scope become 0.  False, with *a left alone, for anything else.
 */
bool	addr_parse(struct addr *a, const char *text);

/*
 * Write the address without its port (IPv6 without brackets), or with it
 * ("192.0.2.1:80", "[2001:db8::1]:80").  A scope stands behind a '%', as a
 * number.  "-" for ADDR_NONE.  buf holds ADDR_TEXT_MAX; returns buf.
 */
const char *addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX]);
const char *addr_format_port(const struct addr *a, char buf[ADDR_TEXT_MAX]);

/*
 * The same address; ports and scopes aside, or ports compared too.  An
 * ADDR_NONE is equal to another.
 */
bool	addr_equal(const struct addr *a, const struct addr *b);
bool	addr_equal_port(const struct addr *a, const struct addr *b);

/* What kind of address it is; ADDR_NONE is of none. */
bool	addr_is_unspecified(const struct addr *a);	/* 0.0.0.0, :: */
bool	addr_is_loopback(const struct addr *a);		/* 127/8, ::1 */
bool	addr_is_multicast(const struct addr *a);
bool	addr_is_broadcast(const struct addr *a);	/* 255.255.255.255 */
bool	addr_is_link_local(const struct addr *a);
bool	addr_is_private(const struct addr *a);	/* RFC 1918, ULA, loopback,
						 * link-local */

/*
 * The client whom an address stands for, to count by: an IPv4 address itself,
 * an IPv6 address cut to its /64.  The port and scope become 0.
 */
struct addr addr_client(const struct addr *a);

#endif
