/*
 * Prefixes: "10.0.0.0/8", "2001:db8::/32", or one bare address.
 */
#ifndef LIB_CIDR_H
#define LIB_CIDR_H

#include "addr.h"

struct cidr {
	struct addr	base;		/* host bits are 0, port 0 */
	uint8_t		bits;		/* 0-32 or 0-128 */
};

enum cidr_fault {
	CIDR_OK,
	CIDR_BAD_ADDRESS,		/* not an address at all */
	CIDR_BAD_LENGTH,		/* not a number, or beyond the family */
	CIDR_HOST_BITS,			/* 10.0.0.1/8: host bits are set */
};

/*
 * Read a prefix.  *c is written only on CIDR_OK, and on CIDR_HOST_BITS, where
 * it holds the prefix that would be right (for the error message).  A mapped
 * ::ffff:a.b.c.d/96+n is the IPv4 prefix /n; a shorter mapped one would be of
 * both families and is CIDR_BAD_LENGTH.  The address is as addr_parse() reads
 * it; the length has no sign and no leading zero.
 */
enum cidr_fault	cidr_parse(struct cidr *c, const char *text);

/* "10.0.0.0/8"; a whole address without "/32" or "/128".  Returns buf. */
const char *cidr_format(const struct cidr *c, char buf[ADDR_TEXT_MAX]);

/* Does a lie in c?  False when families differ; ports and scopes aside. */
bool	cidr_contains(const struct cidr *c, const struct addr *a);

/* Does every address of inner lie in outer? */
bool	cidr_covers(const struct cidr *outer, const struct cidr *inner);

#endif
