/*
 * The header of a relayed datagram.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/socks5_udp.h"
#include "socks5_values.h"

static ssize_t
verdict(const uint8_t *buf, size_t len)
{
	struct target target, before;
	ssize_t n;

	memset(&target, 0xee, sizeof(target));
	before = target;
	n = socks5_udp_decode(buf, len, &target);
	if (n < 0)
		cr_assert_eq(memcmp(&target, &before, sizeof(target)), 0);
	cr_assert_neq(n, DECODE_MORE);
	return n;
}

static struct octets
header(const void *addr, size_t len)
{
	struct octets o = { .len = 0 };

	put(&o, "\0\0\0", 3);
	put(&o, addr, len);
	put(&o, "\x00\x50", 2);
	return o;
}

/* Every prefix is short, an empty DATA is none, and DATA does not matter. */
Test(socks5_udp, good)
{
	char text[NAME_SIZE + ADDR_TEXT_MAX];
	struct target target;

	for (size_t i = 0; i < N_GOOD_ADDRS; i++) {
		const struct good_addr *g = &good_addrs[i];
		struct octets o = header(g->octets, g->len);
		size_t len = o.len;

		for (size_t n = 0; n < len; n++)
			cr_assert_eq(exact_verdict(verdict, o.at, n),
			    DECODE_BAD_LENGTH, "%zu of %zu", n, len);
		cr_assert_eq(exact_verdict(verdict, o.at, len), (ssize_t)len);
		socks5_udp_decode(o.at, len, &target);
		cr_assert_eq(target.port, 80);
		cr_assert_str_eq(target_text(&target, text, sizeof(text)),
		    g->target);
		put(&o, "\xff\xff\xff\xff\xff\xff", 6);
		cr_assert_eq(exact_verdict(verdict, o.at, o.len),
		    (ssize_t)len);
	}
}

static ssize_t
expected(size_t at, uint8_t value, ssize_t whole)
{
	if (at < 2)
		return value == 0 ? whole : DECODE_BAD_VERSION;
	if (at == 2)
		return value == 0 ? whole : DECODE_BAD_FRAGMENT;
	if (at == 3 && (value == 3 || value == 4))
		return DECODE_BAD_LENGTH;
	if (at == 3)
		return value == 1 ? whole : DECODE_BAD_ATYP;
	if (at == 9)
		return value == 0 ? DECODE_BAD_ADDRESS : whole;
	return whole;
}

Test(socks5_udp, every_octet_of_the_fixed_part)
{
	struct octets o = header("\x01" "aaaa", 5);

	for (size_t at = 0; at < o.len; at++) {
		for (int c = 0; c < 256; c++) {
			struct octets other = o;

			other.at[at] = (uint8_t)c;
			if (at == 3 && c == 3)
				other.len -= 2;
			cr_assert_eq(exact_verdict(verdict, other.at,
			    other.len),
			    expected(at, (uint8_t)c, (ssize_t)o.len),
			    "octet %zu X'%02x'", at, c);
		}
	}
}

Test(socks5_udp, bad_names)
{
	for (size_t i = 0; i < N_BAD_ADDRS; i++) {
		struct octets o = header(bad_addrs[i].octets,
		    bad_addrs[i].len);

		cr_assert_eq(exact_verdict(verdict, o.at, o.len),
		    DECODE_BAD_NAME, "case %zu", i);
	}
}

Test(socks5_udp, longest_name)
{
	struct octets name = { .len = 0 }, o;

	put_long_name(&name, 253);
	put(&name, ".", 1);
	name.at[1] = 254;
	o = header(name.at, name.len);
	cr_assert_eq(o.len, SOCKS5_UDP_HEADER_MAX - 1);
	cr_assert_eq(exact_verdict(verdict, o.at, o.len), (ssize_t)o.len);
	name.len = 0;
	put_long_name(&name, 254);
	o = header(name.at, name.len);
	cr_assert_eq(exact_verdict(verdict, o.at, o.len), DECODE_BAD_NAME);
	name.len = 0;
	put_long_name(&name, 255);
	o = header(name.at, name.len);
	cr_assert_eq(exact_verdict(verdict, o.at, o.len), DECODE_BAD_NAME);
}

Test(socks5_udp, round_trip)
{
	static const char *const texts[] = { "192.0.2.1", "0.0.0.0",
		"2001:db8::1", "::1" };
	struct target target;
	struct addr from;
	size_t len;

	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		uint8_t *buf = malloc(SOCKS5_UDP_HEADER_ADDR_MAX);

		cr_assert(addr_parse(&from, texts[i]));
		from.port = (uint16_t)(53 + i * 1000);
		len = socks5_udp_encode(buf, &from);
		cr_assert_eq(len, from.family == ADDR_IPV4 ? 10 : 22);
		cr_assert_eq(socks5_udp_decode(buf, len, &target),
		    (ssize_t)len);
		cr_assert(addr_equal_port(&target.addr, &from));
		cr_assert_eq(target.port, from.port);
		free(buf);
	}
}
