/*
 * Every condition of a rule with its three values, and rules made of them.
 */
#include <criterion/criterion.h>

#include <sys/types.h>

#include "lib/rule.h"
#include "rule_values.h"

static const struct addr inside = IP4(10, 1, 2, 3);
static const struct addr outside = IP4(198, 51, 100, 7);
static const struct addr inside6 = IP6(7);
static const struct addr loopback = IP4(127, 0, 0, 1);
static const struct addr nowhere = { .family = ADDR_NONE };

static const struct addr self[] = { IP4(192, 0, 2, 1), IP6(1) };

static const gid_t staff[] = { 50, 100 };
static const gid_t nobody[] = { (gid_t)-1, 65534 };

struct row {
	const char		*what;
	struct rule_question	q;
	enum answer		answer;
};

/* Ask one rule every row's question; condition is the only one it has. */
static void
ask(const struct rule *rule, enum rule_condition condition,
    const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum rule_condition decided = CONDITION_HOURS + 1;
		enum answer answer = rule_holds(rule, &rows[i].q, &decided);

		cr_assert_eq(answer, rows[i].answer, "%s: %d, not %d",
		    rows[i].what, answer, rows[i].answer);
		cr_assert_eq(decided, answer == ANSWER_YES ? CONDITION_NONE :
		    condition, "%s: decided by %s", rows[i].what,
		    rule_condition_name(decided));
		cr_assert_eq(rule_holds(rule, &rows[i].q, NULL), answer);
	}
}

#define ASK(rule, condition, rows) \
	ask(rule, condition, rows, N_ELEMENTS(rows))

Test(rule, without_conditions_holds_always)
{
	static const struct rule rule = { .name = "all" };
	static const struct row rows[] = {
		{ "nothing is known", { 0 }, ANSWER_YES },
		{ "somebody", { .who = WHO_USER, .user = "ann" }, ANSWER_YES },
	};

	ASK(&rule, CONDITION_NONE, rows);
}

Test(rule, listen)
{
	static const struct rule rule = { .listeners = BIT(1) | BIT(63) };
	static const struct row rows[] = {
		{ "not known", { .listener = 1 }, ANSWER_NOT_YET },
		{ "first", { .knows_listener = true }, ANSWER_NO },
		{ "named", { .knows_listener = true, .listener = 1 },
		  ANSWER_YES },
		{ "last", { .knows_listener = true, .listener = 63 },
		  ANSWER_YES },
		{ "beyond", { .knows_listener = true, .listener = 64 },
		  ANSWER_NO },
		{ "far beyond", { .knows_listener = true, .listener = 129 },
		  ANSWER_NO },
	};

	ASK(&rule, CONDITION_LISTEN, rows);
}

Test(rule, from)
{
	static const struct cidr from[] = { NET4(10, 0, 0, 0, 8), NET6(32) };
	static const struct rule rule = { LIST(from, from) };
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "inside", { .from = &inside }, ANSWER_YES },
		{ "inside, IPv6", { .from = &inside6 }, ANSWER_YES },
		{ "outside", { .from = &outside }, ANSWER_NO },
	};

	ASK(&rule, CONDITION_FROM, rows);
}

static const struct rule_to by_name[] = {
	{ .kind = RULE_TO_NAME, .name = "example.net" },
	{ .kind = RULE_TO_SUFFIX, .name = ".example.org" },
};

static const struct rule_to by_address[] = {
	{ .kind = RULE_TO_PREFIX, .prefix = NET4(10, 0, 0, 0, 8) },
	{ .kind = RULE_TO_PREFIX, .prefix = NET6(32) },
};

static const struct rule_to by_self[] = { { .kind = RULE_TO_SELF } };

static const struct rule_to by_both[] = {
	{ .kind = RULE_TO_PREFIX, .prefix = NET4(10, 0, 0, 0, 8) },
	{ .kind = RULE_TO_NAME, .name = "example.net" },
};

