/*
 * The configuration: its defaults, every scalar key, and the file as such.
 */
#include "conf_text.h"
#include "lib/elements.h"

#include <syslog.h>

#include "lib/socks5.h"

/* ---- defaults ---- */

Test(conf, defaults_of_processes_and_sessions)
{
	struct conf *c = load_good("");

	cr_assert_str_eq(c->user, "sockd");
	cr_assert_eq(c->log.target, LOG_TO_SYSLOG);
	cr_assert_null(c->log.file);
	cr_assert_eq(c->log.level, LOG_INFO);
	cr_assert_eq(c->workers.start, 8);
	cr_assert_eq(c->workers.min_spare, 4);
	cr_assert_eq(c->workers.max_spare, 32);
	cr_assert_eq(c->workers.max, 1024);
	cr_assert_eq(c->workers.park_after_ms, 2000);
	cr_assert_eq(c->sessions.max, 65536);
	cr_assert_eq(c->sessions.max_per_address, 0);
	cr_assert_eq(c->sessions.handshakes_per_address, 0);
	cr_assert_eq(c->timeouts.negotiate_ms, 30000);
	cr_assert_eq(c->timeouts.connect_ms, 30000);
	cr_assert_eq(c->timeouts.idle_ms, 7200000);
	cr_assert_eq(c->timeouts.half_closed_ms, 300000);
	cr_assert_eq(c->timeouts.bind_ms, 180000);
	cr_assert_eq(c->timeouts.udp_ms, 300000);
	cr_assert_eq(c->timeouts.stop_ms, 3000);
	conf_free(c);
}

Test(conf, defaults_of_people_and_places)
{
	struct conf *c = load_good("");

	cr_assert_str_eq(c->pam.service, "sockd");
	cr_assert_str_eq(c->pam.confdir, "");
	cr_assert_str_eq(c->pam.user, "root");
	cr_assert_eq(c->pam.helpers, 2);
	cr_assert_eq(c->pam.helpers_max, 32);
	cr_assert_eq(c->pam.timeout_ms, 30000);
	cr_assert_eq(c->pam.cache_ms, 60000);
	cr_assert_eq(c->pam.fail_delay_ms, 2000);
	cr_assert_eq(c->abuse.failures, 0);
	cr_assert_eq(c->abuse.window_ms, 600000);
	cr_assert_eq(c->abuse.penalty_ms, 3600000);
	cr_assert_eq(c->abuse.n_exempt, 0);
	cr_assert_eq(c->resolver.helpers, 2);
	cr_assert_eq(c->resolver.helpers_max, 64);
	cr_assert_eq(c->resolver.timeout_ms, 5000);
	cr_assert_eq(c->resolver.prefer, 0);
	cr_assert_eq(c->udp.ports.first, 0);
	cr_assert_eq(c->udp.advertise.family, ADDR_NONE);
	cr_assert(c->udp.filter);
	cr_assert_eq(c->bind.ports.last, 0);
	cr_assert_eq(c->bind.advertise.family, ADDR_NONE);
	conf_free(c);
}

Test(conf, defaults_of_the_ledger)
{
	struct conf *c = load_good("");

	cr_assert_eq(c->accounting.interval_ms, 1000);
	cr_assert(c->accounting.sync_full);
	cr_assert_eq(c->accounting.keep_ms, 400ULL * 24 * 3600 * 1000);
	cr_assert_eq(c->accounting.keep_refused_ms, 30ULL * 24 * 3600 * 1000);
	cr_assert_eq(c->accounting.anonymous, ANONYMOUS_ADDRESS);
	cr_assert(c->accounting.unknown_passes);
	cr_assert_eq(c->accounting.time_idle_ms, 300000);
	cr_assert_eq(c->accounting.principals, 65536);
	cr_assert_str_eq(c->accounting.user, "sockd");
	conf_free(c);
}

