/*
 * The header of a relayed datagram (RFC 1928, section 7).
 */
#ifndef LIB_SOCKS5_UDP_H
#define LIB_SOCKS5_UDP_H

#include <stdint.h>

#include "decode.h"
#include "target.h"

enum { SOCKS5_UDP_HEADER_MAX = 262, SOCKS5_UDP_HEADER_ADDR_MAX = 22 };

/*
 * Read the header of the datagram of len octets at buf.
 *
 *	+-----+------+------+----------+----------+----------+
 *	| RSV | FRAG | ATYP | DST.ADDR | DST.PORT |   DATA   |
 *	+-----+------+------+----------+----------+----------+
 *	|  2  |  1   |  1   | Variable |    2     | Variable |
 *	+-----+------+------+----------+----------+----------+
 *
 * Returns the octets that it took; what follows is DATA, which may be empty.
 * DECODE_BAD_LENGTH: the datagram ends within it; DECODE_BAD_VERSION: RSV is
 * not 0; DECODE_BAD_FRAGMENT: FRAG is not 0; DECODE_BAD_ATYP;
 * DECODE_BAD_NAME; DECODE_BAD_ADDRESS: port 0.  Never DECODE_MORE: a datagram
 * is whole.  *target is written only on success.
 */
ssize_t	socks5_udp_decode(const uint8_t *buf, size_t len,
	    struct target *target);

/*
 * Write the header of a datagram that came from this address (port with it);
 * returns its length, 10 or 22.
 */
size_t	socks5_udp_encode(uint8_t buf[SOCKS5_UDP_HEADER_ADDR_MAX],
	    const struct addr *from);

#endif
