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
 * DECODE_BAD_LENGTH: short; DECODE_BAD_VERSION: RSV is not 0;
 * DECODE_BAD_FRAGMENT; DECODE_BAD_ATYP; DECODE_BAD_NAME;
 * DECODE_BAD_ADDRESS: port 0.  Never DECODE_MORE: a datagram is whole.
 */
ssize_t	socks5_udp_decode(const uint8_t *buf, size_t len,
	    struct target *target);

/* The header for a datagram from this address; returns its length. */
size_t	socks5_udp_encode(uint8_t buf[SOCKS5_UDP_HEADER_ADDR_MAX],
	    const struct addr *from);

#endif
