/*
 * The configuration's listen, rule and limit sections, key by key.
 */
#include "conf_text.h"

#include <grp.h>

#include "lib/socks5.h"

/* ---- listen ---- */

Test(conf_rules, listen_sections)
{
	struct conf *c = load_good(
	    "pam { service = \"proxy\" }\n"
	    "listen \"a\" { address = \"*\" port = 0 protocols = "
	    "{ \"socks5\" }\n"
	    "  methods = { \"none\", \"password\" } }\n"
	    "\n"
	    "listen \"b\" { address = \"2001:db8::1\" pam_service = \"own\"\n"
	    "  methods = { \"password\" } protocols = { \"socks4\" } }\n");
	const struct conf_listen *l = c->listens;
	char text[ADDR_TEXT_MAX];

	cr_assert_eq(c->n_listens, 2);
	cr_assert_eq(l[0].addr.family, ADDR_NONE);
	cr_assert_eq(l[0].port, 0);
	cr_assert_eq(l[0].protocols, PROTOCOL_SOCKS5);
	cr_assert_eq(l[0].n_methods, 2);
	cr_assert_eq(l[0].methods[0], SOCKS5_METHOD_NONE);
	cr_assert_eq(l[0].methods[1], SOCKS5_METHOD_PASSWORD);
	cr_assert_str_eq(l[0].pam_service, "proxy");
	cr_assert_eq(l[0].line, 2);
	cr_assert_str_eq(addr_format_port(&l[1].addr, text),
	    "[2001:db8::1]:1080");
	cr_assert_eq(l[1].protocols, PROTOCOL_SOCKS4);
	cr_assert_eq(l[1].n_methods, 1);
	cr_assert_str_eq(l[1].pam_service, "own");
	cr_assert_eq(l[1].line, 5);
	conf_free(c);
}

Test(conf_rules, as_many_listeners_as_a_mask_has_bits)
{
	enum { LINE_SIZE = 64 };
	char text[(LISTENERS_MAX + 1) * LINE_SIZE], err[CONF_ERR_SIZE];
	size_t len = 0;
	struct conf *c;

	for (int i = 0; i < LISTENERS_MAX; i++)
		len += (size_t)snprintf(text + len, LINE_SIZE,
		    "listen \"l%d\" { port = %d }\n", i, 1000 + i);
	snprintf(text + len, LINE_SIZE,
	    "rule \"r\" { action = \"pass\" listen = { \"l63\" } }\n");
	c = load_good(text);
	cr_assert_eq(c->n_listens, LISTENERS_MAX);
	cr_assert_eq(c->policy.rules[0].listeners, UINT64_C(1) << 63);
	conf_free(c);
	snprintf(text + len, LINE_SIZE, "listen \"more\" { }\n");
	cr_assert_null(load_text(text, err));
	cr_assert_str_eq(err, "65: listen \"more\": there can be 64 listen "
	    "sections, not more");
}

/* ---- rules ---- */

Test(conf_rules, an_absent_condition_is_empty)
{
	struct conf *c = load_good("rule \"r\" { action = \"block\" }");
	const struct rule *r = &c->policy.rules[0];

	cr_assert_eq(c->policy.n_rules, 1);
	cr_assert_str_eq(r->name, "r");
	cr_assert_eq(r->action, RULE_BLOCK);
	cr_assert_eq(r->listeners, 0);
	cr_assert_eq(r->protocols, 0);
	cr_assert_eq(r->n_from + r->n_to + r->n_ports + r->n_users +
	    r->n_groups + r->n_hours, 0);
	cr_assert_eq(r->source4.family, ADDR_NONE);
	cr_assert_eq(r->source6.family, ADDR_NONE);
	cr_assert_eq(r->rate_up, 0);
	cr_assert_eq(r->rate_down, 0);
	cr_assert(r->metered);
	cr_assert(r->log);
	cr_assert_eq(r->line, 1);
	conf_free(c);
}

Test(conf_rules, absent_commands_are_connect_and_udp)
{
	struct conf *c = load_good("rule \"a\" { action = \"pass\" }\n"
	    "rule \"b\" { action = \"pass\" commands = { \"bind\" } }");

	cr_assert_eq(c->policy.rules[0].commands,
	    1U << COMMAND_CONNECT | 1U << COMMAND_UDP);
	cr_assert_eq(c->policy.rules[1].commands, 1U << COMMAND_BIND);
	conf_free(c);
}

Test(conf_rules, hosts_and_ports)
{
	struct conf *c = load_good("rule \"r\" { action = \"pass\"\n"
	    "from = { \"10.0.0.0/8\", \"::ffff:192.0.2.0/120\" }\n"
	    "to = { \"self\", \"Example.ORG.\", \".Example.NET\", "
	    "\"2001:db8::/32\", \"127.0.0.1\", \"xn--abc\" }\n"
	    "ports = { \"80\", \"8000-8999\", \"1\", \"65535\" } }");
	const struct rule *r = &c->policy.rules[0];
	char text[ADDR_TEXT_MAX];

	cr_assert_eq(r->n_from, 2);
	cr_assert_str_eq(cidr_format(&r->from[0], text), "10.0.0.0/8");
	cr_assert_str_eq(cidr_format(&r->from[1], text), "192.0.2.0/24");
	cr_assert_eq(r->n_to, 6);
	cr_assert_eq(r->to[0].kind, RULE_TO_SELF);
	cr_assert_eq(r->to[1].kind, RULE_TO_NAME);
	cr_assert_str_eq(r->to[1].name, "example.org");
	cr_assert_eq(r->to[2].kind, RULE_TO_SUFFIX);
	cr_assert_str_eq(r->to[2].name, ".example.net");
	cr_assert_eq(r->to[3].kind, RULE_TO_PREFIX);
	cr_assert_str_eq(cidr_format(&r->to[3].prefix, text),
	    "2001:db8::/32");
	cr_assert_eq(r->to[4].kind, RULE_TO_PREFIX);
	cr_assert_eq(r->to[4].prefix.bits, 32);
	cr_assert_eq(r->to[5].kind, RULE_TO_NAME);
	cr_assert_eq(r->n_ports, 4);
	cr_assert_eq(r->ports[0].first, 80);
	cr_assert_eq(r->ports[0].last, 80);
	cr_assert_eq(r->ports[1].first, 8000);
	cr_assert_eq(r->ports[1].last, 8999);
	cr_assert_eq(r->ports[3].last, 65535);
	conf_free(c);
}

