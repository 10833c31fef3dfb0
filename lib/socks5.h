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

/*
 * Read the greeting (RFC 1928, section 3) from the first len octets at buf.
 *
 *	+----+----------+----------+
 *	|VER | NMETHODS | METHODS  |
 *	+----+----------+----------+
 *	| 1  |    1     | 0 to 255 |
 *	+----+----------+----------+
 *
 * Returns the octets that it took; DECODE_MORE; DECODE_BAD_VERSION.  One that
 * offers no method is good, and offers none.  *greeting is written only on
 * success.
 */
ssize_t	socks5_greeting_decode(const uint8_t *buf, size_t len,
	    struct socks5_greeting *greeting);

/* Is METHOD among those offered? */
bool	socks5_greeting_offers(const struct socks5_greeting *greeting,
	    uint8_t method);

/*
 * Read one request (RFC 1928, section 4) from the first len octets at buf.
 *
 *	+----+-----+-------+------+----------+----------+
 *	|VER | CMD |  RSV  | ATYP | DST.ADDR | DST.PORT |
 *	+----+-----+-------+------+----------+----------+
 *	| 1  |  1  | X'00' |  1   | Variable |    2     |
 *	+----+-----+-------+------+----------+----------+
 *
 * Returns the octets that the request took; DECODE_MORE; and, with the octet
 * that decides it, DECODE_BAD_VERSION, DECODE_BAD_COMMAND (reply X'07'),
 * DECODE_BAD_ATYP (reply X'08') or DECODE_BAD_NAME.  Any RSV is tolerated;
 * port 0 is good here.  A name that is an IP literal becomes the address that
 * it is.  UDP ASSOCIATE is never refused for its name: one that is none
 * leaves the target without name and address.  *req is written only on
 * success.  Nothing at or beyond buf[len] is looked at.
 */
ssize_t	socks5_request_decode(const uint8_t *buf, size_t len,
	    struct socks5_request *req);

/*
 * Write a reply (RFC 1928, section 6).
 *
 *	+----+-----+-------+------+----------+----------+
 *	|VER | REP |  RSV  | ATYP | BND.ADDR | BND.PORT |
 *	+----+-----+-------+------+----------+----------+
 *	| 1  |  1  | X'00' |  1   | 4 or 16  |    2     |
 *	+----+-----+-------+------+----------+----------+
 *
 * bnd NULL or ADDR_NONE is 0.0.0.0:0.  Returns the octets written, 10 or 22.
 */
size_t	socks5_reply_encode(uint8_t buf[SOCKS5_REPLY_MAX], enum socks5_rep rep,
	    const struct addr *bnd);

#endif
