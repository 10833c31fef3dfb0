/*
 * SOCKS4 and SOCKS4a on the wire (the memos of Ying-Da Lee).
 *
 * Runs in workers.  Pure: octets in, values out.  A USERID or a name is taken
 * whole or refused, never cut; every verdict falls with the octet that
 * decides it.
 */
#include "socks4.h"

#include <string.h>

#include "port.h"

enum { OFFSET_PORT = 2, OFFSET_IP = 4, OFFSET_USERID = 8, STRING_MAX = 255 };

/* 0.0.0.x: with x, a name follows the USERID (SOCKS4a). */
static bool
ip_is_marker(const uint8_t *ip)
{
	return ip[0] == 0 && ip[1] == 0 && ip[2] == 0;
}

/* The fixed part: 1 if it is good and whole. */
static ssize_t
judge_fixed(const uint8_t *buf, size_t len)
{
	if (len < 1)
		return DECODE_MORE;
	if (buf[0] != SOCKS4_VERSION)
		return DECODE_BAD_VERSION;
	if (len < 2)
		return DECODE_MORE;
	if (buf[1] != COMMAND_CONNECT && buf[1] != COMMAND_BIND)
		return DECODE_BAD_COMMAND;
	if (len < OFFSET_USERID)
		return DECODE_MORE;
	if (ip_is_marker(buf + OFFSET_IP) && buf[OFFSET_IP + 3] == 0)
		return DECODE_BAD_ADDRESS;
	return 1;
}

/* A string and its NUL; returns the octets of both. */
static ssize_t
string_decode(const uint8_t *buf, size_t len)
{
	const size_t n = len <= STRING_MAX ? len : STRING_MAX + 1;
	const uint8_t *nul = n == 0 ? NULL : memchr(buf, '\0', n);

	if (nul != NULL)
		return nul - buf + 1;
	return n > STRING_MAX ? DECODE_TOO_LONG : DECODE_MORE;
}

/* A name and its NUL into *target; returns the octets of both. */
static ssize_t
name_decode(const uint8_t *buf, size_t len, uint16_t port,
    struct target *target)
{
	const ssize_t n = string_decode(buf, len);
	size_t here = n > 0 ? (size_t)n - 1 : len;

	if (here > STRING_MAX)
		here = STRING_MAX;
	if (!target_may_contain(buf, here))
		return DECODE_BAD_NAME;
	if (n > 0 && !target_from_name(target, buf, here, port))
		return DECODE_BAD_NAME;
	return n;
}

ssize_t
socks4_request_decode(const uint8_t *buf, size_t len,
    struct socks4_request *req)
{
	struct target target = { 0 };
	ssize_t fixed, userid, name = 0;
	bool is_4a;

	fixed = judge_fixed(buf, len);
	if (fixed <= 0)
		return fixed;
	userid = string_decode(buf + OFFSET_USERID, len - OFFSET_USERID);
	if (userid <= 0)
		return userid;
	target.port = port_get(buf + OFFSET_PORT);
	addr_from_ipv4(&target.addr, buf + OFFSET_IP, target.port);
	is_4a = ip_is_marker(buf + OFFSET_IP);
	if (is_4a) {
		name = name_decode(buf + OFFSET_USERID + userid,
		    len - OFFSET_USERID - (size_t)userid, target.port,
		    &target);
		if (name <= 0)
			return name;
	}
	*req = (struct socks4_request){ .command = (enum command)buf[1],
		.target = target, .is_4a = is_4a };
	memcpy(req->userid, buf + OFFSET_USERID, (size_t)userid);
	return OFFSET_USERID + userid + name;
}

void
socks4_reply_encode(uint8_t buf[SOCKS4_REPLY_SIZE], uint8_t cd,
    const struct addr *bnd)
{
	memset(buf, 0, SOCKS4_REPLY_SIZE);
	buf[1] = cd;
	if (bnd == NULL || bnd->family != ADDR_IPV4)
		return;
	port_put(buf + OFFSET_PORT, bnd->port);
	memcpy(buf + OFFSET_IP, bnd->ip, 4);
}