Test(rule, to_names_look_at_the_name_alone)
{
	static const struct rule rule = { LIST(to, by_name) };
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "name, but said to be unknown", { .name = "example.net" },
		  ANSWER_NOT_YET },
		{ "exact", { .knows_target = true, .name = "example.net" },
		  ANSWER_YES },
		{ "case and dot", { .knows_target = true,
		  .name = "EXAMPLE.net." }, ANSWER_YES },
		{ "exact is not below", { .knows_target = true,
		  .name = "www.example.net" }, ANSWER_NO },
		{ "below", { .knows_target = true, .name = "a.b.example.org" },
		  ANSWER_YES },
		{ "the suffix itself", { .knows_target = true,
		  .name = "example.org" }, ANSWER_NO },
		{ "ends alike", { .knows_target = true,
		  .name = "badexample.org" }, ANSWER_NO },
		{ "resolved", { .knows_target = true, .name = "example.net",
		  .to = &outside }, ANSWER_YES },
		{ "other, resolved", { .knows_target = true,
		  .name = "example.com", .to = &inside }, ANSWER_NO },
		{ "an address", { .knows_target = true, .to = &inside },
		  ANSWER_NO },
		{ "an address, empty name", { .knows_target = true,
		  .name = "", .to = &inside }, ANSWER_NO },
	};

	ASK(&rule, CONDITION_TO, rows);
}

Test(rule, to_prefixes_wait_for_the_address)
{
	static const struct rule rule = { LIST(to, by_address) };
	static const struct row rows[] = {
		{ "not known", { .to = &inside }, ANSWER_NOT_YET },
		{ "a name", { .knows_target = true, .name = "example.net" },
		  ANSWER_NOT_YET },
		{ "a name, address none", { .knows_target = true,
		  .name = "example.net", .to = &nowhere }, ANSWER_NOT_YET },
		{ "resolved inside", { .knows_target = true,
		  .name = "example.net", .to = &inside }, ANSWER_YES },
		{ "resolved outside", { .knows_target = true,
		  .name = "example.net", .to = &outside }, ANSWER_NO },
		{ "inside", { .knows_target = true, .to = &inside },
		  ANSWER_YES },
		{ "inside, IPv6", { .knows_target = true, .to = &inside6 },
		  ANSWER_YES },
		{ "outside", { .knows_target = true, .to = &outside },
		  ANSWER_NO },
	};

	ASK(&rule, CONDITION_TO, rows);
}

Test(rule, to_self_is_every_address_of_this_machine)
{
	static const struct rule rule = { LIST(to, by_self) };
	static const struct addr here = { .family = ADDR_IPV4,
	    .ip = { 192, 0, 2, 1 }, .port = 1080 };
	static const struct row rows[] = {
		{ "not known", { LIST(self, self) }, ANSWER_NOT_YET },
		{ "a name", { .knows_target = true, .name = "me",
		  LIST(self, self) }, ANSWER_NOT_YET },
		{ "here, whatever port", { .knows_target = true, .to = &here,
		  LIST(self, self) }, ANSWER_YES },
		{ "here, IPv6", { .knows_target = true, .to = &self[1],
		  LIST(self, self) }, ANSWER_YES },
		{ "a name of here", { .knows_target = true, .name = "me",
		  .to = &here, LIST(self, self) }, ANSWER_YES },
		{ "elsewhere", { .knows_target = true, .to = &outside,
		  LIST(self, self) }, ANSWER_NO },
		{ "loopback is no address of the list", { .to = &loopback,
		  .knows_target = true, LIST(self, self) }, ANSWER_NO },
		{ "no addresses", { .knows_target = true, .to = &here },
		  ANSWER_NO },
	};

	ASK(&rule, CONDITION_TO, rows);
}

Test(rule, to_with_names_and_prefixes)
{
	static const struct rule rule = { LIST(to, by_both) };
	static const struct row rows[] = {
		{ "the name: yes at once", { .knows_target = true,
		  .name = "example.net" }, ANSWER_YES },
		{ "another: the address decides", { .knows_target = true,
		  .name = "example.com" }, ANSWER_NOT_YET },
		{ "another, inside", { .knows_target = true,
		  .name = "example.com", .to = &inside }, ANSWER_YES },
		{ "another, outside", { .knows_target = true,
		  .name = "example.com", .to = &outside }, ANSWER_NO },
		{ "inside", { .knows_target = true, .to = &inside },
		  ANSWER_YES },
		{ "outside", { .knows_target = true, .to = &outside },
		  ANSWER_NO },
	};

	ASK(&rule, CONDITION_TO, rows);
}

