/*
 * The example rules of the manual at the four moments at which a worker
 * asks: at accept, at the greeting (once for each method that it could
 * choose), at the request, and for the address that it is about to use.
 *
 * A verdict in the tables is one word: the name of the rule that decided, or
 *	"open"		more must be known, and some rule may pass
 *	"blocked"	blocked, by whichever rule or by the end of the list
 */
#include <criterion/criterion.h>

#include <string.h>
#include <sys/types.h>

#include "lib/rule.h"
#include "rule_values.h"

static const struct addr self[] = { IP4(192, 0, 2, 1), IP6(1) };

static const struct rule_to loops[] = {
	{ .kind = RULE_TO_SELF },
	{ .kind = RULE_TO_PREFIX, .prefix = NET4(127, 0, 0, 0, 8) },
	{ .kind = RULE_TO_PREFIX, .prefix = { .base = { .family = ADDR_IPV6,
	    .ip = { [15] = 1 } }, .bits = 128 } },
	{ .kind = RULE_TO_PREFIX, .prefix = NET4(169, 254, 0, 0, 16) },
	{ .kind = RULE_TO_PREFIX, .prefix = { .base = { .family = ADDR_IPV6,
	    .ip = { 0xfe, 0x80 } }, .bits = 10 } },
};
static const struct rule_ports mail[] = { { 25, 25 } };
static const struct rule_ports web[] = { { 80, 80 }, { 443, 443 } };
static const struct rule_group students[] = { { "students", 500 } };
static const struct hours nights[] = {
	{ .days = 0x1f, .begin = 22 * 60, .end = 6 * 60 },
};
static const struct cidr ten[] = { NET4(10, 0, 0, 0, 8) };
static const char *const anyone[] = { "*" };

/* What an absent "commands" means; the rules that block here name bind. */
enum {
	BY_DEFAULT = COMMANDS(COMMAND_CONNECT) | COMMANDS(COMMAND_UDP),
	ALL_THREE = BY_DEFAULT | COMMANDS(COMMAND_BIND),
};

static const struct rule rules[] = {
	{ .name = "no-loops", .action = RULE_BLOCK, LIST(to, loops),
	  .commands = ALL_THREE },
	{ .name = "no-mail", .action = RULE_BLOCK, LIST(ports, mail),
	  .commands = ALL_THREE },
	{ .name = "lab-hours", .action = RULE_BLOCK, LIST(groups, students),
	  LIST(ports, web), LIST(hours, nights), .commands = ALL_THREE },
	{ .name = "office", .action = RULE_PASS, LIST(from, ten),
	  .commands = ALL_THREE },
	{ .name = "members", .action = RULE_PASS, LIST(users, anyone),
	  .commands = BY_DEFAULT },
};

static const struct policy policy = { LIST(rules, rules) };

/* The first four: without a login for anyone. */
static const struct policy office_only = { .n_rules = 4, .rules = rules };

enum { NOON = 12 * 60, NIGHT = 23 * 60 };	/* Mondays */

static const gid_t gids_of_stu[] = { 100, 500 };

static const char *
verdict(const struct policy *p, const struct rule_question *q)
{
	struct rule_verdict v = policy_decide(p, q);

	cr_assert_eq(v.can_pass, v.decision != DECISION_BLOCK);
	if (v.decision == DECISION_OPEN)
		return "open";
	if (v.rule != -1)
		return p->rules[v.rule].name;
	return v.decision == DECISION_BLOCK ? "blocked" : "passed";
}

static struct rule_question
at_accept(const struct addr *from, unsigned minute)
{
	return (struct rule_question){ .knows_listener = true, .from = from,
	    .knows_minute = true, .minute = minute, LIST(self, self) };
}

