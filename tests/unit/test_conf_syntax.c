/*
 * Files that do not hold together, whatever their values, and the one line
 * that each is refused with.
 */
#include "conf_text.h"

/* ---- the text ---- */

static const struct wrong texts[] = {
	{ "user = \"abc\nrun_dir = \"/x\"\n",
	    "1: this text has no closing \" on its line" },
	{ "\nuser = 'abc", "2: this text has no closing ' on its line" },
	{ "rule \"a\" {\n users = { * } }", "2: \"*\" cannot stand outside "
	    "quotes; write the whole value in \"double quotes\"" },
	{ "user = \"a\";", "1: no \";\" ends an entry here; leave it out" },
	{ "user = \"a\" + 1", "1: \"+\" cannot stand outside quotes; write "
	    "the whole value in \"double quotes\"" },
	{ "include(\"/etc/passwd\")", "1: no \"(\" is known here, and no "
	    "file includes another" },
	{ "user = \xe2\x80\x9c" "a\xe2\x80\x9d", "1: the octet \\xe2 cannot "
	    "stand outside quotes; quotes are \" and ', and no others" },
	/* a mark of the octets' order is nothing, but at the beginning only */
	{ "\xef\xbb\xbfuser = \"a", "1: this text has no closing \" on its "
	    "line" },
	{ "\n\xef\xbb\xbfuser = \"a\"", "2: the octet \\xef cannot stand "
	    "outside quotes; quotes are \" and ', and no others" },
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

Test(conf_syntax, text)
{
	CHECK_WRONG(texts);
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

Test(conf_syntax, shape)
{
	CHECK_WRONG(shapes);
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

Test(conf_syntax, twice)
{
	CHECK_WRONG(twice);
}

/* A rule and a limit may have one name, and += adds to a list. */
Test(conf_syntax, not_twice)
{
	struct conf *c = load_good("rule \"a\" { action = \"pass\" "
	    "from = { \"::1\" } from += { \"::2\" } }\nlimit \"a\" { }");

	cr_assert_eq(c->policy.rules[0].n_from, 2);
	conf_free(c);
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

Test(conf_syntax, dante)
{
	CHECK_WRONG(dante);
}

/* A comment, or a right file, is not taken for Dante's. */
Test(conf_syntax, not_dante)
{
	char err[CONF_ERR_SIZE];

	conf_free(load_good("/*\ninternal: eth0\n*/\nuser = \"x\"\n"));
	cr_assert_null(load_text("/*\ninternal: eth0\n*/\nuser\n", err));
	cr_assert_str_eq(err, "5: premature end of file");
}

/* ---- the file ---- */

Test(conf_syntax, files)
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

Test(conf_syntax, a_file_without_end_is_refused)
{
	char err[CONF_ERR_SIZE];

	cr_assert_null(conf_load("/dev/zero", err, sizeof(err)));
	cr_assert_str_eq(err, "/dev/zero: larger than 8 MiB");
}

/* One line, however long what it speaks of, and whatever the room for it. */
Test(conf_syntax, the_line_is_cut_to_its_room)
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