Test(rule, ports)
{
	static const struct rule_ports ports[] = { { 25, 25 }, { 80, 90 },
	    { 65535, 65535 } };
	static const struct rule rule = { LIST(ports, ports) };
	static const struct row rows[] = {
		{ "not known", { .port = 25 }, ANSWER_NOT_YET },
		{ "a peer's", { .knows_target = true, .any_port = true,
		  .port = 25 }, ANSWER_NOT_YET },
		{ "one", { .knows_target = true, .port = 25 }, ANSWER_YES },
		{ "first", { .knows_target = true, .port = 80 }, ANSWER_YES },
		{ "last", { .knows_target = true, .port = 90 }, ANSWER_YES },
		{ "below", { .knows_target = true, .port = 79 }, ANSWER_NO },
		{ "above", { .knows_target = true, .port = 91 }, ANSWER_NO },
		{ "0", { .knows_target = true }, ANSWER_NO },
		{ "the last of all", { .knows_target = true, .port = 65535 },
		  ANSWER_YES },
		{ "of a name", { .knows_target = true, .name = "example.net",
		  .port = 25 }, ANSWER_YES },
	};

	ASK(&rule, CONDITION_PORTS, rows);
}

Test(rule, protocols)
{
	static const struct rule rule = { .protocols = PROTOCOL_SOCKS5 };
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "socks4", { .protocol = PROTOCOL_SOCKS4 }, ANSWER_NO },
		{ "socks5", { .protocol = PROTOCOL_SOCKS5 }, ANSWER_YES },
	};

	ASK(&rule, CONDITION_PROTOCOLS, rows);
}

Test(rule, commands)
{
	static const struct rule rule = {
		.commands = COMMANDS(COMMAND_CONNECT) | COMMANDS(COMMAND_UDP),
	};
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "connect", { .command = COMMAND_CONNECT }, ANSWER_YES },
		{ "bind", { .command = COMMAND_BIND }, ANSWER_NO },
		{ "udp", { .command = COMMAND_UDP }, ANSWER_YES },
	};

	ASK(&rule, CONDITION_COMMANDS, rows);
}

Test(rule, users_by_name)
{
	static const char *const users[] = { "ann", "bob" };
	static const struct rule rule = { LIST(users, users) };
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "anonymous", { .who = WHO_ANONYMOUS }, ANSWER_NO },
		{ "somebody", { .who = WHO_SOMEBODY }, ANSWER_NOT_YET },
		{ "ann", { .who = WHO_USER, .user = "ann" }, ANSWER_YES },
		{ "bob", { .who = WHO_USER, .user = "bob" }, ANSWER_YES },
		{ "case counts", { .who = WHO_USER, .user = "Ann" },
		  ANSWER_NO },
		{ "longer", { .who = WHO_USER, .user = "anne" }, ANSWER_NO },
		{ "named *", { .who = WHO_USER, .user = "*" }, ANSWER_NO },
		{ "a claim is not believed", { .who = WHO_ANONYMOUS,
		  .user = "ann" }, ANSWER_NO },
	};

	ASK(&rule, CONDITION_USERS, rows);
}

Test(rule, users_star_is_whoever_logged_in)
{
	static const char *const users[] = { "bob", "*" };
	static const struct rule rule = { LIST(users, users) };
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "anonymous", { .who = WHO_ANONYMOUS }, ANSWER_NO },
		{ "somebody", { .who = WHO_SOMEBODY }, ANSWER_YES },
		{ "ann", { .who = WHO_USER, .user = "ann" }, ANSWER_YES },
	};

	ASK(&rule, CONDITION_USERS, rows);
}

Test(rule, groups)
{
	static const struct rule_group groups[] = {
		{ "ghosts", (gid_t)-1 }, { "users", 100 },
	};
	static const struct rule rule = { LIST(groups, groups) };
	static const struct row rows[] = {
		{ "not known", { 0 }, ANSWER_NOT_YET },
		{ "anonymous", { .who = WHO_ANONYMOUS }, ANSWER_NO },
		{ "anonymous has no groups", { .who = WHO_ANONYMOUS,
		  LIST(gids, staff) }, ANSWER_NO },
		{ "somebody", { .who = WHO_SOMEBODY }, ANSWER_NOT_YET },
		{ "member", { .who = WHO_USER, .user = "ann",
		  LIST(gids, staff) }, ANSWER_YES },
		{ "of none", { .who = WHO_USER, .user = "ann" }, ANSWER_NO },
		{ "an unknown group has no members", { .who = WHO_USER,
		  .user = "ann", LIST(gids, nobody) }, ANSWER_NO },
	};

	ASK(&rule, CONDITION_GROUPS, rows);
}