Test(conf, without_listen_there_is_one_and_without_rule_nobody_passes)
{
	struct conf *c = load_good("");
	const struct conf_listen *l = &c->listens[0];
	char text[ADDR_TEXT_MAX];

	cr_assert_eq(c->n_listens, 1);
	cr_assert_str_eq(l->name, "default");
	cr_assert_str_eq(addr_format_port(&l->addr, text), "127.0.0.1:1080");
	cr_assert_eq(l->port, 1080);
	cr_assert_eq(l->protocols, PROTOCOL_SOCKS4 | PROTOCOL_SOCKS5);
	cr_assert_eq(l->n_methods, 2);
	cr_assert_eq(l->methods[0], SOCKS5_METHOD_PASSWORD);
	cr_assert_eq(l->methods[1], SOCKS5_METHOD_NONE);
	cr_assert_str_eq(l->pam_service, "sockd");
	cr_assert_eq(c->policy.n_rules, 0);
	cr_assert_eq(c->policy.n_limits, 0);
	cr_assert_not(c->policy.has_hours);
	conf_free(c);
}

Test(conf, no_file_is_the_defaults)
{
	char err[CONF_ERR_SIZE];
	struct conf *none = conf_load(NULL, err, sizeof(err));
	struct conf *empty = load_good("");
	char *a, *b;

	cr_assert_not_null(none, "%s", err);
	cr_assert_null(none->file);
	a = print_text(none);
	b = print_text(empty);
	cr_assert_str_eq(a, b);
	free(a);
	free(b);
	conf_free(none);
	conf_free(empty);
}

/* ---- every scalar key, set to something else ---- */

Test(conf, sets_every_key_of_processes_and_sessions)
{
	struct conf *c = load_good(
	    "user = \"proxy\" state_dir = \"/s\" run_dir = '/r'\n"
	    "log { target = \"/var/log/x\" level = debug }\n"
	    "workers { start = 1 min_spare = 2 max_spare = 3 max = 4\n"
	    "  park_after = \"500ms\" }\n"
	    "sessions { max = 1000000 max_per_address = 5\n"
	    "  handshakes_per_address = 6 }\n"
	    "timeouts { negotiate = \"1s\" connect = \"2s\" idle = \"3s\"\n"
	    "  half_closed = \"4s\" bind = \"5s\" udp = \"6s\"\n"
	    "  stop = \"0s\" }\n");

	cr_assert_str_eq(c->user, "proxy");
	cr_assert_str_eq(c->state_dir, "/s");
	cr_assert_str_eq(c->run_dir, "/r");
	cr_assert_eq(c->log.target, LOG_TO_FILE);
	cr_assert_str_eq(c->log.file, "/var/log/x");
	cr_assert_eq(c->log.level, LOG_DEBUG);
	cr_assert_eq(c->workers.start, 1);
	cr_assert_eq(c->workers.min_spare, 2);
	cr_assert_eq(c->workers.max_spare, 3);
	cr_assert_eq(c->workers.max, 4);
	cr_assert_eq(c->workers.park_after_ms, 500);
	cr_assert_eq(c->sessions.max, 1000000);
	cr_assert_eq(c->sessions.max_per_address, 5);
	cr_assert_eq(c->sessions.handshakes_per_address, 6);
	cr_assert_eq(c->timeouts.negotiate_ms, 1000);
	cr_assert_eq(c->timeouts.connect_ms, 2000);
	cr_assert_eq(c->timeouts.idle_ms, 3000);
	cr_assert_eq(c->timeouts.half_closed_ms, 4000);
	cr_assert_eq(c->timeouts.bind_ms, 5000);
	cr_assert_eq(c->timeouts.udp_ms, 6000);
	cr_assert_eq(c->timeouts.stop_ms, 0);
	conf_free(c);
}

