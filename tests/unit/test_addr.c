/*
 * Addresses: literals, spellings of one address, kinds, socket addresses.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "exact.h"
#include "lib/addr.h"
#include "lib/elements.h"

enum { UNSPECIFIED = 1, LOOPBACK = 2, MULTICAST = 4, BROADCAST = 8,
       LINK_LOCAL = 16, PRIVATE = 32 };

struct literal {
	const char	*text;
	const char	*written;	/* as addr_format() writes it */
	unsigned	kind;
};

static const struct literal literals[] = {
	{ "192.0.2.1", "192.0.2.1", 0 },
	{ "0.0.0.0", "0.0.0.0", UNSPECIFIED },
	{ "0.0.0.1", "0.0.0.1", 0 },
	{ "255.255.255.255", "255.255.255.255", BROADCAST },
	{ "127.0.0.1", "127.0.0.1", LOOPBACK | PRIVATE },
	{ "127.255.255.255", "127.255.255.255", LOOPBACK | PRIVATE },
	{ "126.255.255.255", "126.255.255.255", 0 },
	{ "128.0.0.0", "128.0.0.0", 0 },
	{ "224.0.0.0", "224.0.0.0", MULTICAST },
	{ "239.255.255.255", "239.255.255.255", MULTICAST },
	{ "223.255.255.255", "223.255.255.255", 0 },
	{ "240.0.0.0", "240.0.0.0", 0 },
	{ "169.254.0.1", "169.254.0.1", LINK_LOCAL | PRIVATE },
	{ "169.253.0.1", "169.253.0.1", 0 },
	{ "10.0.0.0", "10.0.0.0", PRIVATE },
	{ "11.0.0.0", "11.0.0.0", 0 },
	{ "172.15.255.255", "172.15.255.255", 0 },
	{ "172.16.0.0", "172.16.0.0", PRIVATE },
	{ "172.31.255.255", "172.31.255.255", PRIVATE },
	{ "172.32.0.0", "172.32.0.0", 0 },
	{ "192.168.1.1", "192.168.1.1", PRIVATE },
	{ "192.169.1.1", "192.169.1.1", 0 },
	{ "::", "::", UNSPECIFIED },
	{ "::1", "::1", LOOPBACK | PRIVATE },
	{ "[::1]", "::1", LOOPBACK | PRIVATE },
	{ "0:0:0:0:0:0:0:1", "::1", LOOPBACK | PRIVATE },
	{ "::2", "::2", 0 },
	{ "100::1", "100::1", 0 },
	{ "2001:DB8::A", "2001:db8::a", 0 },
	{ "fe80::1", "fe80::1", LINK_LOCAL | PRIVATE },
	{ "febf::1", "febf::1", LINK_LOCAL | PRIVATE },
	{ "fec0::1", "fec0::1", 0 },
	{ "fc00::1", "fc00::1", PRIVATE },
	{ "fdff::1", "fdff::1", PRIVATE },
	{ "fbff::1", "fbff::1", 0 },
	{ "ff02::1", "ff02::1", MULTICAST },
	{ "::ffff:192.0.2.1", "192.0.2.1", 0 },
	{ "[::ffff:127.0.0.1]", "127.0.0.1", LOOPBACK | PRIVATE },
	{ "::ffff:0:0", "0.0.0.0", UNSPECIFIED },
	{ "::FFFF:e000:1", "224.0.0.1", MULTICAST },
	{ "::ffff:ffff:ffff", "255.255.255.255", BROADCAST },
	{ "::fffe:127.0.0.1", "::fffe:7f00:1", 0 },
};

static const char *const no_literals[] = {
	"", " ", "1", "127.1", "127.0.1", "0x7f.0.0.1", "0177.0.0.1",
	"127.0.0.01", "2130706433", "256.0.0.1", "1.2.3.4.5", "1.2.3.4.",
	"1.2.3", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4:80", "1.2.3.4/8",
	"[1.2.3.4]", "[]", "[", "]", "[::1", "::1]", "[[::1]]", "[::1]:80",
	"::1%lo", "fe80::1%1", "fe80::1%eth0", ":::", ":", "1::2::3",
	"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "localhost",
	"::ffff:1.2.3.256", "0000:0000:0000:0000:0000:0000:0000:0000:0000",
	"[0000000000000000000000000000000000000000000000000000000000000000]",
};