Test(rule, hours)
{
	static const struct hours hours[] = {
		{ .days = 1, .begin = 8 * 60, .end = 18 * 60 },
		{ .days = 1 << 6, .begin = 22 * 60, .end = 6 * 60 },
	};
	static const struct rule rule = { LIST(hours, hours) };
	static const struct row rows[] = {
		{ "not known", { .minute = 8 * 60 }, ANSWER_NOT_YET },
		{ "Monday 07:59", { .knows_minute = true,
		  .minute = 8 * 60 - 1 }, ANSWER_NO },
		{ "Monday 08:00", { .knows_minute = true,
		  .minute = 8 * 60 }, ANSWER_YES },
		{ "Monday 18:00", { .knows_minute = true,
		  .minute = 18 * 60 }, ANSWER_NO },
		{ "Monday 05:59: Sunday's night", { .knows_minute = true,
		  .minute = 6 * 60 - 1 }, ANSWER_YES },
		{ "Tuesday 08:00", { .knows_minute = true,
		  .minute = 32 * 60 }, ANSWER_NO },
		{ "Sunday 22:00", { .knows_minute = true,
		  .minute = (6 * 24 + 22) * 60 }, ANSWER_YES },
	};

	ASK(&rule, CONDITION_HOURS, rows);
}

/*
 * Conditions together: the first no decides, else the first not yet.
 */
Test(rule, is_the_and_of_its_conditions)
{
	static const struct cidr from[] = { NET4(10, 0, 0, 0, 8) };
	static const struct rule_ports ports[] = { { 80, 80 } };
	static const char *const users[] = { "ann" };
	static const struct rule_group groups[] = { { "users", 100 } };
	static const struct rule rule = { LIST(from, from), LIST(ports, ports),
	    LIST(users, users), LIST(groups, groups) };
	static const struct {
		struct rule_question	q;
		enum answer		answer;
		enum rule_condition	decided;
	} rows[] = {
		{ { 0 }, ANSWER_NOT_YET, CONDITION_FROM },
		{ { .from = &inside }, ANSWER_NOT_YET, CONDITION_PORTS },
		{ { .from = &outside }, ANSWER_NO, CONDITION_FROM },
		{ { .who = WHO_ANONYMOUS }, ANSWER_NO, CONDITION_USERS },
		{ { .from = &inside, .knows_target = true, .to = &outside,
		    .port = 25, .who = WHO_ANONYMOUS },
		  ANSWER_NO, CONDITION_PORTS },
		{ { .from = &inside, .knows_target = true, .to = &outside,
		    .port = 80, .who = WHO_SOMEBODY },
		  ANSWER_NOT_YET, CONDITION_USERS },
		{ { .from = &inside, .knows_target = true, .to = &outside,
		    .port = 80, .who = WHO_USER, .user = "ann" },
		  ANSWER_NO, CONDITION_GROUPS },
		{ { .from = &inside, .knows_target = true, .to = &outside,
		    .port = 80, .who = WHO_USER, .user = "bob",
		    LIST(gids, staff) }, ANSWER_NO, CONDITION_USERS },
		{ { .from = &inside, .knows_target = true, .to = &outside,
		    .port = 80, .who = WHO_USER, .user = "ann",
		    LIST(gids, staff) }, ANSWER_YES, CONDITION_NONE },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		enum rule_condition decided;

		cr_assert_eq(rule_holds(&rule, &rows[i].q, &decided),
		    rows[i].answer, "row %zu", i);
		cr_assert_eq(decided, rows[i].decided, "row %zu", i);
	}
}

Test(rule, conditions_have_the_names_of_their_keys)
{
	static const struct {
		enum rule_condition	condition;
		const char		*name;
	} rows[] = {
		{ CONDITION_NONE, "" }, { CONDITION_LISTEN, "listen" },
		{ CONDITION_FROM, "from" }, { CONDITION_TO, "to" },
		{ CONDITION_PORTS, "ports" },
		{ CONDITION_PROTOCOLS, "protocols" },
		{ CONDITION_COMMANDS, "commands" },
		{ CONDITION_USERS, "users" }, { CONDITION_GROUPS, "groups" },
		{ CONDITION_HOURS, "hours" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cr_assert_str_eq(rule_condition_name(rows[i].condition),
		    rows[i].name);
}