Test(conf, sets_every_key_of_people_and_places)
{
	struct conf *c = load_good(
	    "pam { service = \"p\" confdir = \"/c\" user = \"u\" helpers = 3\n"
	    "  helpers_max = 4 timeout = \"1m\" cache = \"0s\"\n"
	    "  fail_delay = \"0s\" }\n"
	    "abuse { failures = 5 window = \"1m\" penalty = \"1d\"\n"
	    "  exempt = { \"10.0.0.0/8\", \"2001:db8::/32\" } }\n"
	    "resolver { helpers = 7 helpers_max = 8 timeout = \"9s\"\n"
	    "  prefer = \"ipv6\" }\n"
	    "udp { ports = \"40000-49999\" advertise = \"192.0.2.1\"\n"
	    "  filter = \"none\" }\n"
	    "bind { ports = \"2000\" advertise = \"2001:db8::1\" }\n");
	char text[ADDR_TEXT_MAX];

	cr_assert_str_eq(c->pam.service, "p");
	cr_assert_str_eq(c->pam.confdir, "/c");
	cr_assert_str_eq(c->pam.user, "u");
	cr_assert_eq(c->pam.helpers, 3);
	cr_assert_eq(c->pam.helpers_max, 4);
	cr_assert_eq(c->pam.timeout_ms, 60000);
	cr_assert_eq(c->pam.cache_ms, 0);
	cr_assert_eq(c->pam.fail_delay_ms, 0);
	cr_assert_eq(c->abuse.failures, 5);
	cr_assert_eq(c->abuse.window_ms, 60000);
	cr_assert_eq(c->abuse.penalty_ms, 86400000);
	cr_assert_eq(c->abuse.n_exempt, 2);
	cr_assert_str_eq(cidr_format(&c->abuse.exempt[1], text),
	    "2001:db8::/32");
	cr_assert_eq(c->resolver.helpers, 7);
	cr_assert_eq(c->resolver.helpers_max, 8);
	cr_assert_eq(c->resolver.timeout_ms, 9000);
	cr_assert_eq(c->resolver.prefer, ADDR_IPV6);
	cr_assert_eq(c->udp.ports.first, 40000);
	cr_assert_eq(c->udp.ports.last, 49999);
	cr_assert_str_eq(addr_format(&c->udp.advertise, text), "192.0.2.1");
	cr_assert_not(c->udp.filter);
	cr_assert_eq(c->bind.ports.first, 2000);
	cr_assert_eq(c->bind.ports.last, 2000);
	cr_assert_str_eq(addr_format(&c->bind.advertise, text),
	    "2001:db8::1");
	conf_free(c);
}

Test(conf, sets_every_key_of_the_ledger)
{
	struct conf *c = load_good(
	    "log { target = \"stderr\" level = \"err\" }\n"
	    "accounting { interval = \"100ms\" sync = \"normal\"\n"
	    "  keep = \"1d\" keep_refused = \"2d\" anonymous = \"shared\"\n"
	    "  unknown = \"block\" time_idle = \"1s\" principals = 100\n"
	    "  user = \"ledger\" }\n");

	cr_assert_eq(c->log.target, LOG_TO_STDERR);
	cr_assert_eq(c->log.level, LOG_ERR);
	cr_assert_eq(c->accounting.interval_ms, 100);
	cr_assert_not(c->accounting.sync_full);
	cr_assert_eq(c->accounting.keep_ms, 86400000);
	cr_assert_eq(c->accounting.keep_refused_ms, 172800000);
	cr_assert_eq(c->accounting.anonymous, ANONYMOUS_SHARED);
	cr_assert_not(c->accounting.unknown_passes);
	cr_assert_eq(c->accounting.time_idle_ms, 1000);
	cr_assert_eq(c->accounting.principals, 100);
	cr_assert_str_eq(c->accounting.user, "ledger");
	conf_free(c);
}

/* Top-level keys may stand behind sections, sections in any order. */
Test(conf, order_does_not_matter)
{
	struct conf *c = load_good(
	    "rule \"a\" { action = \"pass\" listen = { \"late\" } }\n"
	    "log { level = \"debug\" }\n"
	    "user = \"u\"\n"
	    "listen \"early\" { port = 1 } listen \"late\" { port = 2 }\n");

	cr_assert_str_eq(c->user, "u");
	cr_assert_str_eq(c->accounting.user, "u");
	cr_assert_eq(c->policy.rules[0].listeners, 2);
	conf_free(c);
}

