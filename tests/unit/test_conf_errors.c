/*
 * Wrong values, and the one line that each is refused with.
 */
#include "conf_text.h"

/* ---- lists of nothing ---- */

static const struct wrong empty[] = {
	{ "\nrule \"a\" { action = \"pass\" users = { } }", "2: rule \"a\": "
	    "users: an empty list; leave the key out, or name what is "
	    "meant" },
	{ "rule \"a\" { action = \"pass\" commands = { } }", "1: rule \"a\": "
	    "commands: an empty list; leave the key out, or name what is "
	    "meant" },
	{ "listen \"a\" { methods = { } }", "1: listen \"a\": methods: an "
	    "empty list; leave the key out, or name what is meant" },
	{ "limit \"a\" { from = { } }", "1: limit \"a\": from: an empty "
	    "list; leave the key out, or name what is meant" },
	{ "rule \"a\" { action = \"pass\" users = { \"\" } }",
	    "1: rule \"a\": users: a name cannot be empty" },
};

Test(conf_errors, empty)
{
	CHECK_WRONG(empty);
}

/* ---- names ---- */

static const struct wrong names[] = {
	{ "rule \"\" { action = \"pass\" }",
	    "1: rule \"\": a name cannot be empty" },
	{ "rule \"abcdefghijklmnopqrstuvwxyz123456\" { }", "1: rule "
	    "\"abcdefghijklmnopqrstuvwxyz123456\": a name of 32 octets is too "
	    "long; 31 are the most" },
	{ "rule \"j\xc3\xb6rg\" { }", "1: rule \"j\\xc3\\xb6rg\": a name has "
	    "printable ASCII only" },
	{ "user = \"\"", "1: user: it cannot be empty" },
	{ "run_dir = \"x\"", "1: run_dir: \"x\" is no absolute path; begin "
	    "it with /" },
	{ "pam { service = \"../x\" }",
	    "1: pam.service: \"../x\" is no file's name in pam.d" },
	{ "pam { service = \"0123456789012345678901234567890123456789"
	    "012345678901234567890123\" }", "1: pam.service: "
	    "\"0123456789012345678901234567890123456789012345678901234567890"
	    "123\" has 64 octets; 63 are the most" },
	{ "listen \"a\" { pam_service = \"a/b\" }", "1: listen \"a\": "
	    "pam_service: \"a/b\" is no file's name in pam.d" },
	{ "log { target = \"syslogd\" }", "1: log.target: \"syslogd\" is not "
	    "known; write \"syslog\", \"stderr\" or a file's path from / on" },
	{ "rule \"a\" { action = \"pass\" users = { \"*\", \"x\" } }",
	    "1: rule \"a\": users: \"*\" is everybody who logged in, and "
	    "stands alone" },
	{ "rule \"a\" { action = \"pass\" listen = { \"lam\" } }\n"
	    "listen \"lan\" { }", "1: rule \"a\": listen: \"lam\" is no "
	    "listen section; was \"lan\" meant?" },
	{ "rule \"a\" { action = \"pass\" listen = { \"dmz\" } }",
	    "1: rule \"a\": listen: \"dmz\" is no listen section of this "
	    "file" },
};

Test(conf_errors, names)
{
	CHECK_WRONG(names);
}

/* ---- numbers ---- */

static const struct wrong numbers[] = {
	{ "workers { max = 0 }",
	    "1: workers.max: \"0\" is no number from 1 to 32000" },
	{ "sessions { max = 1000001 }",
	    "1: sessions.max: \"1000001\" is no number from 1 to 1000000" },
	{ "sessions { max = 0x10 }",
	    "1: sessions.max: \"0x10\" is no number from 1 to 1000000" },
	{ "sessions { max = -1 }",
	    "1: sessions.max: \"-1\" is no number from 1 to 1000000" },
	{ "sessions { max = \"\" }",
	    "1: sessions.max: \"\" is no number from 1 to 1000000" },
	{ "sessions { max = 99999999999999999999 }", "1: sessions.max: "
	    "\"99999999999999999999\" is no number from 1 to 1000000" },
	{ "listen \"a\" { port = 65536 }",
	    "1: listen \"a\": port: \"65536\" is no number from 0 to 65535" },
	{ "\ntimeouts { idle = 30 }", "2: timeouts.idle: \"30\" is no "
	    "duration: a bare number has no unit; write 20MB for octets, "
	    "20Mbit for bits a second, 90s for a time" },
	{ "timeouts { idle = \"0s\" }",
	    "1: timeouts.idle: \"0s\" is not from 10ms to 366d" },
	{ "limit \"a\" { rate_up = \"20Mb\" }", "1: limit \"a\": rate_up: "
	    "\"20Mb\" is no rate: bits or octets? write Mbit for bits "
	    "(20Mbit), MB for octets (20MB)" },
	{ "limit \"a\" { rate_up = \"999bit\" }", "1: limit \"a\": rate_up: "
	    "\"999bit\" is too slow to be meant; the least is 1kbit" },
	{ "limit \"a\" { bytes = { \"2GB\" } }", "1: limit \"a\": bytes: "
	    "\"2GB\" is no cap like \"20GB/month\": it has no period; "
	    "write /day, /week, /month or /ever behind the amount" },
	{ "limit \"a\" { bytes = { \"2GB/day\",\n\"3GB/day\" } }",
	    "2: limit \"a\": bytes: \"3GB/day\" is a second cap for /day" },
	{ "limit \"a\" { bytes = { \"0B/day\" } }", "1: limit \"a\": bytes: "
	    "\"0B/day\" caps at nothing; to block is a rule's action" },
	{ "limit \"a\" { time = { \"999ms/day\" } }", "1: limit \"a\": time: "
	    "\"999ms/day\" caps at nothing; to block is a rule's action" },
};

