/*
 * Prefixes of addresses: reading, writing, comparing (RFC 4632, RFC 4291).
 *
 * Runs in every process that reads the configuration or asks its rules.  A
 * mapped prefix is the IPv4 prefix that it is, so that one spelling of a rule
 * and another of an address always meet.
 */
#include "cidr.h"

#include <stdio.h>
#include <string.h>

enum { MAPPED_BITS = 96 };		/* of ::ffff:0:0/96 */

static unsigned
bits_max(const struct addr *a)
{
	return (unsigned)addr_size(a) * 8;
}

/* Clear every bit behind the first bits ones; true if any was set. */
static bool
clear_host_bits(struct addr *a, unsigned bits)
{
	bool was_set = false;

	for (unsigned i = bits; i < bits_max(a); i++) {
		const unsigned bit = 0x80u >> (i % 8);

		if ((a->ip[i / 8] & bit) != 0)
			was_set = true;
		a->ip[i / 8] = (uint8_t)(a->ip[i / 8] & ~bit);
	}
	return was_set;
}

/* "0" to "128", nothing before or behind; false for anything else. */
static bool
parse_bits(const char *text, unsigned *bits)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < 3 && text[i] >= '0' && text[i] <= '9'; i++)
		n = n * 10 + (unsigned)(text[i] - '0');
	if (i == 0 || text[i] != '\0' || (text[0] == '0' && i > 1))
		return false;
	*bits = n;
	return true;
}

/* Copy what stands before the slash; false if that is no address's length. */
static bool
split(const char *text, char address[ADDR_TEXT_MAX], const char **bits)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);

	if (len >= ADDR_TEXT_MAX)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*bits = slash == NULL ? NULL : slash + 1;
	return true;
}

enum cidr_fault
cidr_parse(struct cidr *c, const char *text)
{
	char address[ADDR_TEXT_MAX];
	const char *bits_text;
	struct cidr made = { 0 };
	unsigned bits, skipped = 0;
	bool was_set;

	if (!split(text, address, &bits_text) ||
	    !addr_parse(&made.base, address))
		return CIDR_BAD_ADDRESS;
	if (made.base.family == ADDR_IPV4 && strchr(address, ':') != NULL)
		skipped = MAPPED_BITS;
	bits = skipped + bits_max(&made.base);
	if (bits_text != NULL && !parse_bits(bits_text, &bits))
		return CIDR_BAD_LENGTH;
	if (bits < skipped || bits - skipped > bits_max(&made.base))
		return CIDR_BAD_LENGTH;
	made.bits = (uint8_t)(bits - skipped);
	was_set = clear_host_bits(&made.base, made.bits);
	*c = made;
	return was_set ? CIDR_HOST_BITS : CIDR_OK;
}

const char *
cidr_format(const struct cidr *c, char buf[ADDR_TEXT_MAX])
{
	size_t len;

	addr_format(&c->base, buf);
	if (c->bits < bits_max(&c->base)) {
		len = strlen(buf);
		snprintf(buf + len, ADDR_TEXT_MAX - len, "/%u",
		    (unsigned)c->bits);
	}
	return buf;
}

bool
cidr_contains(const struct cidr *c, const struct addr *a)
{
	const size_t whole = c->bits / 8;
	const unsigned mask = 0xff00u >> (c->bits % 8) & 0xffu;

	if (c->base.family != a->family || c->bits > bits_max(a))
		return false;
	if (memcmp(c->base.ip, a->ip, whole) != 0)
		return false;
	return mask == 0 || ((c->base.ip[whole] ^ a->ip[whole]) & mask) == 0;
}

bool
cidr_covers(const struct cidr *outer, const struct cidr *inner)
{
	return outer->bits <= inner->bits &&
	    cidr_contains(outer, &inner->base);
}
