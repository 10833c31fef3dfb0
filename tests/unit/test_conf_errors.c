/*
 * Wrong files, and the one line that each is refused with.
 */
#include "conf_text.h"
#include "lib/elements.h"


struct wrong {
	const char	*text, *err;
};

static void
check(const struct wrong *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char err[CONF_ERR_SIZE];
		struct conf *c = load_text(cases[i].text, err);

		cr_expect_null(c, "taken: %s", cases[i].text);
		if (c == NULL)
			cr_expect_str_eq(err, cases[i].err, "%s\nsays %s\n"
			    "not  %s", cases[i].text, err, cases[i].err);
		conf_free(c);
	}
}

#define CHECK(cases) check(cases, N_ELEMENTS(cases))

/* ---- the text ---- */

static const struct wrong texts[] = {
	{ "user = \"abc\nrun_dir = \"/x\"\n",
	    "1: this text has no closing \" on its line" },
	{ "\nuser = 'abc", "2: this text has no closing ' on its line" },
	{ "rule \"a\" {\n users = { * } }", "2: \"*\" cannot stand outside "
	    "quotes; write the whole value in \"double quotes\"" },
	{ "user = \"a\";", "1: \";\" cannot stand outside quotes; write the "
	    "whole value in \"double quotes\"" },
	{ "user = \"a\" + 1", "1: \"+\" cannot stand outside quotes; write "
	    "the whole value in \"double quotes\"" },
	{ "include(\"/etc/passwd\")", "1: \"(\" cannot stand outside quotes; "
	    "write the whole value in \"double quotes\"" },
	{ "\xef\xbb\xbfuser = \"a\"",
	    "1: the octet \\xef cannot stand outside quotes" },
	{ "user = \"a\tb\"", "1: a control octet (\\x09) stands in the text" },
	{ "user = \"${HOME}\"", "1: ${...} in double quotes would mean the "
	    "environment; write the text in 'single quotes'" },
	{ "user = ${HOME}", "1: \"$\" cannot stand outside quotes; write the "
	    "whole value in \"double quotes\"" },
	{ "user = \"DOM\\carl\"", "1: \\ in double quotes begins an escape; "
	    "write the text in 'single quotes', or \\\\" },
	{ "# c\n/* no end\n", "2: this comment does not end; write */ "
	    "behind it" },
	{ "log {\nlevel = info\n",
	    "3: the file ends within braces; a } is missing" },
	{ "log { }\n}\n", "2: this } closes nothing" },
};

Test(conf_errors, text)
{
	CHECK(texts);
}

/* ---- what stands where ---- */

static const struct wrong shapes[] = {
	{ "\nuser \"x\"", "2: missing equal sign after option 'user'" },
	{ "user =\n", "2: premature end of file" },
	{ "user = { \"x\" }", "1: unexpected token '{'" },
	{ "rule { action = \"pass\" }",
	    "1: missing title for section 'rule'" },
	{ "rule \"x\" action", "1: missing opening brace for section 'rule'" },
	{ "log \"x\" { }", "1: missing opening brace for section 'log'" },
	{ "rule \"x\" { action = \"pass\"\n from = { \"::1\" \"::2\" } }",
	    "2: rule \"x\": unexpected token '::2'" },
	{ "rule \"lab\" {\n action = \"pass\"\n hour = { \"x\" } }",
	    "3: rule \"lab\": \"hour\" is no key here; was \"hours\" "
	    "meant?" },
	{ "\nwrokers { max = 3 }", "2: \"wrokers\" is no key here; was "
	    "\"workers\" meant?" },
	{ "port = 1080", "1: \"port\" is no key here; it belongs into "
	    "section listen" },
	{ "log { user = \"x\" }", "1: log: \"user\" is no key here; it "
	    "belongs before all sections" },
	{ "\"log|level\" = \"info\"", "1: \"level\" is no key here; it "
	    "belongs into section log" },
	{ "frobnicate = 1", "1: \"frobnicate\" is no key here; "
	    "sockd.conf(5) has them all" },
	{ "rule \"x\" { rule \"y\" { } }", "1: rule \"x\": \"rule\" is no "
	    "key here; sockd.conf(5) has them all" },
};

Test(conf_errors, shape)
{
	CHECK(shapes);
}

/* ---- given twice ---- */

static const struct wrong twice[] = {
	{ "user = \"a\"\n\nuser = \"b\"\n",
	    "3: user: it is given twice; the first is on line 1" },
	{ "log {\n level = info\n level = info }",
	    "3: log.level: it is given twice; the first is on line 2" },
	{ "rule \"x\" { action = \"pass\"\n from = { \"::1\" }\n"
	    " from = { \"::2\", \"::3\" } }",
	    "3: rule \"x\": from: it is given twice; the first is on "
	    "line 2" },
	{ "log { level = info }\n\nlog { target = \"stderr\" }",
	    "3: there is a log section on line 1 already" },
	{ "log { }\nlog { }", "2: there is a log section on line 1 already" },
	{ "rule \"a\" { action = \"pass\" }\nrule \"b\" { action = \"pass\" }"
	    "\nrule \"a\" { action = \"block\" }",
	    "3: rule \"a\": there is a rule section of this name on line 1" },
	{ "listen \"a\" { }\nlisten \"a\" { port = 2 }", "2: listen \"a\": "
	    "there is a listen section of this name on line 1" },
	{ "limit \"a\" { }\nlimit \"a\" { }", "2: limit \"a\": "
	    "there is a limit section of this name on line 1" },
	{ "listen \"a\" { protocols = { \"socks5\", \"socks5\" } }",
	    "1: listen \"a\": protocols: \"socks5\" is named twice" },
	{ "listen \"a\" { methods = { \"none\", \"none\" } }",
	    "1: listen \"a\": methods: \"none\" is named twice" },
};

