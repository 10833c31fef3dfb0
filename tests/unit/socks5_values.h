/*
 * Addresses as SOCKS5 writes them, for the tests of requests and datagrams:
 * from ATYP to the port, what they mean, and where the bad ones are decided.
 */
#ifndef TESTS_SOCKS5_VALUES_H
#define TESTS_SOCKS5_VALUES_H

#include <criterion/criterion.h>

#include <string.h>

#include "lib/elements.h"
#include "lib/socks5_addr.h"
#include "target_text.h"

struct good_addr {
	const char	*octets;	/* ATYP, ADDR; the port is 80 */
	size_t		len;
	const char	*target;
};

static const struct good_addr good_addrs[] = {
	{ "\x01\xc0\x00\x02\x01", 5, "192.0.2.1:80" },
	{ "\x01\x00\x00\x00\x00", 5, "0.0.0.0:80" },
	{ "\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 17,
	    "[2001:db8::1]:80" },
	{ "\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01", 17,
	    "192.0.2.1:80" },
	{ "\x03\x01" "a", 3, "a:80" },
	{ "\x03\x0b" "example.org", 13, "example.org:80" },
	{ "\x03\x0c" "Example.ORG.", 14, "example.org:80" },
	{ "\x03\x09" "127.0.0.1", 11, "127.0.0.1:80" },
	{ "\x03\x03" "::1", 5, "[::1]:80" },
	{ "\x03\x05" "[::1]", 7, "[::1]:80" },
	{ "\x03\x10" "::ffff:192.0.2.1", 18, "192.0.2.1:80" },
	{ "\x03\x12" "[::ffff:c000:0201]", 20, "192.0.2.1:80" },
};

struct bad_addr {
	const char	*octets;	/* ATYP, ADDR */
	size_t		len;
	size_t		decides;	/* octets that decide it */
};

/* All of them are DECODE_BAD_NAME. */
static const struct bad_addr bad_addrs[] = {
	{ "\x03\x00", 2, 2 },
	{ "\x03\x01" ".", 3, 3 },
	{ "\x03\x01" "\0", 3, 3 },
	{ "\x03\x01" "*", 3, 3 },
	{ "\x03\x0a" "127.0.0.1\0", 12, 12 },
	{ "\x03\x0d" "127.0.0.1\0org", 15, 12 },
	{ "\x03\x05" "127.1", 7, 7 },
	{ "\x03\x0a" "2130706433", 12, 12 },
	{ "\x03\x0a" "0x7f000001", 12, 12 },
	{ "\x03\x0c" "017700000001", 14, 14 },
	{ "\x03\x04" "a..b", 6, 6 },
	{ "\x03\x05" "a b.c", 7, 4 },
	{ "\x03\x03" "a\nb", 5, 4 },
	{ "\x03\x05" "caf\xc3\xa9", 7, 6 },
	{ "\x03\x0c" "fe80::1%eth0", 14, 10 },
	{ "\x03\x04" "[::1", 6, 6 },
	{ "\x03\x0b" "[127.0.0.1]", 13, 13 },
	{ "\x03\x0e" "example.org:80", 16, 16 },
};

enum { N_GOOD_ADDRS = N_ELEMENTS(good_addrs),
       N_BAD_ADDRS = N_ELEMENTS(bad_addrs) };

/* Octets under construction. */
struct octets {
	uint8_t	at[512];
	size_t	len;
};

static inline void
put(struct octets *o, const void *octets, size_t len)
{
	cr_assert_leq(o->len + len, sizeof(o->at));
	memcpy(o->at + o->len, octets, len);
	o->len += len;
}

/* ATYP X'03' and a name of n octets in labels of 63. */
static inline void
put_long_name(struct octets *o, size_t n)
{
	const uint8_t head[2] = { SOCKS5_ATYP_NAME, (uint8_t)n };

	put(o, head, sizeof(head));
	for (size_t i = 0; i < n; i++)
		put(o, i % 64 == 63 ? "." : "n", 1);
}

#endif