Test(conf_errors, numbers)
{
	CHECK_WRONG(numbers);
}

/* ---- words ---- */

static const struct wrong words[] = {
	{ "rule \"a\" { action = \"allow\" }", "1: rule \"a\": action: "
	    "\"allow\" is not known; write \"pass\" or \"block\"" },
	{ "\n\nrule \"a\" { from = { \"::1\" } }", "3: rule \"a\": has no "
	    "action; write action = \"pass\" or action = \"block\"" },
	{ "rule \"a\" { action = \"pass\" log = maybe }", "1: rule \"a\": "
	    "log: \"maybe\" is not known; write \"true\", \"false\", "
	    "\"yes\", \"no\", \"on\" or \"off\"" },
	{ "rule \"a\" { action = \"pass\" commands = { \"connect\", \"get\" } "
	    "}", "1: rule \"a\": commands: \"get\" is not known; write "
	    "\"connect\", \"bind\" or \"udp\"" },
	{ "rule \"a\" { action = \"pass\" protocols = { \"socks4a\" } }",
	    "1: rule \"a\": protocols: \"socks4a\" is not known; write "
	    "\"socks4\" or \"socks5\"" },
	{ "listen \"a\" { methods = { \"gssapi\" } }", "1: listen \"a\": "
	    "methods: \"gssapi\" is not built into this version; write "
	    "\"password\" or \"none\"" },
	{ "log { level = \"notice\" }", "1: log.level: \"notice\" is not "
	    "known; write \"err\", \"warning\", \"info\" or \"debug\"" },
	{ "resolver { prefer = \"v6\" }", "1: resolver.prefer: \"v6\" is not "
	    "known; write \"any\", \"ipv4\" or \"ipv6\"" },
	{ "rule \"lab\" { action = \"pass\"\nhours = { \"mon-fri 8-18\" } }",
	    "2: rule \"lab\": hours: \"mon-fri 8-18\" is no window; times "
	    "are two of HH:MM, such as 08:00-18:00" },
};

Test(conf_errors, words)
{
	CHECK_WRONG(words);
}

/* ---- the network ---- */