static unsigned
kind_of(const struct addr *a)
{
	return (addr_is_unspecified(a) ? UNSPECIFIED : 0u) |
	    (addr_is_loopback(a) ? LOOPBACK : 0u) |
	    (addr_is_multicast(a) ? MULTICAST : 0u) |
	    (addr_is_broadcast(a) ? BROADCAST : 0u) |
	    (addr_is_link_local(a) ? LINK_LOCAL : 0u) |
	    (addr_is_private(a) ? PRIVATE : 0u);
}

Test(addr, literals)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	for (size_t i = 0; i < N_ELEMENTS(literals); i++) {
		const struct literal *l = &literals[i];
		char *text = (char *)exact_copy(l->text, strlen(l->text) + 1);

		memset(&a, 0xee, sizeof(a));
		cr_assert(addr_parse(&a, text), "%s", l->text);
		cr_assert_str_eq(addr_format(&a, buf), l->written);
		cr_assert_eq(kind_of(&a), l->kind, "%s is of kinds %#x",
		    l->text, kind_of(&a));
		cr_assert_eq(a.port, 0);
		cr_assert_eq(a.scope, 0);
		free(text);
	}
}

Test(addr, no_literals)
{
	const size_t n = N_ELEMENTS(no_literals);
	struct addr a, before;

	memset(&a, 0xee, sizeof(a));
	before = a;
	for (size_t i = 0; i < n; i++) {
		char *text = (char *)exact_copy(no_literals[i],
		    strlen(no_literals[i]) + 1);

		cr_assert_not(addr_parse(&a, text), "\"%s\"", text);
		cr_assert_eq(memcmp(&a, &before, sizeof(a)), 0);
		free(text);
	}
}

static void
assert_reads_back(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];
	struct addr again;

	cr_assert(addr_parse(&again, addr_format(a, buf)),
	    "\"%s\" is written as \"%s\"", text, buf);
	cr_assert(addr_equal_port(a, &again), "\"%s\" and \"%s\"", text, buf);
}

/* Nothing is read beyond the text, and what is an address reads back as it. */
Test(addr, every_octet_of_a_literal)
{
	static const char good[] = "[2001:db8:ffff:ffff:ffff:ffff:192.0.2.255]";
	char changed[sizeof(good)], *text;
	struct addr a;

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		for (int c = 0; c < 256; c++) {
			memcpy(changed, good, sizeof(good));
			changed[i] = (char)c;
			text = (char *)exact_copy(changed,
			    strlen(changed) + 1);
			if (addr_parse(&a, text))
				assert_reads_back(&a, text);
			free(text);
		}
	}
}

Test(addr, octets)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff,
		[12] = 192, [13] = 0, [14] = 2, [15] = 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	char buf[ADDR_TEXT_MAX];
	struct addr a, b, none = { 0 };

	addr_from_ipv4(&a, mapped + 12, 80);
	cr_assert_str_eq(addr_format_port(&a, buf), "192.0.2.1:80");
	addr_from_ipv6(&b, mapped, 80);
	cr_assert_eq(memcmp(&a, &b, sizeof(a)), 0);
	cr_assert_eq(addr_size(&b), 4);
	addr_from_ipv6(&b, v6, 65535);
	cr_assert_str_eq(addr_format_port(&b, buf), "[2001:db8::1]:65535");
	cr_assert_eq(addr_size(&b), 16);
	cr_assert_str_eq(addr_format(&none, buf), "-");
	cr_assert_str_eq(addr_format_port(&none, buf), "-");
	cr_assert_eq(addr_size(&none), 0);
	cr_assert_eq(kind_of(&none), 0);
}

/* Each octet at each place is written as inet_ntop(3) writes it. */
Test(addr, every_octet_in_decimal)
{
	char buf[ADDR_TEXT_MAX], expected[INET_ADDRSTRLEN];
	struct addr a;

	for (int at = 0; at < 4; at++) {
		for (unsigned octet = 0; octet < 256; octet++) {
			uint8_t ip[4] = { 0 };

			ip[at] = (uint8_t)octet;
			addr_from_ipv4(&a, ip, 0);
			cr_assert_str_eq(addr_format(&a, buf),
			    inet_ntop(AF_INET, ip, expected,
			    sizeof(expected)));
		}
	}
}