Test(conf_rules, people_and_hours)
{
	struct conf *c = load_good("rule \"r\" { action = \"pass\"\n"
	    "users = { \"ann\", 'DOM\\bob' } groups = { \"root\", "
	    "\"no-such-group\", \"root\" }\n"
	    "hours = { \"mon-fri 08:00-18:00\", \"22:00-06:00\" } }\n"
	    "rule \"s\" { action = \"pass\" users = \"*\" }");
	const struct rule *r = &c->policy.rules[0];
	const struct group *root = getgrgid(0);

	cr_assert_not_null(root);
	cr_assert_eq(r->n_users, 2);
	cr_assert_str_eq(r->users[0], "ann");
	cr_assert_str_eq(r->users[1], "DOM\\bob");
	cr_assert_eq(r->n_groups, 3);
	cr_assert_eq(r->groups[0].gid, 0);
	cr_assert_str_eq(r->groups[1].name, "no-such-group");
	cr_assert_eq(r->groups[1].gid, (gid_t)-1);
	cr_assert_eq(r->groups[2].gid, 0);
	cr_assert_eq(r->n_hours, 2);
	cr_assert_eq(r->hours[0].days, 0x1f);
	cr_assert_eq(r->hours[0].begin, 8 * 60);
	cr_assert(c->policy.has_hours);
	cr_assert_str_eq(c->policy.rules[1].users[0], "*");
	conf_free(c);
}

Test(conf_rules, effects)
{
	struct conf *c = load_good("rule \"r\" { action = \"pass\"\n"
	    "source = { \"127.0.0.1\" } rate_up = \"20Mbit\" "
	    "rate_down = \"2MB\" metered = no log = false\n"
	    "protocols = { \"socks4\" } }");
	const struct rule *r = &c->policy.rules[0];
	char text[ADDR_TEXT_MAX];

	cr_assert_str_eq(addr_format(&r->source4, text), "127.0.0.1");
	cr_assert_eq(r->source6.family, ADDR_NONE);
	cr_assert_eq(r->rate_up, 2500000);
	cr_assert_eq(r->rate_down, 2000000);
	cr_assert_not(r->metered);
	cr_assert_not(r->log);
	cr_assert_eq(r->protocols, PROTOCOL_SOCKS4);
	conf_free(c);
}

/* ---- limits ---- */

Test(conf_rules, a_limit_without_caps_exempts)
{
	struct conf *c = load_good("limit \"l\" { }");
	const struct limit *l = &c->policy.limits[0];

	cr_assert_eq(c->policy.n_limits, 1);
	cr_assert_str_eq(l->name, "l");
	cr_assert_eq(l->n_users + l->n_groups + l->n_from + l->n_bytes +
	    l->n_time, 0);
	cr_assert_eq(l->rate_up + l->rate_down, 0);
	cr_assert_eq(l->sessions + l->addresses, 0);
	conf_free(c);
}

Test(conf_rules, caps_and_counts)
{
	struct conf *c = load_good("\nlimit \"l\" { from = { \"::/0\" }\n"
	    "users = { \"ann\" } groups = { \"root\" }\n"
	    "bytes = { \"2GB/day\", \"10GiB/week\", \"20GB/month\", "
	    "\"1TB/ever\" }\n"
	    "time = { \"8h/day\", \"90m/week\" }\n"
	    "rate_up = \"64kbit\" rate_down = \"1Gbit\"\n"
	    "sessions = 64 addresses = 3 }");
	const struct limit *l = &c->policy.limits[0];

	cr_assert_eq(l->n_from, 1);
	cr_assert_eq(l->n_users, 1);
	cr_assert_eq(l->groups[0].gid, 0);
	cr_assert_eq(l->n_bytes, 4);
	cr_assert_eq(l->bytes[0].amount, 2000000000);
	cr_assert_eq(l->bytes[0].period, PERIOD_DAY);
	cr_assert_eq(l->bytes[1].amount, 10ULL << 30);
	cr_assert_eq(l->bytes[1].period, PERIOD_WEEK);
	cr_assert_eq(l->bytes[2].period, PERIOD_MONTH);
	cr_assert_eq(l->bytes[3].period, PERIOD_EVER);
	cr_assert_eq(l->n_time, 2);
	cr_assert_eq(l->time[0].amount, 8 * 3600);
	cr_assert_eq(l->time[1].amount, 90 * 60);
	cr_assert_eq(l->rate_up, 8000);
	cr_assert_eq(l->rate_down, 125000000);
	cr_assert_eq(l->sessions, 64);
	cr_assert_eq(l->addresses, 3);
	cr_assert_eq(l->line, 2);
	conf_free(c);
}
