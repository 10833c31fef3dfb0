/*
 * Username/password sub-negotiation (RFC 1929).
 */
#ifndef LIB_USERPASS_H
#define LIB_USERPASS_H

#include <stddef.h>
#include <stdint.h>

#include "decode.h"

enum { USERPASS_VERSION = 1, USERPASS_MAX = 513, USERPASS_SUCCESS = 0,
       USERPASS_FAILURE = 1, USERPASS_REPLY_SIZE = 2 };

struct userpass {
	uint8_t		ulen, plen;
	const uint8_t	*uname;		/* into the caller's buffer */
	const uint8_t	*passwd;	/* into the caller's buffer */
};

/*
 * Read one message (RFC 1929, section 2) from the first len octets at buf.
 *
 *	+----+------+----------+------+----------+
 *	|VER | ULEN |  UNAME   | PLEN |  PASSWD  |
 *	+----+------+----------+------+----------+
 *	| 1  |  1   | 1 to 255 |  1   | 0 to 255 |
 *	+----+------+----------+------+----------+
 *
 * Returns the octets that it took; DECODE_MORE; DECODE_BAD_VERSION if VER is
 * not X'01'; DECODE_BAD_NAME for an empty name, or a NUL in either, as soon
 * as it is there.  An empty password is good: many clients send one.  *up is
 * written only on success and points into buf, which stays the caller's to
 * wipe.  Nothing at or beyond buf[len] is looked at.
 */
ssize_t	userpass_decode(const uint8_t *buf, size_t len, struct userpass *up);

/*
 * Write the answer; any status but USERPASS_SUCCESS is a failure.
 *
 *	+----+--------+
 *	|VER | STATUS |
 *	+----+--------+
 */
void	userpass_reply_encode(uint8_t buf[USERPASS_REPLY_SIZE],
	    uint8_t status);

#endif
