/*
 * Username/password sub-negotiation (RFC 1929).
 *
 * Runs in workers.  Copies nothing: the name and the password stay in the
 * caller's buffer, who wipes it.
 */
#include "userpass.h"

#include <stdbool.h>
#include <string.h>

enum { UNAME_OFFSET = 2 };

/* Is there a NUL in the first len octets, or those of them that are here? */
static bool
has_nul(const uint8_t *octets, size_t len, size_t here)
{
	return memchr(octets, '\0', len < here ? len : here) != NULL;
}

ssize_t
userpass_decode(const uint8_t *buf, size_t len, struct userpass *up)
{
	size_t ulen, plen, passwd_offset;

	if (len < 1)
		return DECODE_MORE;
	if (buf[0] != USERPASS_VERSION)
		return DECODE_BAD_VERSION;
	if (len < UNAME_OFFSET)
		return DECODE_MORE;
	ulen = buf[1];
	if (ulen == 0 || has_nul(buf + UNAME_OFFSET, ulen, len - UNAME_OFFSET))
		return DECODE_BAD_NAME;
	passwd_offset = UNAME_OFFSET + ulen + 1;
	if (len < passwd_offset)
		return DECODE_MORE;
	plen = buf[passwd_offset - 1];
	if (has_nul(buf + passwd_offset, plen, len - passwd_offset))
		return DECODE_BAD_NAME;
	if (len - passwd_offset < plen)
		return DECODE_MORE;
	*up = (struct userpass){ .ulen = buf[1], .plen = (uint8_t)plen,
		.uname = buf + UNAME_OFFSET, .passwd = buf + passwd_offset };
	return (ssize_t)(passwd_offset + plen);
}

void
userpass_reply_encode(uint8_t buf[USERPASS_REPLY_SIZE], uint8_t status)
{
	buf[0] = USERPASS_VERSION;
	buf[1] = status;
}
