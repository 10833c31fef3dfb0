/*
 * SOCKS5 on the wire: greeting, request, reply (RFC 1928).
 *
 * Runs in workers.  Pure: octets in, values out; it answers nobody and judges
 * nothing but the form.  Every verdict falls with the octet that decides it.
 */
#include "socks5.h"

#include <string.h>

#include "socks5_addr.h"

enum { GREETING_FIXED = 2, REQUEST_FIXED = 3, REPLY_FIXED = 3 };

ssize_t
socks5_greeting_decode(const uint8_t *buf, size_t len,
    struct socks5_greeting *greeting)
{
	struct socks5_greeting made = { 0 };

	if (len < 1)
		return DECODE_MORE;
	if (buf[0] != SOCKS5_VERSION)
		return DECODE_BAD_VERSION;
	if (len < GREETING_FIXED || len - GREETING_FIXED < buf[1])
		return DECODE_MORE;
	made.n_methods = buf[1];
	memcpy(made.methods, buf + GREETING_FIXED, made.n_methods);
	*greeting = made;
	return GREETING_FIXED + made.n_methods;
}

bool
socks5_greeting_offers(const struct socks5_greeting *greeting, uint8_t method)
{
	return memchr(greeting->methods, method, greeting->n_methods) != NULL;
}

static bool
is_command(uint8_t cmd)
{
	return cmd == COMMAND_CONNECT || cmd == COMMAND_BIND ||
	    cmd == COMMAND_UDP;
}

static ssize_t
dst_decode(uint8_t cmd, const uint8_t *buf, size_t len, struct target *target)
{
	/* Many clients put anything there: it says where they will be. */
	if (cmd == COMMAND_UDP)
		return socks5_addr_decode_any(buf, len, target);
	return socks5_addr_decode(buf, len, target);
}

ssize_t
socks5_request_decode(const uint8_t *buf, size_t len,
    struct socks5_request *req)
{
	struct target target;
	ssize_t n;

	if (len < 1)
		return DECODE_MORE;
	if (buf[0] != SOCKS5_VERSION)
		return DECODE_BAD_VERSION;
	if (len < 2)
		return DECODE_MORE;
	if (!is_command(buf[1]))
		return DECODE_BAD_COMMAND;
	if (len < REQUEST_FIXED)
		return DECODE_MORE;
	n = dst_decode(buf[1], buf + REQUEST_FIXED, len - REQUEST_FIXED,
	    &target);
	if (n <= 0)
		return n;
	req->command = (enum command)buf[1];
	req->target = target;
	return REQUEST_FIXED + n;
}

size_t
socks5_reply_encode(uint8_t buf[SOCKS5_REPLY_MAX], enum socks5_rep rep,
    const struct addr *bnd)
{
	buf[0] = SOCKS5_VERSION;
	buf[1] = (uint8_t)rep;
	buf[2] = 0;
	return REPLY_FIXED + socks5_addr_encode(buf + REPLY_FIXED, bnd);
}
