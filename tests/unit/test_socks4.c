/*
 * SOCKS4 and SOCKS4a requests and replies.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/socks4.h"
#include "target_text.h"

/* A request under construction. */
struct octets {
	uint8_t	at[1024];
	size_t	len;
};

static void
put(struct octets *o, const void *octets, size_t len)
{
	memcpy(o->at + o->len, octets, len);
	o->len += len;
}

static void
put_text(struct octets *o, const char *text)
{
	put(o, text, strlen(text) + 1);
}

static void
put_many(struct octets *o, char c, size_t n)
{
	memset(o->at + o->len, c, n);
	o->len += n;
}

/* The fixed part: version, command, port 0x0050, 0.0.0.ip or 192.0.2.ip. */
static struct octets
fixed(uint8_t cd, uint8_t net, uint8_t ip)
{
	const uint8_t part[8] = { 4, cd, 0x00, 0x50, net == 0 ? 0 : 192, 0,
		net == 0 ? 0 : 2, ip };
	struct octets o = { .len = 0 };

	put(&o, part, sizeof(part));
	return o;
}

static ssize_t
verdict(const uint8_t *buf, size_t len)
{
	struct socks4_request req, before;
	ssize_t n;

	memset(&req, 0xee, sizeof(req));
	before = req;
	n = socks4_request_decode(buf, len, &req);
	if (n <= 0)
		cr_assert_eq(memcmp(&req, &before, sizeof(req)), 0);
	return n;
}

struct good_case {
	uint8_t		cd, net, ip;
	const char	*userid, *name;		/* name NULL: SOCKS4 */
	const char	*target;		/* as it is understood */
};

static const struct good_case good_cases[] = {
	{ 1, 192, 1, "", NULL, "192.0.2.1:80" },
	{ 1, 192, 1, "ann", NULL, "192.0.2.1:80" },
	{ 2, 192, 255, "ann", NULL, "192.0.2.255:80" },
	{ 1, 192, 0, "a\xff\x01 b", NULL, "192.0.2.0:80" },
	{ 1, 0, 1, "ann", "example.org", "example.org:80" },
	{ 1, 0, 255, "", "Example.ORG.", "example.org:80" },
	{ 2, 0, 1, "", "a", "a:80" },
	{ 1, 0, 1, "", "127.0.0.1", "127.0.0.1:80" },
	{ 1, 0, 1, "", "0.0.0.0", "0.0.0.0:80" },
	{ 1, 0, 1, "", "::1", "[::1]:80" },
	{ 1, 0, 1, "", "[2001:db8::1]", "[2001:db8::1]:80" },
	{ 1, 0, 1, "", "::ffff:192.0.2.1", "192.0.2.1:80" },
};

Test(socks4, good)
{
	char text[NAME_SIZE + ADDR_TEXT_MAX];
	struct socks4_request req;

	for (size_t i = 0; i < N_ELEMENTS(good_cases); i++) {
		const struct good_case *g = &good_cases[i];
		struct octets o = fixed(g->cd, g->net, g->ip);

		put_text(&o, g->userid);
		if (g->name != NULL)
			put_text(&o, g->name);
		assert_whole(verdict, o.at, o.len);
		memset(&req, 0xee, sizeof(req));
		socks4_request_decode(o.at, o.len, &req);
		cr_assert_eq(req.command, (enum command)g->cd);
		cr_assert_str_eq(req.userid, g->userid);
		cr_assert_eq(req.is_4a, g->name != NULL);
		cr_assert_eq(req.target.port, 80);
		cr_assert_str_eq(target_text(&req.target, text, sizeof(text)),
		    g->target);
	}
}

/* What each value of each octet of the fixed part does. */
static ssize_t
expected(size_t at, uint8_t value, ssize_t whole)
{
	if (at == 0)
		return value == 4 ? whole : DECODE_BAD_VERSION;
	if (at == 1)
		return value == 1 || value == 2 ? whole : DECODE_BAD_COMMAND;
	return whole;
}

Test(socks4, every_octet_of_the_fixed_part)
{
	struct octets o = fixed(1, 192, 1);
	ssize_t n;

	put_text(&o, "ann");
	for (size_t at = 0; at < 8; at++) {
		for (int c = 0; c < 256; c++) {
			struct octets other = o;

			other.at[at] = (uint8_t)c;
			n = expected(at, (uint8_t)c, (ssize_t)o.len);
			cr_assert_eq(exact_verdict(verdict, other.at, o.len),
			    n, "octet %zu X'%02x'", at, c);
			if (n < 0)
				assert_fault(verdict, other.at, at + 1, n);
		}
	}
}

Test(socks4, address_zero)
{
	struct octets o = fixed(1, 0, 0);

	assert_fault(verdict, o.at, o.len, DECODE_BAD_ADDRESS);
	o = fixed(2, 0, 0);
	assert_fault(verdict, o.at, o.len, DECODE_BAD_ADDRESS);
}

