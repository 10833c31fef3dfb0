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

/* DECODE_BAD_VERSION, or DECODE_BAD_NAME for a NUL in either. */
ssize_t	userpass_decode(const uint8_t *buf, size_t len, struct userpass *up);
void	userpass_reply_encode(uint8_t buf[USERPASS_REPLY_SIZE],
	    uint8_t status);

#endif