/* Only who may log in, and where, is known: is it worth a conversation? */
Test(moments, accept_and_greeting)
{
	static const struct {
		const char		*what;
		const struct policy	*policy;
		const char		*from;
		const char		*accept, *none, *password;
	} rows[] = {
		/* at accept, without a login, with one */
		{ "the office needs no password", &policy, "10.0.0.7",
		  "open", "open", "open" },
		{ "everyone else does", &policy, "198.51.100.9",
		  "open", "blocked", "open" },
		{ "also over IPv6", &policy, "2001:db8::9",
		  "open", "blocked", "open" },
		{ "the office alone", &office_only, "10.255.255.255",
		  "open", "open", "open" },
		{ "others are dropped at accept", &office_only, "11.0.0.0",
		  "blocked", "blocked", "blocked" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct addr from;
		struct rule_question q;

		cr_assert(addr_parse(&from, rows[i].from));
		q = at_accept(&from, NOON);
		cr_assert_str_eq(verdict(rows[i].policy, &q), rows[i].accept,
		    "%s: at accept", rows[i].what);
		q.protocol = PROTOCOL_SOCKS5;
		q.who = WHO_ANONYMOUS;
		cr_assert_str_eq(verdict(rows[i].policy, &q), rows[i].none,
		    "%s: none", rows[i].what);
		q.who = WHO_SOMEBODY;
		cr_assert_str_eq(verdict(rows[i].policy, &q),
		    rows[i].password, "%s: password", rows[i].what);
	}
}

struct row {
	const char	*from, *user;
	unsigned	minute;
	enum command	command;
	const char	*name, *addr;	/* name NULL: addr was sent */
	uint16_t	port;
	const char	*request, *target;
};

static const struct row rows[] = {
	/* from, user, when, command, name, address, port: request, target */

	/* An address is decided at the request, a name when it is resolved. */
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 443, "office", "office" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  "example.org", "203.0.113.9", 443, "open", "office" },
	{ "198.51.100.9", "ann", NOON, COMMAND_CONNECT,
	  "example.org", "2001:db8::9", 443, "open", "members" },
	{ "10.0.0.7", "ann", NOON, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 443, "office", "office" },

	/* No way round no-loops, whatever the spelling. */
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "127.0.0.1", 1080, "no-loops", "no-loops" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "::ffff:127.0.0.1", 1080, "no-loops", "no-loops" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "::1", 1080, "no-loops", "no-loops" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "192.0.2.1", 22, "no-loops", "no-loops" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "2001:db8::1", 22, "no-loops", "no-loops" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "febf::1", 22, "no-loops", "no-loops" },
	{ "198.51.100.9", "ann", NOON, COMMAND_CONNECT,
	  "rebound.example", "127.0.0.1", 80, "open", "no-loops" },
	{ "198.51.100.9", "ann", NOON, COMMAND_CONNECT,
	  "metadata.example", "169.254.169.254", 80, "open", "no-loops" },

	/* A name whose port blocks it is not even resolved. */
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 25, "no-mail", "no-mail" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  "mx.example", "203.0.113.9", 25, "blocked", "no-mail" },
	{ "10.0.0.7", NULL, NOON, COMMAND_CONNECT,
	  "mx.example", "127.0.0.1", 25, "blocked", "no-loops" },

	/* Nor one of a client that no rule passes. */
	{ "198.51.100.9", NULL, NOON, COMMAND_CONNECT,
	  "example.org", "203.0.113.9", 443, "blocked", "blocked" },

	/* Students at night; the same student at noon; another at night. */
	{ "10.0.0.7", "stu", NIGHT, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 443, "lab-hours", "lab-hours" },
	{ "10.0.0.7", "stu", NIGHT, COMMAND_CONNECT,
	  "example.org", "203.0.113.9", 443, "blocked", "lab-hours" },
	{ "10.0.0.7", "stu", NIGHT, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 22, "office", "office" },
	{ "10.0.0.7", "stu", NOON, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 443, "office", "office" },
	{ "198.51.100.9", "ann", NIGHT, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 443, "members", "members" },
	/* Who does not log in is no student: the office stays open to all. */
	{ "10.0.0.7", NULL, NIGHT, COMMAND_CONNECT,
	  NULL, "203.0.113.9", 443, "office", "office" },

	/* BIND must be named. */
	{ "10.0.0.7", NULL, NOON, COMMAND_BIND,
	  NULL, "203.0.113.9", 20, "office", "office" },
	{ "198.51.100.9", "ann", NOON, COMMAND_BIND,
	  NULL, "203.0.113.9", 20, "blocked", "blocked" },
	{ "198.51.100.9", "ann", NOON, COMMAND_BIND,
	  "ftp.example", "203.0.113.9", 20, "blocked", "blocked" },
};