/* The first that is wrong is told. */
Test(socks4, order_of_faults)
{
	struct octets o = fixed(9, 0, 0);

	cr_assert_eq(exact_verdict(verdict, o.at, o.len), DECODE_BAD_COMMAND);
	o.at[0] = 'G';
	cr_assert_eq(exact_verdict(verdict, o.at, o.len), DECODE_BAD_VERSION);
}

Test(socks4, longest_userid)
{
	struct octets o = fixed(1, 192, 1);
	struct socks4_request req;

	put_many(&o, 'u', 255);
	put_text(&o, "");
	assert_whole(verdict, o.at, o.len);
	socks4_request_decode(o.at, o.len, &req);
	cr_assert_eq(strlen(req.userid), 255);
	o = fixed(1, 192, 1);
	put_many(&o, 'u', 256);
	assert_fault(verdict, o.at, o.len, DECODE_TOO_LONG);
}

Test(socks4, longest_request)
{
	struct octets o = fixed(1, 0, 1);
	struct socks4_request req;

	put_many(&o, 'u', 255);
	put_text(&o, "");
	for (int i = 0; i < 3; i++) {
		put_many(&o, 'n', 63);
		put_many(&o, '.', 1);
	}
	put_many(&o, 'n', 61);
	put_text(&o, ".");
	cr_assert_eq(o.len, SOCKS4_REQUEST_MAX - 1);
	assert_whole(verdict, o.at, o.len);
	socks4_request_decode(o.at, o.len, &req);
	cr_assert_eq(strlen(req.target.name), 253);
}

/* One octet more is no name; 256 are too many, whatever they are. */
Test(socks4, longest_name)
{
	struct octets o = fixed(1, 0, 1);

	put_text(&o, "");
	for (int i = 0; i < 3; i++) {
		put_many(&o, 'n', 63);
		put_many(&o, '.', 1);
	}
	put_many(&o, 'n', 62);
	put_text(&o, "");
	assert_fault(verdict, o.at, o.len, DECODE_BAD_NAME);
	o.at[--o.len] = 'n';
	o.len++;
	put_text(&o, "");
	assert_fault(verdict, o.at, o.len, DECODE_BAD_NAME);
	o.at[--o.len] = 'n';
	o.len++;
	assert_fault(verdict, o.at, o.len, DECODE_TOO_LONG);
}

struct bad_name {
	const char	*name;
	size_t		decides;	/* octets of it, NUL included */
};

static const struct bad_name bad_names[] = {
	{ "", 1 },
	{ ".", 2 },
	{ "a..b", 5 },
	{ "127.1", 6 },
	{ "0x7f000001", 11 },
	{ "017700000001", 13 },
	{ "[127.0.0.1]", 12 },
	{ "[::1", 5 },
	{ "a:b", 4 },
	{ "*", 1 },
	{ "a*.example", 2 },
	{ "a b", 2 },
	{ "fe80::1%eth0", 8 },
	{ "a\nb", 2 },
	{ "\x7f", 1 },
	{ "caf\xc3\xa9", 4 },
};

/* As soon as the octet that decides it is there. */
Test(socks4, bad_names)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_names); i++) {
		struct octets o = fixed(1, 0, 1);

		put_text(&o, "ann");
		put_text(&o, bad_names[i].name);
		assert_lasting(verdict, o.at, o.len);
		o.len -= strlen(bad_names[i].name) + 1;
		assert_fault(verdict, o.at, o.len + bad_names[i].decides,
		    DECODE_BAD_NAME);
	}
}

struct reply_case {
	uint8_t		cd;
	const char	*bnd;
	uint8_t		octets[SOCKS4_REPLY_SIZE];
};

static const struct reply_case reply_cases[] = {
	{ SOCKS4_GRANTED, "192.0.2.1", { 0, 90, 0x13, 0xec, 192, 0, 2, 1 } },
	{ SOCKS4_GRANTED, "::ffff:192.0.2.1",
	    { 0, 90, 0x13, 0xec, 192, 0, 2, 1 } },
	{ SOCKS4_GRANTED, "2001:db8::1", { 0, 90, 0, 0, 0, 0, 0, 0 } },
	{ SOCKS4_REJECTED, NULL, { 0, 91, 0, 0, 0, 0, 0, 0 } },
};

Test(socks4, replies)
{
	static const struct addr none;
	uint8_t *buf;
	struct addr bnd;

	for (size_t i = 0; i < N_ELEMENTS(reply_cases); i++) {
		const struct reply_case *r = &reply_cases[i];

		buf = malloc(SOCKS4_REPLY_SIZE);
		if (r->bnd != NULL)
			cr_assert(addr_parse(&bnd, r->bnd));
		bnd.port = 5100;
		socks4_reply_encode(buf, r->cd, r->bnd == NULL ? NULL : &bnd);
		cr_assert_eq(memcmp(buf, r->octets, sizeof(r->octets)), 0);
		free(buf);
	}
	buf = malloc(SOCKS4_REPLY_SIZE);
	socks4_reply_encode(buf, SOCKS4_REJECTED, &none);
	cr_assert_eq(memcmp(buf, reply_cases[3].octets, SOCKS4_REPLY_SIZE), 0);
	free(buf);
}
