/*
 * SOCKS5 greetings, requests and replies.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/socks5.h"
#include "socks5_values.h"

static ssize_t
greeting_verdict(const uint8_t *buf, size_t len)
{
	struct socks5_greeting greeting, before;
	ssize_t n;

	memset(&greeting, 0xee, sizeof(greeting));
	before = greeting;
	n = socks5_greeting_decode(buf, len, &greeting);
	if (n <= 0)
		cr_assert_eq(memcmp(&greeting, &before, sizeof(before)), 0);
	return n;
}

static ssize_t
request_verdict(const uint8_t *buf, size_t len)
{
	struct socks5_request req, before;
	ssize_t n;

	memset(&req, 0xee, sizeof(req));
	before = req;
	n = socks5_request_decode(buf, len, &req);
	if (n <= 0)
		cr_assert_eq(memcmp(&req, &before, sizeof(req)), 0);
	return n;
}

/* VER, CMD, RSV and what comes behind; the port, if there is one, is 80. */
static struct octets
request(uint8_t cmd, const void *addr, size_t len)
{
	const uint8_t head[3] = { 5, cmd, 0 };
	struct octets o = { .len = 0 };

	put(&o, head, sizeof(head));
	put(&o, addr, len);
	put(&o, "\x00\x50", 2);
	return o;
}

Test(greeting, every_number_of_methods)
{
	uint8_t octets[SOCKS5_GREETING_MAX] = { 5 };
	struct socks5_greeting greeting;

	for (unsigned n = 0; n < 256; n++) {
		octets[1] = (uint8_t)n;
		for (unsigned i = 0; i < n; i++)
			octets[2 + i] = (uint8_t)(i + 3);
		assert_whole(greeting_verdict, octets, 2 + n);
		socks5_greeting_decode(octets, 2 + n, &greeting);
		cr_assert_eq(greeting.n_methods, n);
		for (unsigned m = 0; m < 256; m++)
			cr_assert_eq(socks5_greeting_offers(&greeting,
			    (uint8_t)m), m >= 3 ? m < n + 3 : m + 256 < n + 3,
			    "method %u of %u", m, n);
	}
}

Test(greeting, every_version)
{
	uint8_t octets[] = { 5, 1, 0 };

	for (int c = 0; c < 256; c++) {
		octets[0] = (uint8_t)c;
		if (c != 5)
			assert_fault(greeting_verdict, octets, 1,
			    DECODE_BAD_VERSION);
	}
}

Test(request, good)
{
	char text[NAME_SIZE + ADDR_TEXT_MAX];
	struct socks5_request req;

	for (uint8_t cmd = 1; cmd <= 3; cmd++) {
		for (size_t i = 0; i < N_GOOD_ADDRS; i++) {
			const struct good_addr *g = &good_addrs[i];
			struct octets o = request(cmd, g->octets, g->len);

			assert_whole(request_verdict, o.at, o.len);
			memset(&req, 0xee, sizeof(req));
			socks5_request_decode(o.at, o.len, &req);
			cr_assert_eq(req.command, (enum command)cmd);
			cr_assert_eq(req.target.port, 80);
			cr_assert_str_eq(target_text(&req.target, text,
			    sizeof(text)), g->target);
		}
	}
}

static ssize_t
expected(size_t at, uint8_t value, ssize_t whole)
{
	if (at == 0)
		return value == 5 ? whole : DECODE_BAD_VERSION;
	if (at == 1)
		return value >= 1 && value <= 3 ? whole : DECODE_BAD_COMMAND;
	if (at == 3 && (value == 3 || value == 4))
		return DECODE_MORE;
	if (at == 3)
		return value == 1 ? whole : DECODE_BAD_ATYP;
	return whole;
}

/* The name of 97 octets that ATYP X'03' makes of it begins "aaa". */
Test(request, every_octet_of_the_fixed_part)
{
	struct octets o = request(1, "\x01" "aaaa", 5);
	ssize_t n;

	for (size_t at = 0; at < o.len; at++) {
		for (int c = 0; c < 256; c++) {
			struct octets other = o;

			other.at[at] = (uint8_t)c;
			if (at == 3 && c == 3)
				other.len -= 2;
			n = expected(at, (uint8_t)c, (ssize_t)o.len);
			cr_assert_eq(exact_verdict(request_verdict, other.at,
			    other.len), n, "octet %zu X'%02x'", at, c);
			if (n < 0)
				assert_fault(request_verdict, other.at, at + 1,
				    n);
		}
	}
}

