/*
 * What a worker decides without a socket: the method, the order of
 * addresses, the reply to a failed connect.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "lib/elements.h"
#include "sockd/common/conf.h"
#include "sockd/worker/dial.h"
#include "sockd/worker/method.h"
#include "sockd/worker/reply.h"

enum { NONE = SOCKS5_METHOD_NONE, GSSAPI = SOCKS5_METHOD_GSSAPI,
       PASSWORD = SOCKS5_METHOD_PASSWORD,
       NOTHING = SOCKS5_METHOD_UNACCEPTABLE };

/* ---- the method (RFC 1928, section 3) ---- */

static const struct {
	uint8_t	n_ours, ours[2];
	uint8_t	n_offered, offered[3];
	bool	anonymous, somebody;	/* could some rule pass them? */
	uint8_t	chosen;
} choices[] = {
	/* the server's order decides, not the client's */
	{ 2, { PASSWORD, NONE }, 2, { NONE, PASSWORD }, true, true, PASSWORD },
	{ 2, { NONE, PASSWORD }, 2, { PASSWORD, NONE }, true, true, NONE },
	/* only what both have */
	{ 2, { PASSWORD, NONE }, 1, { NONE }, true, true, NONE },
	{ 2, { PASSWORD, NONE }, 1, { PASSWORD }, true, true, PASSWORD },
	{ 1, { PASSWORD }, 1, { NONE }, true, true, NOTHING },
	{ 1, { NONE }, 1, { PASSWORD }, true, true, NOTHING },
	{ 2, { PASSWORD, NONE }, 1, { GSSAPI }, true, true, NOTHING },
	{ 2, { PASSWORD, NONE }, 3, { GSSAPI, 0x80, NONE }, true, true, NONE },
	{ 2, { PASSWORD, NONE }, 0, { 0 }, true, true, NOTHING },
	/* only what some rule could still pass */
	{ 2, { PASSWORD, NONE }, 2, { NONE, PASSWORD }, true, false, NONE },
	{ 2, { NONE, PASSWORD }, 2, { NONE, PASSWORD }, false, true, PASSWORD },
	{ 2, { NONE, PASSWORD }, 1, { NONE }, false, true, NOTHING },
	{ 2, { NONE, PASSWORD }, 2, { NONE, PASSWORD }, false, false, NOTHING },
};

Test(method, choose)
{
	for (size_t i = 0; i < N_ELEMENTS(choices); i++) {
		struct conf_listen listen = { .n_methods = choices[i].n_ours };
		struct socks5_greeting greeting = {
			.n_methods = choices[i].n_offered };

		memcpy(listen.methods, choices[i].ours,
		    sizeof(choices[i].ours));
		memcpy(greeting.methods, choices[i].offered,
		    sizeof(choices[i].offered));
		cr_assert_eq(method_choose(&listen, &greeting,
		    choices[i].anonymous, choices[i].somebody),
		    choices[i].chosen, "case %zu", i);
	}
}

Test(method, is_offered)
{
	const struct conf_listen listen = { .n_methods = 1,
		.methods = { PASSWORD, NONE } };

	cr_assert(conf_listen_offers(&listen, PASSWORD));
	cr_assert_not(conf_listen_offers(&listen, NONE), "beyond n_methods");
}

/* ---- the order of addresses (RFC 8305, section 4) ---- */

/* "4a" is the IPv4 address that ends in 'a', "6b" an IPv6 one. */
static size_t
read_list(const char *text, struct addr *out)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p += 2) {
		uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8 };

		ip[*p == '4' ? 3 : 15] = (uint8_t)p[1];
		if (*p == '4')
			addr_from_ipv4(&out[n++], ip, 80);
		else
			addr_from_ipv6(&out[n++], ip, 80);
	}
	return n;
}

static const struct {
	const char	*given;
	int		prefer;
	const char	*order;
} orders[] = {
	{ "", 0, "" },
	{ "4a", 0, "4a" },
	{ "4a", ADDR_IPV6, "4a" },
	{ "6a4b", 0, "6a4b" },
	{ "4b6a", 0, "4b6a" },
	{ "6a6b6c4d4e", 0, "6a4d6b4e6c" },
	{ "4a4b4c6d", 0, "4a6d4b4c" },
	{ "6a6b4c4d", ADDR_IPV4, "4c6a4d6b" },
	{ "4c4d6a6b", ADDR_IPV6, "6a4c6b4d" },
	{ "6a6b6c", ADDR_IPV4, "6a6b6c" },
};

Test(dial, order)
{
	for (size_t i = 0; i < N_ELEMENTS(orders); i++) {
		struct addr given[MESSAGE_ADDRS_MAX], want[MESSAGE_ADDRS_MAX];
		struct addr got[MESSAGE_ADDRS_MAX];
		size_t n = read_list(orders[i].given, given);

		read_list(orders[i].order, want);
		cr_assert_eq(dial_order(got, given, n, orders[i].prefer), n,
		    "case %zu", i);
		for (size_t k = 0; k < n; k++)
			cr_assert(addr_equal_port(&got[k], &want[k]),
			    "case %zu, place %zu", i, k);
	}
}

Test(dial, order_keeps_to_its_room)
{
	struct addr given[MESSAGE_ADDRS_MAX + 4], got[MESSAGE_ADDRS_MAX];
	const uint8_t ip[4] = { 192, 0, 2, 1 };

	for (size_t i = 0; i < MESSAGE_ADDRS_MAX + 4; i++)
		addr_from_ipv4(&given[i], ip, (uint16_t)i);
	cr_assert_eq(dial_order(got, given, MESSAGE_ADDRS_MAX + 4, 0),
	    (size_t)MESSAGE_ADDRS_MAX);
}

/* ---- errno to REP (RFC 1928, section 6) ---- */

static const struct {
	int		error;
	enum socks5_rep	rep;
	enum outcome	outcome;
} replies[] = {
	{ ECONNREFUSED, SOCKS5_REFUSED, OUTCOME_REFUSED },
	{ ECONNRESET, SOCKS5_REFUSED, OUTCOME_REFUSED },
	{ ENETUNREACH, SOCKS5_NETWORK_UNREACHABLE, OUTCOME_UNREACHABLE },
	{ EHOSTUNREACH, SOCKS5_HOST_UNREACHABLE, OUTCOME_UNREACHABLE },
	{ ENOPROTOOPT, SOCKS5_HOST_UNREACHABLE, OUTCOME_UNREACHABLE },
	{ ETIMEDOUT, SOCKS5_TTL_EXPIRED, OUTCOME_TIMEOUT },
	{ EACCES, SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED },
	{ EPERM, SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED },
	{ EINVAL, SOCKS5_FAILURE, OUTCOME_ERROR },
	{ EMFILE, SOCKS5_FAILURE, OUTCOME_ERROR },
	{ EADDRNOTAVAIL, SOCKS5_FAILURE, OUTCOME_ERROR },
	{ 0, SOCKS5_FAILURE, OUTCOME_ERROR },
};

Test(reply, of_errno)
{
	for (size_t i = 0; i < N_ELEMENTS(replies); i++) {
		struct reply_failure f = reply_of_errno(replies[i].error);

		cr_assert_eq(f.rep, replies[i].rep, "case %zu", i);
		cr_assert_eq(f.outcome, replies[i].outcome, "case %zu", i);
	}
}
