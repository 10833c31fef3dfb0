/*
 * The address of a SOCKS5 message: ATYP, ADDR, PORT (RFC 1928, section 5).
 *
 * Runs in workers.  Looks at nothing behind the octets that it is given, and
 * gives its verdict with the octet that decides it.
 */
#include "socks5_addr.h"

#include <string.h>

#include "port.h"

enum { PORT_SIZE = 2, NAME_OFFSET = 2, NAME_LONGEST = NAME_MAX_OCTETS + 1 };

static ssize_t
decode_ipv4(const uint8_t *buf, size_t len, struct target *target)
{
	struct target made = { 0 };

	if (len < 1 + 4 + PORT_SIZE)
		return DECODE_MORE;
	made.port = port_get(buf + 5);
	addr_from_ipv4(&made.addr, buf + 1, made.port);
	*target = made;
	return 1 + 4 + PORT_SIZE;
}

static ssize_t
decode_ipv6(const uint8_t *buf, size_t len, struct target *target)
{
	struct target made = { 0 };

	if (len < 1 + 16 + PORT_SIZE)
		return DECODE_MORE;
	made.port = port_get(buf + 17);
	addr_from_ipv6(&made.addr, buf + 1, made.port);
	*target = made;
	return 1 + 16 + PORT_SIZE;
}

/* A verdict on the name alone, whole or not: DECODE_MORE if none is due. */
static ssize_t
judge_name(const uint8_t *buf, size_t len)
{
	const size_t name_len = buf[1];
	const size_t here = len - NAME_OFFSET;
	struct target ignored;

	if (name_len == 0 || name_len > NAME_LONGEST)
		return DECODE_BAD_NAME;
	if (!target_may_contain(buf + NAME_OFFSET,
	    here < name_len ? here : name_len))
		return DECODE_BAD_NAME;
	if (here >= name_len &&
	    !target_from_name(&ignored, buf + NAME_OFFSET, name_len, 0))
		return DECODE_BAD_NAME;
	return DECODE_MORE;
}

static ssize_t
decode_name(const uint8_t *buf, size_t len, struct target *target)
{
	struct target made = { 0 };
	size_t whole;

	if (len < NAME_OFFSET)
		return DECODE_MORE;
	whole = NAME_OFFSET + (size_t)buf[1] + PORT_SIZE;
	if (len < whole)
		return DECODE_MORE;
	made.port = port_get(buf + whole - PORT_SIZE);
	if (!target_from_name(target, buf + NAME_OFFSET, buf[1], made.port))
		*target = made;
	return (ssize_t)whole;
}

ssize_t
socks5_addr_decode_any(const uint8_t *buf, size_t len, struct target *target)
{
	if (len < 1)
		return DECODE_MORE;
	if (buf[0] == SOCKS5_ATYP_IPV4)
		return decode_ipv4(buf, len, target);
	if (buf[0] == SOCKS5_ATYP_IPV6)
		return decode_ipv6(buf, len, target);
	if (buf[0] == SOCKS5_ATYP_NAME)
		return decode_name(buf, len, target);
	return DECODE_BAD_ATYP;
}

ssize_t
socks5_addr_decode(const uint8_t *buf, size_t len, struct target *target)
{
	if (len >= NAME_OFFSET && buf[0] == SOCKS5_ATYP_NAME &&
	    judge_name(buf, len) == DECODE_BAD_NAME)
		return DECODE_BAD_NAME;
	return socks5_addr_decode_any(buf, len, target);
}

size_t
socks5_addr_encode(uint8_t buf[SOCKS5_ADDR_IP_MAX], const struct addr *a)
{
	static const struct addr none = { .family = ADDR_IPV4 };
	size_t size;

	if (a == NULL || addr_size(a) == 0)
		a = &none;
	size = addr_size(a);
	buf[0] = a->family == ADDR_IPV4 ? SOCKS5_ATYP_IPV4 : SOCKS5_ATYP_IPV6;
	memcpy(buf + 1, a->ip, size);
	port_put(buf + 1 + size, a->port);
	return 1 + size + PORT_SIZE;
}
