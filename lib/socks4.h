/*
 * SOCKS4 and SOCKS4a on the wire (the memos of Ying-Da Lee).
 */
#ifndef LIB_SOCKS4_H
#define LIB_SOCKS4_H

#include <stdint.h>

#include "decode.h"
#include "target.h"

enum { SOCKS4_VERSION = 4, SOCKS4_GRANTED = 90, SOCKS4_REJECTED = 91,
       SOCKS4_REPLY_SIZE = 8, SOCKS4_USERID_MAX = 255,
       SOCKS4_REQUEST_MAX = 8 + 256 + 256 };

struct socks4_request {
	enum command	command;		/* CONNECT or BIND */
	struct target	target;
	char		userid[SOCKS4_USERID_MAX + 1];	/* NUL-terminated */
	bool		is_4a;
};

/*
 * Read one request from the first len octets at buf.
 *
 *	+----+----+----+----+----+----+----+----+----+----+....+----+
 *	| VN | CD | DSTPORT |      DSTIP        | USERID       |NULL|
 *	+----+----+----+----+----+----+----+----+----+----+....+----+
 *	   1    1      2              4           variable       1
 *
 * With a DSTIP of 0.0.0.x, x not 0 (SOCKS4a), a name and its NULL follow.  A
 * name that is an IP literal becomes the address that it is.
 *
 * Returns the octets that the request took; DECODE_MORE; and, with the octet
 * that decides it, DECODE_BAD_VERSION, DECODE_BAD_COMMAND, DECODE_BAD_ADDRESS
 * (0.0.0.0), DECODE_TOO_LONG (a USERID or name beyond 255 octets) or
 * DECODE_BAD_NAME.  Port 0 is good here.  *req is written only on success.
 * Nothing at or beyond buf[len] is looked at.
 */
ssize_t	socks4_request_decode(const uint8_t *buf, size_t len,
	    struct socks4_request *req);

/*
 * Write the reply.
 *
 *	+----+----+----+----+----+----+----+----+
 *	| VN | CD | DSTPORT |      DSTIP        |
 *	+----+----+----+----+----+----+----+----+
 *
 * VN is 0; DSTPORT and DSTIP are bnd, or zeros for NULL, ADDR_NONE and an
 * IPv6 address, which has no room there.
 */
void	socks4_reply_encode(uint8_t buf[SOCKS4_REPLY_SIZE], uint8_t cd,
	    const struct addr *bnd);

#endif