/* ---- the file as such ---- */

Test(conf, comments_and_line_ends)
{
	struct conf *c = load_good(
	    "# one { \" ' */\r\n"
	    "// two {\r\n"
	    "/* three \" { \n user = \"x\" \n*/ user = \"a//b\" /**/ # }\n"
	    "state_dir = /srv//x // four\r\n"
	    "rule \"r\" { action = \"pass\" }");

	cr_assert_str_eq(c->user, "a//b");
	cr_assert_str_eq(c->state_dir, "/srv//x");
	cr_assert_eq(c->policy.rules[0].line, 7);
	conf_free(c);
}

Test(conf, quotes_keep_what_they_hold)
{
	struct conf *c = load_good(
	    "rule \"it's\" { action = \"pass\" users = { 'DOM\\ann',\n"
	    "  \"DOM\\\\bob\", \"a\\\"b\", 'c\\'d', 'e$f', \"g$h\", '${X}',\n"
	    "  \"# no comment\", \"{}\", \"j\xc3\xb6rg\" } }\n");
	const struct rule *r = &c->policy.rules[0];
	static const char *const users[] = { "DOM\\ann", "DOM\\bob", "a\"b",
	    "c'd", "e$f", "g$h", "${X}", "# no comment", "{}",
	    "j\xc3\xb6rg" };

	cr_assert_str_eq(r->name, "it's");
	cr_assert_eq(r->n_users, N_ELEMENTS(users));
	for (size_t i = 0; i < r->n_users; i++)
		cr_assert_str_eq(r->users[i], users[i]);
	conf_free(c);
}

Test(conf, a_broken_file_does_not_spoil_the_next)
{
	static const char *const broken[] = { "user = \"x", "user = 'x",
	    "log { /* ", "rule \"a\" { users = { \"x\"", "log { level = ",
	    "rule \"a\" { to = { \"x\", ", "}", "\"" };
	char err[CONF_ERR_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(broken); i++) {
		struct conf *c = load_text(broken[i], err);

		cr_assert_null(c, "taken: %s", broken[i]);
		c = load_good("user = \"fine\"\n");
		cr_assert_str_eq(c->user, "fine");
		conf_free(c);
	}
}

Test(conf, ten_thousand_rules_load_at_once)
{
	enum { N = 10000, LINE_SIZE = 128 };
	char *text = malloc(N * LINE_SIZE);
	struct timespec begin, end;
	struct conf *c;
	size_t len = 0;

	cr_assert_not_null(text);
	for (int i = 0; i < N; i++)
		len += (size_t)snprintf(text + len, LINE_SIZE,
		    "rule \"r%d\" { action = \"block\" groups = { \"g%d\" }"
		    " to = { \"10.%d.%d.0/24\" } }\n", i, i % 50,
		    i / 256, i % 256);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	c = load_good(text);
	clock_gettime(CLOCK_MONOTONIC, &end);
	cr_assert_eq(c->policy.n_rules, N);
	cr_assert_str_eq(c->policy.rules[N - 1].name, "r9999");
	cr_assert_eq(c->policy.rules[N - 1].line, N);
	/* a quadratic search would take minutes under a sanitizer */
	cr_assert_lt(end.tv_sec - begin.tv_sec, 10);
	free(text);
	conf_free(c);
}

/* ---- what a reload cannot change ---- */

Test(conf, needs_restart_names_the_keys)
{
	struct conf *a = load_good("");
	struct conf *b = load_good("user = \"x\" accounting { user = \"sockd\" "
	    "sync = \"normal\" } sessions { max = 7 } workers { max = 50 }\n"
	    "rule \"a\" { action = \"pass\" } listen \"b\" { port = 9 }");
	char out[256];

	conf_needs_restart(a, a, out, sizeof(out));
	cr_assert_str_eq(out, "");
	conf_needs_restart(a, b, out, sizeof(out));
	cr_assert_str_eq(out, "user, workers.max, sessions.max");
	conf_needs_restart(a, b, out, 8);
	cr_assert_str_eq(out, "user, w");
	conf_free(a);
	conf_free(b);
}