Test(moments, request_and_target)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		struct addr from, to;
		struct rule_question q;

		cr_assert(addr_parse(&from, r->from));
		cr_assert(addr_parse(&to, r->addr));
		q = at_accept(&from, r->minute);
		q.protocol = PROTOCOL_SOCKS5;
		q.who = r->user == NULL ? WHO_ANONYMOUS : WHO_USER;
		q.user = r->user;
		if (r->user != NULL && strcmp(r->user, "stu") == 0) {
			q.gids = gids_of_stu;
			q.n_gids = N_ELEMENTS(gids_of_stu);
		}
		q.command = r->command;
		q.knows_target = true;
		q.name = r->name;
		q.port = r->port;
		q.to = r->name == NULL ? &to : NULL;
		cr_assert_str_eq(verdict(&policy, &q), r->request,
		    "row %zu, request: %s", i, verdict(&policy, &q));
		q.to = &to;
		cr_assert_str_eq(verdict(&policy, &q), r->target,
		    "row %zu, target: %s", i, verdict(&policy, &q));
	}
}

/* UDP ASSOCIATE names no target: each datagram does, with one question. */
Test(moments, udp_is_asked_for_each_datagram)
{
	static const struct {
		const char	*name, *addr;
		uint16_t	port;
		const char	*verdict;
	} datagrams[] = {
		{ NULL, "203.0.113.9", 53, "office" },
		{ NULL, "127.0.0.1", 53, "no-loops" },
		{ "ns.example", NULL, 53, "open" },
		{ "ns.example", "203.0.113.9", 53, "office" },
		{ "ns.example", "::1", 53, "no-loops" },
		{ NULL, "203.0.113.9", 25, "no-mail" },
	};
	static const struct addr from = IP4(10, 0, 0, 7);
	struct rule_question q = at_accept(&from, NOON);

	q.protocol = PROTOCOL_SOCKS5;
	q.who = WHO_ANONYMOUS;
	q.command = COMMAND_UDP;
	cr_assert_str_eq(verdict(&policy, &q), "open");
	q.knows_target = true;
	for (size_t i = 0; i < N_ELEMENTS(datagrams); i++) {
		struct addr to = { 0 };

		if (datagrams[i].addr != NULL)
			cr_assert(addr_parse(&to, datagrams[i].addr));
		q.name = datagrams[i].name;
		q.to = &to;
		q.port = datagrams[i].port;
		cr_assert_str_eq(verdict(&policy, &q), datagrams[i].verdict,
		    "datagram %zu", i);
	}
}

/* Until the peer of a BIND is there its port is open, its address not. */
Test(moments, bind_is_asked_again_for_the_peer)
{
	static const struct addr from = IP4(10, 0, 0, 7);
	static const struct addr server = IP4(203, 0, 113, 9);
	static const struct addr loopback = IP4(127, 0, 0, 1);
	struct rule_question q = at_accept(&from, NOON);

	q.protocol = PROTOCOL_SOCKS5;
	q.who = WHO_ANONYMOUS;
	q.command = COMMAND_BIND;
	q.knows_target = true;
	q.any_port = true;
	q.to = &loopback;
	cr_assert_str_eq(verdict(&policy, &q), "no-loops");
	q.to = &server;
	cr_assert_str_eq(verdict(&policy, &q), "open");
	q.any_port = false;
	q.port = 20;
	cr_assert_str_eq(verdict(&policy, &q), "office");
	q.port = 25;
	cr_assert_str_eq(verdict(&policy, &q), "no-mail");
}