Test(addr, longest_text)
{
	static const uint8_t ones[16] = { 0xfe, 0xbf, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	char *buf = malloc(ADDR_TEXT_MAX);
	struct addr a;

	addr_from_ipv6(&a, ones, 65535);
	a.scope = UINT32_MAX;
	cr_assert_str_eq(addr_format_port(&a, buf),
	    "[febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
	cr_assert_str_eq(addr_format(&a, buf),
	    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295");
	free(buf);
}

Test(addr, equal)
{
	struct addr a, b, none = { 0 };

	cr_assert(addr_parse(&a, "192.0.2.1"));
	cr_assert(addr_parse(&b, "::ffff:192.0.2.1"));
	cr_assert(addr_equal(&a, &b));
	b.port = 1;
	cr_assert(addr_equal(&a, &b));
	cr_assert_not(addr_equal_port(&a, &b));
	a.port = 1;
	a.scope = 7;
	cr_assert(addr_equal_port(&a, &b));
	for (size_t i = 0; i < 4; i++) {
		b = a;
		b.ip[i] ^= 1;
		cr_assert_not(addr_equal(&a, &b));
	}
	cr_assert_not(addr_equal(&a, &none));
	cr_assert(addr_equal(&none, &none));
	cr_assert(addr_parse(&b, "c000:201::"));
	cr_assert_not(addr_equal(&a, &b));
}

Test(addr, client)
{
	struct addr a, client;
	char buf[ADDR_TEXT_MAX];

	cr_assert(addr_parse(&a, "2001:db8:1:2:3:4:5:6"));
	a.port = 5123;
	a.scope = 3;
	client = addr_client(&a);
	cr_assert_str_eq(addr_format_port(&client, buf),
	    "[2001:db8:1:2::]:0");
	cr_assert(addr_parse(&a, "192.0.2.1"));
	a.port = 5123;
	client = addr_client(&a);
	cr_assert_str_eq(addr_format_port(&client, buf), "192.0.2.1:0");
	client = addr_client(&(struct addr){ 0 });
	cr_assert_eq(client.family, ADDR_NONE);
}

/* Through a socket address and back, of its own family and in IPv6's form. */
Test(addr, sockaddr_round_trip)
{
	struct sockaddr_storage ss;
	struct addr a, b;
	socklen_t len;

	for (size_t i = 0; i < N_ELEMENTS(literals); i++) {
		cr_assert(addr_parse(&a, literals[i].text));
		a.port = 0x1234;
		if (a.family == ADDR_IPV6 && addr_is_link_local(&a))
			a.scope = 3;
		len = addr_to_sockaddr(&a, &ss);
		cr_assert_eq(len, a.family == ADDR_IPV4 ?
		    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		cr_assert(addr_from_sockaddr(&b, (struct sockaddr *)&ss, len));
		cr_assert_eq(memcmp(&a, &b, sizeof(a)), 0);
		len = addr_to_sockaddr6(&a, &ss);
		cr_assert_eq(ss.ss_family, AF_INET6);
		cr_assert_eq(len, sizeof(struct sockaddr_in6));
		cr_assert(addr_from_sockaddr(&b, (struct sockaddr *)&ss, len));
		cr_assert_eq(memcmp(&a, &b, sizeof(a)), 0);
	}
}

Test(addr, sockaddr_cut_short)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };
	struct addr a, zero = { 0 };
	struct sockaddr_storage ss;
	socklen_t len;

	for (size_t i = 0; i < 2; i++) {
		cr_assert(addr_parse(&a, texts[i]));
		len = addr_to_sockaddr(&a, &ss);
		for (socklen_t n = 0; n < len; n++) {
			void *cut = exact_copy(&ss, n);

			memset(&a, 0xee, sizeof(a));
			cr_assert_not(addr_from_sockaddr(&a, cut, n));
			cr_assert_eq(memcmp(&a, &zero, sizeof(a)), 0);
			free(cut);
		}
	}
}

Test(addr, sockaddr_of_another_family)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	struct addr a, zero = { 0 };

	memset(&a, 0xee, sizeof(a));
	cr_assert_not(addr_from_sockaddr(&a, (struct sockaddr *)&ss,
	    sizeof(ss)));
	cr_assert_eq(memcmp(&a, &zero, sizeof(a)), 0);
	cr_assert_eq(addr_to_sockaddr(&zero, &ss), 0);
	cr_assert_eq(addr_to_sockaddr6(&zero, &ss), 0);
}

/* A scope means something for link-local addresses alone. */
Test(addr, sockaddr_scope)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_scope_id = 5 };
	struct addr a;

	sin6.sin6_addr.s6_addr[0] = 0x20;
	cr_assert(addr_from_sockaddr(&a, (struct sockaddr *)&sin6,
	    sizeof(sin6)));
	cr_assert_eq(a.scope, 0);
	sin6.sin6_addr.s6_addr[0] = 0xfe;
	sin6.sin6_addr.s6_addr[1] = 0x80;
	cr_assert(addr_from_sockaddr(&a, (struct sockaddr *)&sin6,
	    sizeof(sin6)));
	cr_assert_eq(a.scope, 5);
}
