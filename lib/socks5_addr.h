/*
 * The address of a SOCKS5 message, from ATYP to the port (RFC 1928,
 * section 5): one form for requests, replies and datagrams.
 *
 *	+------+----------+------+
 *	| ATYP |   ADDR   | PORT |
 *	+------+----------+------+
 *	|  1   | Variable |  2   |
 *	+------+----------+------+
 *
 * ADDR is 4 octets for ATYP X'01', 16 for X'04'; for X'03' the first octet
 * says how many of a name follow.  (For lib/socks5.c and lib/socks5_udp.c.)
 */
#ifndef LIB_SOCKS5_ADDR_H
#define LIB_SOCKS5_ADDR_H

#include "decode.h"
#include "target.h"

enum { SOCKS5_ATYP_IPV4 = 1, SOCKS5_ATYP_NAME = 3, SOCKS5_ATYP_IPV6 = 4,
       SOCKS5_ADDR_IP_MAX = 1 + 16 + 2 };

/*
 * Read an address from the first len octets at buf, ATYP first.  Returns the
 * octets that it took; DECODE_MORE; DECODE_BAD_ATYP; DECODE_BAD_NAME for what
 * is neither a name nor a literal, as soon as that is certain.  Port 0 is
 * good.  *target is written only on success.
 */
ssize_t	socks5_addr_decode(const uint8_t *buf, size_t len,
	    struct target *target);

/*
 * The same where the name does not matter (UDP ASSOCIATE): one that is none
 * leaves *target without name and address, its port alone.
 */
ssize_t	socks5_addr_decode_any(const uint8_t *buf, size_t len,
	    struct target *target);

/* Write an address; NULL or ADDR_NONE is 0.0.0.0:0.  Returns its length. */
size_t	socks5_addr_encode(uint8_t buf[SOCKS5_ADDR_IP_MAX],
	    const struct addr *a);

#endif
