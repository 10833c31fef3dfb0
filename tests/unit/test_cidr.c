/*
 * Prefixes: good, bad and corrected ones; what lies in them.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "exact.h"
#include "lib/cidr.h"
#include "lib/elements.h"

struct parse_case {
	const char	*text;
	enum cidr_fault	fault;
	const char	*written;	/* NULL: nothing is written */
};

static const struct parse_case parse_cases[] = {
	{ "10.0.0.0/8", CIDR_OK, "10.0.0.0/8" },
	{ "0.0.0.0/0", CIDR_OK, "0.0.0.0/0" },
	{ "192.0.2.1", CIDR_OK, "192.0.2.1" },
	{ "192.0.2.1/32", CIDR_OK, "192.0.2.1" },
	{ "192.0.2.128/25", CIDR_OK, "192.0.2.128/25" },
	{ "::/0", CIDR_OK, "::/0" },
	{ "2001:db8::/32", CIDR_OK, "2001:db8::/32" },
	{ "::1", CIDR_OK, "::1" },
	{ "::1/128", CIDR_OK, "::1" },
	{ "[2001:db8::1]", CIDR_OK, "2001:db8::1" },
	{ "::ffff:10.0.0.0/104", CIDR_OK, "10.0.0.0/8" },
	{ "::ffff:0:0/96", CIDR_OK, "0.0.0.0/0" },
	{ "::ffff:192.0.2.1", CIDR_OK, "192.0.2.1" },
	{ "::ffff:192.0.2.1/128", CIDR_OK, "192.0.2.1" },
	{ "10.0.0.1/8", CIDR_HOST_BITS, "10.0.0.0/8" },
	{ "192.0.2.129/25", CIDR_HOST_BITS, "192.0.2.128/25" },
	{ "255.255.255.255/31", CIDR_HOST_BITS, "255.255.255.254/31" },
	{ "1.2.3.4/0", CIDR_HOST_BITS, "0.0.0.0/0" },
	{ "2001:db8::1/33", CIDR_HOST_BITS, "2001:db8::/33" },
	{ "::1/127", CIDR_HOST_BITS, "::/127" },
	{ "::ffff:10.0.0.1/104", CIDR_HOST_BITS, "10.0.0.0/8" },
	{ "10.0.0.0/33", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/08", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/00", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/-1", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/+8", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/ 8", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/8 ", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/8/8", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/x", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/1:", CIDR_BAD_LENGTH, NULL },	/* behind '9' */
	{ "10.0.0.0/255.0.0.0", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/4294967304", CIDR_BAD_LENGTH, NULL },
	{ "10.0.0.0/256", CIDR_BAD_LENGTH, NULL },
	{ "::/129", CIDR_BAD_LENGTH, NULL },
	{ "::/1280", CIDR_BAD_LENGTH, NULL },
	{ "::ffff:10.0.0.0/95", CIDR_BAD_LENGTH, NULL },
	{ "::ffff:10.0.0.0/8", CIDR_BAD_LENGTH, NULL },
	{ "::ffff:10.0.0.0/129", CIDR_BAD_LENGTH, NULL },
	{ "", CIDR_BAD_ADDRESS, NULL },
	{ "/8", CIDR_BAD_ADDRESS, NULL },
	{ "10/8", CIDR_BAD_ADDRESS, NULL },
	{ "10.0.0/8", CIDR_BAD_ADDRESS, NULL },
	{ "localhost", CIDR_BAD_ADDRESS, NULL },
	{ "10.0.0.0 /8", CIDR_BAD_ADDRESS, NULL },
	{ "fe80::1%1/64", CIDR_BAD_ADDRESS, NULL },
	{ "00000000000000000000000000000000000000000000000000000000000000000000"
	    "000/8", CIDR_BAD_ADDRESS, NULL },		/* ADDR_TEXT_MAX - 1 */
	{ "00000000000000000000000000000000000000000000000000000000000000000000"
	    "0000/8", CIDR_BAD_ADDRESS, NULL },
	{ "000000000000000000000000000000000000000000000000000000000000000000"
	    "000000000000000000000000000000000000000000000000000000000000/8",
	    CIDR_BAD_ADDRESS, NULL },
};

static struct cidr
prefix(const char *text)
{
	struct cidr c;

	cr_assert_eq(cidr_parse(&c, text), CIDR_OK, "%s", text);
	return c;
}

static struct addr
address(const char *text)
{
	struct addr a;

	cr_assert(addr_parse(&a, text), "%s", text);
	return a;
}

Test(cidr, parse)
{
	char buf[ADDR_TEXT_MAX];
	struct cidr c, before;

	memset(&before, 0xee, sizeof(before));
	for (size_t i = 0; i < N_ELEMENTS(parse_cases); i++) {
		const struct parse_case *p = &parse_cases[i];
		char *text = (char *)exact_copy(p->text, strlen(p->text) + 1);

		c = before;
		cr_assert_eq(cidr_parse(&c, text), p->fault, "\"%s\"", text);
		if (p->written != NULL)
			cr_assert_str_eq(cidr_format(&c, buf), p->written);
		else
			cr_assert_eq(memcmp(&c, &before, sizeof(c)), 0);
		free(text);
	}
}

/* Every prefix of every length is read as it is written. */
Test(cidr, round_trip)
{
	char text[ADDR_TEXT_MAX], again[ADDR_TEXT_MAX];
	struct cidr c, d;

	for (unsigned bits = 0; bits <= 128; bits++) {
		snprintf(text, sizeof(text),
		    "fedc:ba98:7654:3210:fedc:ba98:7654:3211/%u", bits);
		cidr_parse(&c, text);
		cr_assert_eq(c.bits, bits);
		cidr_format(&c, text);
		cr_assert_eq(cidr_parse(&d, text), CIDR_OK, "%s", text);
		cr_assert_eq(memcmp(&c, &d, sizeof(c)), 0);
		cr_assert_str_eq(cidr_format(&d, again), text);
	}
}

/* Bit by bit: an address lies in a prefix if its first bits are the same. */
Test(cidr, contains_bit_by_bit)
{
	static const char *const bases[] = { "192.0.2.77",
		"2001:db8:1234:5678:9abc:def0:1357:9bdf" };
	struct addr a, near;
	struct cidr c;
	char text[ADDR_TEXT_MAX], buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < 2; i++) {
		a = address(bases[i]);
		for (unsigned bits = 0; bits <= addr_size(&a) * 8; bits++) {
			addr_format(&a, buf);
			snprintf(text, sizeof(text), "%.60s/%u", buf, bits);
			cidr_parse(&c, text);
			cr_assert(cidr_contains(&c, &a));
			for (unsigned b = 0; b < addr_size(&a) * 8; b++) {
				near = a;
				near.ip[b / 8] ^= (uint8_t)(0x80 >> b % 8);
				cr_assert_eq(cidr_contains(&c, &near),
				    b >= bits, "%s, bit %u", text, b);
			}
		}
	}
}

Test(cidr, families_do_not_mix)
{
	struct cidr all4 = prefix("0.0.0.0/0"), all6 = prefix("::/0");
	struct addr v4 = address("192.0.2.1"), v6 = address("::1");
	struct addr mapped = address("::ffff:192.0.2.1"), none = { 0 };

	cr_assert(cidr_contains(&all4, &v4));
	cr_assert(cidr_contains(&all4, &mapped));
	cr_assert_not(cidr_contains(&all4, &v6));
	cr_assert(cidr_contains(&all6, &v6));
	cr_assert_not(cidr_contains(&all6, &v4));
	cr_assert_not(cidr_contains(&all6, &mapped));
	cr_assert_not(cidr_contains(&all4, &none));
	cr_assert_not(cidr_contains(&all6, &none));
	cr_assert_not(cidr_covers(&all6, &all4));
	cr_assert_not(cidr_covers(&all4, &all6));
}

Test(cidr, port_and_scope_do_not_matter)
{
	struct cidr c = prefix("fe80::/10");
	struct addr a = address("fe80::1");

	a.port = 80;
	a.scope = 4;
	cr_assert(cidr_contains(&c, &a));
}

struct cover_case {
	const char	*outer, *inner;
	bool		covers;
};

static const struct cover_case cover_cases[] = {
	{ "10.0.0.0/8", "10.0.0.0/8", true },
	{ "10.0.0.0/8", "10.1.0.0/16", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.1.0.0/16", "10.0.0.0/8", false },
	{ "10.0.0.0/8", "11.0.0.0/8", false },
	{ "0.0.0.0/0", "11.0.0.0/8", true },
	{ "2001:db8::/32", "2001:db8:ffff::/48", true },
	{ "2001:db8::/48", "2001:db8::/32", false },
	{ "::/0", "::/0", true },
};

Test(cidr, covers)
{
	for (size_t i = 0; i < N_ELEMENTS(cover_cases); i++) {
		struct cidr outer = prefix(cover_cases[i].outer);
		struct cidr inner = prefix(cover_cases[i].inner);

		cr_assert_eq(cidr_covers(&outer, &inner),
		    cover_cases[i].covers, "%s, %s", cover_cases[i].outer,
		    cover_cases[i].inner);
	}
}
