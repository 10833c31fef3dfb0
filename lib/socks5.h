/*
 * SOCKS5 on the wire (RFC 1928): greeting, request, reply.
 */
#ifndef LIB_SOCKS5_H
#define LIB_SOCKS5_H

#include <stdint.h>

#include "decode.h"
#include "target.h"

enum {
	SOCKS5_VERSION = 5,
	SOCKS5_METHOD_NONE = 0x00, SOCKS5_METHOD_GSSAPI = 0x01,
	SOCKS5_METHOD_PASSWORD = 0x02, SOCKS5_METHOD_UNACCEPTABLE = 0xff,
	SOCKS5_GREETING_MAX = 257, SOCKS5_REQUEST_MAX = 262,
	SOCKS5_REPLY_MAX = 22,
};

/* REP */
enum socks5_rep {
	SOCKS5_SUCCEEDED = 0, SOCKS5_FAILURE = 1, SOCKS5_NOT_ALLOWED = 2,
	SOCKS5_NETWORK_UNREACHABLE = 3, SOCKS5_HOST_UNREACHABLE = 4,
	SOCKS5_REFUSED = 5, SOCKS5_TTL_EXPIRED = 6,
	SOCKS5_BAD_COMMAND = 7, SOCKS5_BAD_ATYP = 8,
};

struct socks5_greeting {
	uint8_t		n_methods;
	uint8_t		methods[255];
};

struct socks5_request {
	enum command	command;
	struct target	target;
};

ssize_t	socks5_greeting_decode(const uint8_t *buf, size_t len,
	    struct socks5_greeting *greeting);
bool	socks5_greeting_offers(const struct socks5_greeting *greeting,
	    uint8_t method);

/* DECODE_BAD_VERSION, _COMMAND, _ATYP or _NAME as soon as it is certain. */
ssize_t	socks5_request_decode(const uint8_t *buf, size_t len,
	    struct socks5_request *req);

/* bnd NULL or ADDR_NONE: 0.0.0.0:0.  Returns the octets written. */
size_t	socks5_reply_encode(uint8_t buf[SOCKS5_REPLY_MAX], enum socks5_rep rep,
	    const struct addr *bnd);

#endif