Test(request, port_zero_is_the_callers)
{
	struct octets o = request(1, "\x01\xc0\x00\x02\x01", 5);
	struct socks5_request req;

	o.at[o.len - 1] = 0;
	assert_whole(request_verdict, o.at, o.len);
	socks5_request_decode(o.at, o.len, &req);
	cr_assert_eq(req.target.port, 0);
}

Test(request, bad_names)
{
	for (uint8_t cmd = COMMAND_CONNECT; cmd <= COMMAND_BIND; cmd++) {
		for (size_t i = 0; i < N_BAD_ADDRS; i++) {
			const struct bad_addr *b = &bad_addrs[i];
			struct octets o = request(cmd, b->octets, b->len);

			assert_lasting(request_verdict, o.at, o.len);
			assert_fault(request_verdict, o.at, 3 + b->decides,
			    DECODE_BAD_NAME);
		}
	}
}

/* Many clients put nothing, or the target's name, where their own belongs. */
Test(request, udp_associate_takes_any_name)
{
	struct socks5_request req;

	for (size_t i = 0; i < N_BAD_ADDRS; i++) {
		const struct bad_addr *b = &bad_addrs[i];
		struct octets o = request(COMMAND_UDP, b->octets, b->len);

		assert_whole(request_verdict, o.at, o.len);
		memset(&req, 0xee, sizeof(req));
		socks5_request_decode(o.at, o.len, &req);
		cr_assert_eq(req.command, COMMAND_UDP);
		cr_assert_str_eq(req.target.name, "");
		cr_assert_eq(req.target.addr.family, ADDR_NONE);
		cr_assert_eq(req.target.port, 80);
	}
}

Test(request, longest_name)
{
	struct octets name = { .len = 0 }, o;
	struct socks5_request req;

	put_long_name(&name, 253);
	o = request(1, name.at, name.len);
	assert_whole(request_verdict, o.at, o.len);
	put(&name, ".", 1);
	name.at[1] = 254;
	o = request(1, name.at, name.len);
	assert_whole(request_verdict, o.at, o.len);
	socks5_request_decode(o.at, o.len, &req);
	cr_assert_eq(strlen(req.target.name), 253);
}

Test(request, name_too_long)
{
	struct octets name = { .len = 0 }, o;

	put_long_name(&name, 254);
	o = request(1, name.at, name.len);
	assert_fault(request_verdict, o.at, 3 + 2 + 254, DECODE_BAD_NAME);
	name.len = 0;
	put_long_name(&name, 255);
	o = request(1, name.at, name.len);
	assert_fault(request_verdict, o.at, 3 + 2, DECODE_BAD_NAME);
	o = request(3, name.at, name.len);
	cr_assert_eq(o.len, SOCKS5_REQUEST_MAX);
	assert_whole(request_verdict, o.at, o.len);
}

/* A reply has a request's form: what is encoded decodes to the same. */
Test(reply, round_trip)
{
	static const char *const texts[] = { "192.0.2.1", "0.0.0.0",
		"255.255.255.255", "2001:db8::1", "::", "fe80::1" };
	struct socks5_request req;
	struct addr bnd;
	size_t len;

	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		uint8_t *buf = malloc(SOCKS5_REPLY_MAX);

		cr_assert(addr_parse(&bnd, texts[i]));
		bnd.port = (uint16_t)(40000 + i);
		len = socks5_reply_encode(buf, SOCKS5_SUCCEEDED, &bnd);
		cr_assert_eq(len, bnd.family == ADDR_IPV4 ? 10 : 22);
		buf[1] = COMMAND_CONNECT;
		cr_assert_eq(socks5_request_decode(buf, len, &req),
		    (ssize_t)len);
		cr_assert(addr_equal_port(&req.target.addr, &bnd));
		free(buf);
	}
}

Test(reply, failures)
{
	static const uint8_t zeros[7] = { 1, 0, 0, 0, 0, 0, 0 };
	static const struct addr none;
	uint8_t buf[SOCKS5_REPLY_MAX];

	for (int rep = SOCKS5_SUCCEEDED; rep <= SOCKS5_BAD_ATYP; rep++) {
		memset(buf, 0xee, sizeof(buf));
		cr_assert_eq(socks5_reply_encode(buf, (enum socks5_rep)rep,
		    rep % 2 == 0 ? NULL : &none), 10);
		cr_assert_eq(buf[0], 5);
		cr_assert_eq(buf[1], rep);
		cr_assert_eq(buf[2], 0);
		cr_assert_eq(memcmp(buf + 3, zeros, sizeof(zeros)), 0);
	}
}