Test(conf_errors, twice)
{
	CHECK(twice);
}

/* A rule and a limit may have one name, and += adds to a list. */
Test(conf_errors, not_twice)
{
	struct conf *c = load_good("rule \"a\" { action = \"pass\" "
	    "from = { \"::1\" } from += { \"::2\" } }\nlimit \"a\" { }");

	cr_assert_eq(c->policy.rules[0].n_from, 2);
	conf_free(c);
}

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
	CHECK(empty);
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
	CHECK(names);
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
	    "\"2GB\" is no cap like \"20GB/month\": a period is missing; "
	    "write it behind a slash: 20GB/day, /week, /month or /ever" },
	{ "limit \"a\" { bytes = { \"2GB/day\",\n\"3GB/day\" } }",
	    "2: limit \"a\": bytes: \"3GB/day\" is a second cap for /day" },
	{ "limit \"a\" { bytes = { \"0B/day\" } }", "1: limit \"a\": bytes: "
	    "\"0B/day\" caps at nothing; to block is a rule's action" },
	{ "limit \"a\" { time = { \"999ms/day\" } }", "1: limit \"a\": time: "
	    "\"999ms/day\" caps at nothing; to block is a rule's action" },
};

Test(conf_errors, numbers)
{
	CHECK(numbers);
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
	CHECK(words);
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
	{ "rule \"a\" { action = \"pass\" to = { \"127.1\" } }",
	    "1: rule \"a\": to: \"127.1\" is no address or prefix; write one "
	    "like \"10.0.0.0/8\" or \"2001:db8::1\"" },
	{ "rule \"a\" { action = \"pass\" to = { \"*.example.org\" } }",
	    "1: rule \"a\": to: \"*.example.org\" is no target; write a "
	    "prefix, a host's name, \".suffix\" or \"self\"" },
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
	    "1: rule \"a\": to: \".\" is no address or prefix; write one "
	    "like \"10.0.0.0/8\" or \"2001:db8::1\"" },
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
	CHECK(nets);
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
	CHECK(together);
}

Test(conf_errors, any_free_port_may_be_asked_for_often)
{
	conf_free(load_good("listen \"a\" { port = 0 } "
	    "listen \"b\" { port = 0 }"));
}

/* ---- Dante's ---- */

static const struct wrong dante[] = {
	{ "# danted\nlogoutput: syslog\ninternal: eth0 port = 1080\n",
	    "2: \"logoutput:\" is Dante's syntax; this sockd has one of its "
	    "own, see sockd.conf(5)" },
	{ "internal: 10.0.0.1 port = 1080\n", "1: \"internal:\" is Dante's "
	    "syntax; this sockd has one of its own, see sockd.conf(5)" },
	{ "\n\nclient pass {\n  from: 0.0.0.0/0 to: 0.0.0.0/0\n}\n",
	    "3: \"client pass {\" is Dante's syntax; this sockd has one of "
	    "its own, see sockd.conf(5)" },
	{ "pass\n{\n  from: 0.0.0.0/0 to: 0.0.0.0/0\n}\n",
	    "1: \"pass {\" is Dante's syntax; this sockd has one of its own, "
	    "see sockd.conf(5)" },
	{ "user.privileged : root\n", "1: \"user.privileged:\" is Dante's "
	    "syntax; this sockd has one of its own, see sockd.conf(5)" },
};

Test(conf_errors, dante)
{
	CHECK(dante);
}

/* A comment, or a right file, is not taken for Dante's. */
Test(conf_errors, not_dante)
{
	char err[CONF_ERR_SIZE];

	conf_free(load_good("/*\ninternal: eth0\n*/\nuser = \"x\"\n"));
	cr_assert_null(load_text("/*\ninternal: eth0\n*/\nuser\n", err));
	cr_assert_str_eq(err, "5: premature end of file");
}

/* ---- the file ---- */

Test(conf_errors, files)
{
	char err[CONF_ERR_SIZE];

	cr_assert_null(conf_load("/nonexistent/sockd.conf", err,
	    sizeof(err)));
	cr_assert_str_eq(err,
	    "/nonexistent/sockd.conf: No such file or directory");
	cr_assert_null(conf_load("/", err, sizeof(err)));
	cr_assert_str_eq(err, "/: Is a directory");
	cr_assert_null(load_octets("user\0", 5, err));
	cr_assert_str_eq(err, " a NUL octet stands in it; is it a "
	    "configuration file?");
}

Test(conf_errors, a_file_without_end_is_refused)
{
	char err[CONF_ERR_SIZE];

	cr_assert_null(conf_load("/dev/zero", err, sizeof(err)));
	cr_assert_str_eq(err, "/dev/zero: larger than 8 MiB");
}

/* One line, however long what it speaks of, and whatever the room for it. */
Test(conf_errors, the_line_is_cut_to_its_room)
{
	char text[4096], err[16];
	char path[CONF_PATH_SIZE];

	memset(text, 'x', sizeof(text));
	write_conf(path, text, sizeof(text));
	for (size_t size = 1; size <= sizeof(err); size++) {
		memset(err, 'y', sizeof(err));
		cr_assert_null(conf_load(path, err, size));
		cr_assert_not_null(memchr(err, '\0', size));
	}
	unlink(path);
}