static const struct wrong nets[] = {
	{ "listen \"a\" { address = \"localhost\" }", "1: listen \"a\": "
	    "address: \"localhost\" is no address; write one like "
	    "\"192.0.2.1\" or \"2001:db8::1\", or \"*\" for all" },
	{ "udp { advertise = \"10.0.0.0/8\" }", "1: udp.advertise: "
	    "\"10.0.0.0/8\" is no address; write one like \"192.0.2.1\" or "
	    "\"2001:db8::1\"" },
	{ "bind { ports = \"9-8\" }", "1: bind.ports: \"9-8\" is no range of "
	    "ports; write one like \"40000-49999\", or \"0\" for any" },
	{ "rule \"a\" { action = \"pass\" from = { \"10.0.0.1/8\" } }",
	    "1: rule \"a\": from: \"10.0.0.1/8\" has bits set beyond its "
	    "length; write \"10.0.0.0/8\"" },
	{ "rule \"a\" { action = \"pass\" from = { \"10.0.0.0/33\" } }",
	    "1: rule \"a\": from: \"10.0.0.0/33\" has no length that a prefix "
	    "can have; write one like \"10.0.0.0/8\"" },
	{ "rule \"a\" { action = \"pass\" from = { \"lan\" } }",
	    "1: rule \"a\": from: \"lan\" is no address or prefix; write one "
	    "like \"10.0.0.0/8\" or \"2001:db8::1\"" },
#define NO_TARGET " is no target; write a prefix, a host's name, " \
	"\".suffix\" or \"self\", and its ports in the key ports"
	{ "rule \"a\" { action = \"pass\" to = { \"127.1\" } }",
	    "1: rule \"a\": to: \"127.1\"" NO_TARGET },
	{ "rule \"a\" { action = \"pass\" to = { \"example.org:443\" } }",
	    "1: rule \"a\": to: \"example.org:443\"" NO_TARGET },
	{ "rule \"a\" { action = \"pass\" to = { \"http://a.example/\" } }",
	    "1: rule \"a\": to: \"http://a.example/\"" NO_TARGET },
	{ "rule \"a\" { action = \"pass\" to = { \"*.example.org\" } }",
	    "1: rule \"a\": to: \"*.example.org\"" NO_TARGET },
#define NO_HOST " is no host's name; write addresses as prefixes, such as " \
	"\"10.0.0.0/29\""
	{ "rule \"a\" { action = \"pass\" to = { \"10.0.0.0-10.0.0.5\" } }",
	    "1: rule \"a\": to: \"10.0.0.0-10.0.0.5\"" NO_HOST },
	{ "rule \"a\" { action = \"pass\" to = { \"10.0.0.1-5\" } }",
	    "1: rule \"a\": to: \"10.0.0.1-5\"" NO_HOST },
	{ "rule \"a\" { action = \"pass\" to = { \"www.example.7.\" } }",
	    "1: rule \"a\": to: \"www.example.7.\"" NO_HOST },
	{ "rule \"a\" { action = \"pass\" to = { \".example.7\" } }",
	    "1: rule \"a\": to: \".example.7\"" NO_HOST },
	{ "rule \"a\" { action = \"pass\" to = { \".\" } }",
	    "1: rule \"a\": to: \".\"" NO_TARGET },
	{ "rule \"a\" { action = \"pass\" ports = { \"0\" } }", "1: rule "
	    "\"a\": ports: \"0\" is no port; write one like \"443\" or "
	    "\"8000-8999\"" },
	{ "rule \"a\" { action = \"pass\" ports = { \"http\" } }", "1: rule "
	    "\"a\": ports: \"http\" is no port; write one like \"443\" or "
	    "\"8000-8999\"" },
	{ "rule \"a\" { action = \"pass\" ports = { \"80-\" } }", "1: rule "
	    "\"a\": ports: \"80-\" is no port; write one like \"443\" or "
	    "\"8000-8999\"" },
	{ "rule \"a\" { action = \"pass\" source = { \"192.0.2.77\" } }",
	    "1: rule \"a\": source: \"192.0.2.77\" is no address of this "
	    "machine" },
	{ "rule \"a\" { action = \"pass\" source = { \"127.0.0.1\", "
	    "\"127.0.0.2\" } }", "1: rule \"a\": source: \"127.0.0.2\" is a "
	    "second address of its family; only one can be used" },
	{ "abuse { exempt = { \"::1\", \"x\" } }", "1: abuse.exempt: \"x\" "
	    "is no address or prefix; write one like \"10.0.0.0/8\" or "
	    "\"2001:db8::1\"" },
};

Test(conf_errors, nets)
{
	CHECK_WRONG(nets);
}

/* Digits and hyphens stand in the names of hosts as well. */
Test(conf_errors, names_with_digits_are_names)
{
	struct conf *c = load_good("rule \"a\" { action = \"pass\" to = { "
	    "\"10-0-0-1.example.org\", \"1.2.3.4.5a\", \"163.com\", "
	    "\"SELF\", \"Self\" } }");
	const struct rule *rule = &c->policy.rules[0];

	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(rule->to[i].kind, RULE_TO_NAME, "%zu", i);
	for (size_t i = 3; i < 5; i++)
		cr_expect_eq(rule->to[i].kind, RULE_TO_SELF, "%zu", i);
	conf_free(c);
}

/* ---- what must fit together ---- */

static const struct wrong together[] = {
	{ "run_dir = \"/x\"\nstate_dir = \"/x/\"", "2: state_dir: it is "
	    "run_dir too; each needs a directory of its own" },
	{ "\nrun_dir = \"" LOCALSTATEDIR "/lib/sockd\"", "2: run_dir: it is "
	    "state_dir too; each needs a directory of its own" },
	{ "workers { min_spare = 40 }", "1: workers.min_spare: 40 is above "
	    "max_spare, which is 32 by default" },
	{ "workers { min_spare = 9\n max_spare = 8 }",
	    "1: workers.min_spare: 9 is above max_spare, which is 8" },
	{ "workers { max_spare = 9\nmax = 8 }",
	    "1: workers.max_spare: 9 is above max, which is 8" },
	{ "workers { min_spare = 25\n max = 20 }",
	    "1: workers.min_spare: 25 is above max, which is 20" },
	{ "workers { start = 2000 }",
	    "1: workers.start: 2000 is above max, which is 1024 by default" },
	{ "pam { helpers = 3 helpers_max = 2 }",
	    "1: pam.helpers: 3 is above helpers_max, which is 2" },
	{ "resolver { helpers = 65 }", "1: resolver.helpers: 65 is above "
	    "helpers_max, which is 64 by default" },
	{ "listen \"a\" { }\nlisten \"b\" { }", "2: listen \"b\": has the "
	    "address and port of listen \"a\" on line 1" },
	{ "listen \"a\" { }\nlisten \"b\" { address = \"*\" }",
	    "2: listen \"b\": has the address and port of listen \"a\" on "
	    "line 1" },
};

Test(conf_errors, together)
{
	CHECK_WRONG(together);
}

Test(conf_errors, any_free_port_may_be_asked_for_often)
{
	conf_free(load_good("listen \"a\" { port = 0 } "
	    "listen \"b\" { port = 0 }"));
}
