/*
 * The header of a relayed datagram (RFC 1928, section 7).
 *
 * Runs in workers.  A datagram is whole or it is nothing: there is no more to
 * wait for, and fragments are refused, as the RFC allows.
 */
#include "socks5_udp.h"

#include "socks5_addr.h"

enum { HEADER_FIXED = 3 };

ssize_t
socks5_udp_decode(const uint8_t *buf, size_t len, struct target *target)
{
	struct target made;
	ssize_t n;

	if (len < HEADER_FIXED)
		return DECODE_BAD_LENGTH;
	if (buf[0] != 0 || buf[1] != 0)
		return DECODE_BAD_VERSION;
	if (buf[2] != 0)
		return DECODE_BAD_FRAGMENT;
	n = socks5_addr_decode(buf + HEADER_FIXED, len - HEADER_FIXED, &made);
	if (n == DECODE_MORE)
		return DECODE_BAD_LENGTH;
	if (n < 0)
		return n;
	if (made.port == 0)
		return DECODE_BAD_ADDRESS;
	*target = made;
	return HEADER_FIXED + n;
}

size_t
socks5_udp_encode(uint8_t buf[SOCKS5_UDP_HEADER_ADDR_MAX],
    const struct addr *from)
{
	buf[0] = buf[1] = buf[2] = 0;
	return HEADER_FIXED + socks5_addr_encode(buf + HEADER_FIXED, from);
}