Test(conf, keep_fixed_takes_the_running_values)
{
	struct conf *a = load_good("user = \"a\" state_dir = \"/a\" "
	    "workers { start = 2 min_spare = 2 max_spare = 3 max = 4 }");
	struct conf *b = load_good("user = \"b\" run_dir = \"/b\" pam { "
	    "user = \"c\" } workers { start = 9 min_spare = 8 max_spare = 10 "
	    "max = 50 } sessions { max = 7 } accounting { user = \"d\" "
	    "principals = 99 interval = \"5s\" }");
	char out[256];

	cr_assert(conf_keep_fixed(b, a));
	conf_needs_restart(a, b, out, sizeof(out));
	cr_assert_str_eq(out, "");
	conf_free(a);			/* b stands alone */
	cr_assert_str_eq(b->user, "a");
	cr_assert_str_eq(b->accounting.user, "a");
	cr_assert_str_eq(b->state_dir, "/a");
	cr_assert_eq(b->sessions.max, 65536);
	cr_assert_eq(b->workers.max, 4);
	cr_assert_eq(b->workers.start, 4);
	cr_assert_eq(b->workers.max_spare, 4);
	cr_assert_eq(b->workers.min_spare, 4);
	cr_assert_str_eq(b->pam.user, "c");
	cr_assert_eq(b->accounting.interval_ms, 5000);
	conf_free(b);
}

/* What is not written gives way to what is. */
Test(conf, defaults_bow_to_what_is_written)
{
	static const struct {
		const char	*text;
		unsigned	start, min_spare, max_spare, max;
	} tests[] = {
		{ "workers { max = 20 }", 8, 4, 20, 20 },
		{ "workers { max = 2 }", 2, 2, 2, 2 },
		{ "workers { max_spare = 3 }", 8, 3, 3, 1024 },
		{ "workers { max = 10 min_spare = 6 }", 8, 6, 10, 10 },
	};

	for (size_t i = 0; i < N_ELEMENTS(tests); i++) {
		struct conf *c = load_good(tests[i].text);

		cr_expect_eq(c->workers.start, tests[i].start);
		cr_expect_eq(c->workers.min_spare, tests[i].min_spare);
		cr_expect_eq(c->workers.max_spare, tests[i].max_spare);
		cr_expect_eq(c->workers.max, tests[i].max);
		conf_free(c);
	}
}

Test(conf, default_helpers_bow_to_their_written_maximum)
{
	struct conf *c = load_good("pam { helpers_max = 1 } "
	    "resolver { helpers_max = 1 }");

	cr_assert_eq(c->pam.helpers, 1);
	cr_assert_eq(c->resolver.helpers, 1);
	conf_free(c);
}

/* The sample is right, and so is every example in its comments. */
Test(conf, the_sample_file_is_right)
{
	const char *dir = getenv("SRCDIR");
	char path[4096], line[512], *text;
	size_t size;
	FILE *in, *out = open_memstream(&text, &size);
	struct conf *c;

	snprintf(path, sizeof(path), "%s/etc/sockd.conf",
	    dir == NULL ? "." : dir);
	in = fopen(path, "r");
	cr_assert_not_null(in, "cannot open %s (SRCDIR is the source)", path);
	while (fgets(line, sizeof(line), in) != NULL) {
		bool example = line[0] == '#' && line[1] != ' ' &&
		    strstr(line, "source") == NULL;	/* no machine has it */

		fputs(line + example, out);
	}
	fclose(in);
	fclose(out);
	c = load_good(text);
	cr_assert_eq(c->policy.n_rules, 6);
	cr_assert_eq(c->policy.n_limits, 1);
	free(text);
	conf_free(c);
}
