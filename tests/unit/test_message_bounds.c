/*
 * Messages that no encoder of ours would write: fields at their bounds and
 * beyond, put together by hand.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message.h"
#include "message_values.h"

/* A message put together by hand: what no encoder of ours would write. */
struct raw {
	uint8_t	octets[MESSAGE_MAX];
	size_t	len;
};

static void
raw_put(struct raw *r, const void *octets, size_t n)
{
	memcpy(r->octets + r->len, octets, n);
	r->len += n;
}

static void
raw_octet(struct raw *r, uint8_t octet)
{
	raw_put(r, &octet, 1);
}

static void
raw_text(struct raw *r, const char *octets, size_t len)
{
	uint16_t n = (uint16_t)len;

	raw_put(r, &n, sizeof(n));
	raw_put(r, octets, len);
}

static void
raw_ipv4(struct raw *r, uint8_t last, uint16_t port)
{
	static const uint8_t net[3] = { 192, 0, 2 };

	raw_octet(r, ADDR_IPV4);
	raw_put(r, net, sizeof(net));
	raw_octet(r, last);
	raw_put(r, &port, sizeof(port));
}

/* As it is written: an addr would turn a mapped address into IPv4. */
static void
raw_ipv6(struct raw *r, uint8_t family, const char *text)
{
	static const uint16_t port = 5123;
	static const uint32_t scope = 0;
	uint8_t ip[16];

	cr_assert_eq(inet_pton(AF_INET6, text, ip), 1);
	raw_octet(r, family);
	raw_put(r, ip, sizeof(ip));
	raw_put(r, &port, sizeof(port));
	raw_put(r, &scope, sizeof(scope));
}

static struct raw
raw_open(enum message_kind kind)
{
	static const uint64_t serial = 9;
	struct raw r = { .len = 0 };

	raw_octet(&r, (uint8_t)kind);
	raw_put(&r, &serial, sizeof(serial));
	return r;
}

static struct raw
raw_login(const char *user, size_t ulen, const char *password, size_t plen)
{
	struct raw r = raw_open(MESSAGE_LOGIN);

	raw_text(&r, "sockd", 5);
	raw_text(&r, user, ulen);
	raw_text(&r, password, plen);
	return r;
}

Test(login_question, texts)
{
	char text[MESSAGE_USER_SIZE];
	union message m = { 0 };
	struct raw r;

	memset(text, 'x', sizeof(text));
	r = raw_login(text, 255, text, 255);
	raw_ipv4(&r, 1, 5123);
	cr_assert(decode_exact(MESSAGE_LOGIN, r.octets, r.len, &m));
	cr_assert_eq(strlen(m.login.user), 255);
	cr_assert_eq(strlen(m.login.password), 255);

	r = raw_login(text, 256, text, 255);
	raw_ipv4(&r, 1, 5123);
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "user of 256");
	r = raw_login(text, 255, text, 256);
	raw_ipv4(&r, 1, 5123);
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "password of 256");
	r = raw_login("a\0n", 3, "x", 1);
	raw_ipv4(&r, 1, 5123);
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "NUL in the user");
	r = raw_login("ann", 3, "x", 2);
	raw_ipv4(&r, 1, 5123);
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "NUL ends the password");
}

Test(login_question, client)
{
	static const uint8_t none[3] = { ADDR_NONE };
	union message m = { 0 };
	struct raw r = raw_login("ann", 3, "x", 1);
	const size_t len = r.len;

	raw_ipv6(&r, ADDR_IPV6, "2001:db8::1");
	cr_assert(decode_exact(MESSAGE_LOGIN, r.octets, r.len, &m));
	cr_assert_eq(m.login.client.family, ADDR_IPV6);

	r.len = len;
	raw_ipv6(&r, ADDR_IPV6, "::ffff:192.0.2.1");
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "a mapped address");
	r.len = len;
	raw_ipv6(&r, 5, "2001:db8::1");
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "family 5");
	r.len = len;
	raw_put(&r, none, sizeof(none));
	check_refused(MESSAGE_LOGIN, r.octets, r.len, "no address");
}

static struct raw
raw_login_answer(uint8_t verdict, const char *user, uint8_t n_gids,
    size_t gids)
{
	struct raw r = raw_open(MESSAGE_LOGIN_ANSWER);
	uint32_t gid = 100;

	raw_octet(&r, verdict);
	raw_text(&r, user, strlen(user));
	raw_octet(&r, n_gids);
	for (size_t i = 0; i < gids; i++)
		raw_put(&r, &gid, sizeof(gid));
	return r;
}

