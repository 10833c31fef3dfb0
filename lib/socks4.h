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
 *	+----+----+----+----+----+----+----+----+----+----+....+----+
 *	| VN | CD | DSTPORT |      DSTIP        | USERID       |NULL| (name NULL)
 *	+----+----+----+----+----+----+----+----+----+----+....+----+
 * A 4a name that is an IP literal becomes the address that it is.
 */
ssize_t	socks4_request_decode(const uint8_t *buf, size_t len,
	    struct socks4_request *req);

/* VN (0), CD, DSTPORT, DSTIP; zeros for no address or an IPv6 one. */
void	socks4_reply_encode(uint8_t buf[SOCKS4_REPLY_SIZE], uint8_t cd,
	    const struct addr *bnd);

#endif
