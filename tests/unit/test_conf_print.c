/*
 * sockd -T: what conf_print() writes, conf_load() reads again as the same.
 */
#include "conf_text.h"
#include "lib/elements.h"

static const char *const files[] = {
	"",
	"user = 'DOM\\sockd' state_dir = \"/a b/c\" run_dir = '/x\"y'\n"
	"log { target = '/var/log/$sockd' level = \"warning\" }\n",
	"workers { start = 1 min_spare = 1 max_spare = 1 max = 1\n"
	"  park_after = \"1500ms\" }\n"
	"sessions { max = 1 max_per_address = 2 handshakes_per_address = 3 }\n"
	"timeouts { negotiate = \"90s\" connect = \"61s\" idle = \"25h\"\n"
	"  half_closed = \"1d\" bind = \"36h\" udp = \"10ms\" stop = \"0s\" }",
	"pam { service = \"other\" confdir = \"/etc/x\" user = \"nobody\"\n"
	"  helpers = 1 helpers_max = 1 timeout = \"1s\" cache = \"0s\"\n"
	"  fail_delay = \"1ms\" }\n"
	"abuse { failures = 3 window = \"1s\" penalty = \"1w\"\n"
	"  exempt = { \"::1\", \"192.0.2.0/24\", \"::/0\" } }\n"
	"resolver { helpers = 5 helpers_max = 6 timeout = \"1s\"\n"
	"  prefer = \"ipv4\" }\n",
	"udp { ports = \"1-65535\" advertise = \"::1\" filter = \"none\" }\n"
	"bind { ports = \"7\" advertise = \"192.0.2.1\" }\n"
	"accounting { interval = \"10ms\" sync = \"normal\" keep = \"100w\"\n"
	"  keep_refused = \"1h\" anonymous = \"shared\" unknown = \"block\"\n"
	"  time_idle = \"1s\" principals = 16 user = \"ledger\" }\n",
	"listen \"a\" { address = \"*\" protocols = { \"socks4\" }\n"
	"  methods = { \"none\" } pam_service = \"p\" }\n"
	"listen 'b$\\\\' { address = \"::1\" port = 0 methods = { \"none\",\n"
	"  \"password\" } }\n"
	"rule 'r\"' { action = \"block\" listen = { \"a\", 'b$\\\\' } }\n",
	"rule \"r1\" { action = \"pass\" from = { \"10.0.0.0/8\", \"::/0\" }\n"
	"  to = { \"self\", \"a.example\", \".b.example\", \"2001:db8::/32\",\n"
	"  \"192.0.2.1\" } ports = { \"1\", \"80-90\", \"65535\" }\n"
	"  protocols = { \"socks5\" } commands = { \"udp\", \"bind\" }\n"
	"  hours = { \"mon-fri 08:00-18:00\", \"sat,sun 22:00-06:00\",\n"
	"  \"00:00-24:00\" } rate_up = \"1kbit\" rate_down = \"1.5MB\"\n"
	"  source = { \"127.0.0.1\" } metered = false log = off }\n"
	"rule \"r2\" { action = \"pass\" users = { \"*\" } }\n"
	"rule \"r3\" { action = \"pass\" users = { 'DOM\\ann', \"o'hara\",\n"
	"  'q\"q', 'end\\\\', 'it\\'s', '$', '${X}', \"j\xc3\xb6rg\" }\n"
	"  groups = { \"root\", 'domain users', 'DOM\\x' } }\n",
	"limit \"l1\" { }\n"
	"limit \"l2\" { users = { \"a\" } groups = { \"b\" }\n"
	"  from = { \"::1\" } bytes = { \"1B/day\", \"1.5GB/week\",\n"
	"  \"3TiB/month\", \"1PB/ever\" } time = { \"1s/day\", \"90m/week\",\n"
	"  \"20h/month\", \"1000h/ever\" } rate_up = \"64kbit\"\n"
	"  rate_down = \"1Gbit\" sessions = 1 addresses = 16 }\n",
};

enum { N_FILES = N_ELEMENTS(files) };

Test(conf_print, is_read_as_the_same)
{
	for (size_t i = 0; i < N_FILES; i++) {
		struct conf *first = load_good(files[i]), *second;
		char *a = print_text(first), *b;

		second = load_good(a);
		b = print_text(second);
		cr_expect_str_eq(a, b);
		free(a);
		free(b);
		conf_free(first);
		conf_free(second);
	}
}

static const char *
find_section(const char *text, const char *name)
{
	char line[64];

	if (name[0] == '\0')
		return text;
	snprintf(line, sizeof(line), "\n%s ", name);
	return strstr(text, line);
}

/* The round trip would not notice a key that is left out: its value would be
 * the default on both sides. */
Test(conf_print, names_every_key)
{
	struct conf *c = load_good(
	    "rule \"r\" { action = \"pass\" listen = { \"l\" }\n"
	    "  from = { \"::1\" } to = { \"self\" } ports = { \"1\" }\n"
	    "  protocols = { \"socks4\" } users = { \"a\" }\n"
	    "  groups = { \"b\" } hours = { \"08:00-09:00\" }\n"
	    "  source = { \"127.0.0.1\" } rate_up = \"1MB\"\n"
	    "  rate_down = \"1MB\" }\n"
	    "listen \"l\" { }\n"
	    "limit \"l\" { users = { \"a\" } groups = { \"b\" }\n"
	    "  from = { \"::1\" } bytes = { \"1GB/day\" }\n"
	    "  time = { \"1h/day\" } rate_up = \"1MB\"\n"
	    "  rate_down = \"1MB\" }\n");
	char *text = print_text(c), line[128];

	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *section = find_section(text, k->section);

		cr_assert_not_null(section, "no section %s", k->section);
		snprintf(line, sizeof(line), "%s%s = ",
		    k->section[0] == '\0' ? "" : "\n\t", k->name);
		cr_expect_not_null(strstr(section, line), "no %s in %s",
		    k->name, k->section);
	}
	free(text);
	conf_free(c);
}

/* Each default of the table, written out, changes nothing. */
Test(conf_print, defaults_are_what_is_printed_without_a_file)
{
	struct conf *none = load_good("listen \"default\" { }");
	char *expected = print_text(none), *text = NULL, *got;
	const char *section = "";
	struct conf *written;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (strcmp(k->section, "rule") == 0)
			break;
		if (strcmp(k->section, section) != 0)
			fprintf(out, "%s%s %s {\n", section[0] == '\0' ? "" :
			    "}\n", k->section, strcmp(k->section, "listen")
			    == 0 ? "\"default\"" : "");
		section = k->section;
		if (strchr(k->initial, ',') == NULL && (k->initial[0] != '\0' ||
		    strcmp(k->type, "prefixes") != 0))
			fprintf(out, "%s = \"%s\"\n", k->name, k->initial);
	}
	fputs("}\n", out);
	fclose(out);
	written = load_good(text);
	got = print_text(written);
	cr_assert_str_eq(got, expected);
	free(text);
	free(expected);
	free(got);
	conf_free(none);
	conf_free(written);
}

Test(conf_print, says_what_waits_for_a_restart)
{
	struct conf *c = load_good("");
	char *text = print_text(c);

	cr_assert_not_null(strstr(text,
	    "user = \"sockd\"\t# at a restart\n"));
	cr_assert_not_null(strstr(text, "\tmax = 65536\t# at a restart\n"));
	cr_assert_not_null(strstr(text, "\tlevel = \"info\"\n"));
	free(text);
	conf_free(c);
}