Test(login_answer, fields)
{
	static const struct {
		const char	*what;
		bool		good;
		uint8_t		verdict;
		const char	*user;
		uint8_t		n_gids;
		size_t		gids;
	} rows[] = {
		{ "yes", true, LOGIN_YES, "ann", 1, 1 },
		{ "no", true, LOGIN_NO, "", 0, 0 },
		{ "as many groups as may be", true, LOGIN_YES, "ann", 64, 64 },
		{ "a group more", false, LOGIN_YES, "ann", 65, 65 },
		{ "255 groups", false, LOGIN_YES, "ann", 255, 255 },
		{ "fewer than said", false, LOGIN_YES, "ann", 2, 1 },
		{ "more than said", false, LOGIN_YES, "ann", 1, 2 },
		{ "verdict 0", false, 0, "ann", 0, 0 },
		{ "verdict 4", false, LOGIN_ERROR + 1, "ann", 0, 0 },
		{ "yes to nobody", false, LOGIN_YES, "", 0, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct raw r = raw_login_answer(rows[i].verdict, rows[i].user,
		    rows[i].n_gids, rows[i].gids);
		union message m = { 0 };

		if (rows[i].good)
			cr_assert(decode_exact(MESSAGE_LOGIN_ANSWER, r.octets,
			    r.len, &m), "%s", rows[i].what);
		else
			check_refused(MESSAGE_LOGIN_ANSWER, r.octets, r.len,
			    rows[i].what);
	}
}

/* Whatever asks, a resolver is never given what is no name. */
Test(resolve_question, names)
{
	static const char *const bad[] = {
		"", ".", "*", "*.example.org", "127.0.0.1", "127.1", "0x7f.1",
		"::1", "[::1]", "a b", "a/b", "example.org.", "Example.org",
		"a..b", "fe80::1%eth0", "na\xefve.example",
	};

	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		struct raw r = raw_open(MESSAGE_RESOLVE);

		raw_text(&r, bad[i], strlen(bad[i]));
		check_refused(MESSAGE_RESOLVE, r.octets, r.len, bad[i]);
	}
}

Test(resolve_answer, fields)
{
	static const struct {
		const char	*what;
		bool		good;
		uint8_t		verdict, n_addrs, addrs;
		uint16_t	port;
	} rows[] = {
		{ "found", true, RESOLVE_FOUND, 1, 1, 0 },
		{ "none", true, RESOLVE_NONE, 0, 0, 0 },
		{ "again", true, RESOLVE_AGAIN, 0, 0, 0 },
		{ "as many as may be", true, RESOLVE_FOUND, 16, 16, 0 },
		{ "one more", false, RESOLVE_FOUND, 17, 17, 0 },
		{ "255", false, RESOLVE_FOUND, 255, 255, 0 },
		{ "fewer than said", false, RESOLVE_FOUND, 2, 1, 0 },
		{ "more than said", false, RESOLVE_FOUND, 1, 2, 0 },
		{ "found nothing", false, RESOLVE_FOUND, 0, 0, 0 },
		{ "none, but here", false, RESOLVE_NONE, 1, 1, 0 },
		{ "a port", false, RESOLVE_FOUND, 1, 1, 80 },
		{ "verdict 0", false, 0, 0, 0, 0 },
		{ "verdict 4", false, RESOLVE_AGAIN + 1, 0, 0, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct raw r = raw_open(MESSAGE_RESOLVE_ANSWER);
		union message m = { 0 };

		raw_octet(&r, rows[i].verdict);
		raw_octet(&r, rows[i].n_addrs);
		for (unsigned n = 0; n < rows[i].addrs; n++)
			raw_ipv4(&r, (uint8_t)n, rows[i].port);
		if (rows[i].good)
			cr_assert(decode_exact(MESSAGE_RESOLVE_ANSWER,
			    r.octets, r.len, &m), "%s", rows[i].what);
		else
			check_refused(MESSAGE_RESOLVE_ANSWER, r.octets, r.len,
			    rows[i].what);
	}
}

Test(tunnel, descriptors)
{
	for (unsigned n = 0; n < 256; n++) {
		static const uint64_t owner = 1;
		static const uint32_t slot = 2;
		struct raw r = { .len = 0 };
		union message m = { 0 };

		raw_octet(&r, MESSAGE_TUNNEL);
		raw_put(&r, &slot, sizeof(slot));
		raw_octet(&r, (uint8_t)n);
		raw_put(&r, &owner, sizeof(owner));
		if (n < 1 || n > MESSAGE_FDS_MAX) {
			check_refused(MESSAGE_TUNNEL, r.octets, r.len, "fds");
			continue;
		}
		cr_assert(decode_exact(MESSAGE_TUNNEL, r.octets, r.len, &m));
		cr_assert_eq(m.tunnel.n_fds, n);
		cr_assert_eq(m.tunnel.slot, slot);
		cr_assert_eq(m.tunnel.owner, owner);
	}
}
