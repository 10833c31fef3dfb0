/*
 * sockd -t: what is legal and cannot be meant.  Each case has one doubt, or
 * none; a rule that passes and the accounts of the machine keep the others
 * away.
 */
#include <fcntl.h>

#include "conf_text.h"
#include "lib/elements.h"

enum { DOUBTS_SIZE = 4096 };

/* Right on any machine: root is known, PAM knows "sockd", and somebody
 * passes. */
#define QUIET	"user = \"root\" pam { confdir = \"%s\" }\n"
#define PASS	"rule \"pass\" { action = \"pass\" }\n"

struct doubted {
	const char	*text;		/* after QUIET: from line 2 on */
	const char	*doubt;		/* without the file; "" none */
};

static void
append(void *arg, const char *text)
{
	char *doubts = arg;
	const char *colon = strchr(text, ':');
	size_t used = strlen(doubts);

	snprintf(doubts + used, DOUBTS_SIZE - used, "%s%s",
	    used == 0 ? "" : "|", colon + 1);
}

/* A directory of PAM services with the one that is the default. */
static void
make_services(char dir[CONF_PATH_SIZE])
{
	const char *tmp = getenv("TMPDIR");
	char file[CONF_PATH_SIZE + 8];
	int fd;

	snprintf(dir, CONF_PATH_SIZE, "%s/sockd-pam-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	cr_assert_not_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/sockd", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0644);
	cr_assert_neq(fd, -1);
	close(fd);
}

static void
remove_services(const char *dir)
{
	char file[CONF_PATH_SIZE + 8];

	snprintf(file, sizeof(file), "%s/sockd", dir);
	unlink(file);
	rmdir(dir);
}

static void
check(const struct doubted *cases, size_t n)
{
	char dir[CONF_PATH_SIZE];

	make_services(dir);
	for (size_t i = 0; i < n; i++) {
		char text[4096], doubts[DOUBTS_SIZE] = "";
		struct conf *c;

		snprintf(text, sizeof(text), QUIET "%s", dir,
		    cases[i].text);
		c = load_good(text);
		conf_doubt(c, append, doubts);
		cr_expect_str_eq(doubts, cases[i].doubt, "%s\nsays %s\n"
		    "not  %s", text, doubts, cases[i].doubt);
		conf_free(c);
	}
	remove_services(dir);
}

#define CHECK(cases) check(cases, N_ELEMENTS(cases))

/* ---- never reached ---- */

#define R(name, rest)	"rule \"" name "\" { action = \"pass\" " rest " }\n"
#define B(name, rest)	"rule \"" name "\" { action = \"block\" " rest " }\n"
#define UNREACHED	"3: rule \"b\": can never be reached: rule \"a\" " \
			"on line 2 comes first and holds for all of it"

static const struct doubted unreached[] = {
	{ R("a", "") R("b", "ports = { \"80\" }"), UNREACHED },
	{ R("a", "ports = { \"80\" }") R("b", ""), "" },
	{ R("a", "") R("b", "commands = { \"bind\" }"), "" },
	{ R("a", "commands = { \"bind\", \"udp\", \"connect\" }") R("b", ""),
	    UNREACHED },
	{ R("a", "from = { \"10.0.0.0/8\" }")
	    R("b", "from = { \"10.1.0.0/16\" }"), UNREACHED },
	{ R("a", "from = { \"10.1.0.0/16\" }")
	    R("b", "from = { \"10.0.0.0/8\" }"), "" },
	{ R("a", "from = { \"10.0.0.0/8\" }")
	    R("b", "from = { \"10.1.0.0/16\", \"::1\" }"), "" },
	{ R("a", "ports = { \"80-90\" }")
	    R("b", "ports = { \"80\", \"85-90\" }"), UNREACHED },
	{ R("a", "ports = { \"80-90\" }") R("b", "ports = { \"85-91\" }"),
	    "" },
	{ R("a", "to = { \".example.org\" }")
	    R("b", "to = { \"www.example.org\", \".b.example.org\" }"),
	    UNREACHED },
	{ R("a", "to = { \".example.org\" }")
	    R("b", "to = { \"example.org\" }"), "" },
	{ R("a", "to = { \"10.0.0.0/8\" }") R("b", "to = { \"self\" }"), "" },
	{ R("a", "protocols = { \"socks5\" }")
	    R("b", "protocols = { \"socks5\" }"), UNREACHED },
	{ R("a", "protocols = { \"socks5\" }") R("b", ""), "" },
	{ R("a", "users = { \"*\" }") R("b", "users = { \"root\" }"),
	    UNREACHED },
	{ R("a", "users = { \"*\" }") R("b", "groups = { \"root\" }"),
	    UNREACHED },
	{ R("a", "users = { \"*\" }") R("b", ""), "" },
	{ R("a", "users = { \"root\" }") R("b", "users = { \"*\" }"), "" },
	{ R("a", "groups = { \"root\" }") R("b", "users = { \"root\" }"), "" },
	{ R("a", "hours = { \"mon-fri 08:00-18:00\" }")
	    R("b", "hours = { \"tue 09:00-12:00\" }"), UNREACHED },
	{ R("a", "hours = { \"mon 08:00-12:00\", \"mon 12:00-18:00\" }")
	    R("b", "hours = { \"mon 09:00-17:00\" }"), UNREACHED },
	{ R("a", "hours = { \"mon-fri 08:00-18:00\" }")
	    R("b", "hours = { \"sat 09:00-12:00\" }"), "" },
	{ R("a", "hours = { \"08:00-18:00\" }") R("b", ""), "" },
};

Test(conf_doubt, a_rule_that_is_never_reached)
{
	CHECK(unreached);
}

static const struct doubted by_listener[] = {
	{ "listen \"x\" { port = 1 } listen \"y\" { port = 2 }\n"
	    "rule \"a\" { action = \"pass\" listen = { \"x\" } }\n"
	    "rule \"b\" { action = \"pass\" listen = { \"x\" } }\n",
	    "4: rule \"b\": can never be reached: rule \"a\" on line 3 comes "
	    "first and holds for all of it" },
	{ "listen \"x\" { port = 1 } listen \"y\" { port = 2 }\n"
	    "rule \"a\" { action = \"pass\" listen = { \"x\" } }\n"
	    "rule \"b\" { action = \"pass\" listen = { \"y\" } }\n", "" },
};

Test(conf_doubt, rules_of_other_listeners_do_not_hide_one)
{
	CHECK(by_listener);
}

/* ---- limits that never apply ---- */

static const struct doubted limits[] = {
	{ PASS "limit \"a\" { }\nlimit \"b\" { users = { \"root\" } }\n",
	    "4: limit \"b\": never applies: limit \"a\" on line 3 comes first "
	    "and holds for all of it" },
	{ PASS "limit \"a\" { groups = { \"root\" } }\nlimit \"b\" { }\n",
	    "" },
	{ PASS "limit \"a\" { from = { \"10.0.0.0/8\" } }\n"
	    "limit \"b\" { from = { \"10.9.0.0/16\" } }\n",
	    "4: limit \"b\": never applies: limit \"a\" on line 3 comes first "
	    "and holds for all of it" },
	{ PASS "listen \"l\" { methods = { \"none\" } }\n"
	    "limit \"a\" { users = { \"*\" } }\n",
	    "4: limit \"a\": never applies: no listener offers a login" },
};

Test(conf_doubt, a_limit_that_never_applies)
{
	CHECK(limits);
}

/* ---- logins ---- */

static const struct doubted logins[] = {
	{ "listen \"l\" { methods = { \"none\" } }\n"
	    "rule \"r\" { action = \"pass\" users = { \"*\" } }\n",
	    "3: rule \"r\": asks for a login, which no listener of it "
	    "offers" },
	{ "listen \"l\" { protocols = { \"socks4\" } }\n"
	    "rule \"r\" { action = \"pass\" groups = { \"root\" } }\n",
	    "3: rule \"r\": asks for a login, which no listener of it "
	    "offers" },
	{ "listen \"l\" { methods = { \"none\" } }\n"
	    "listen \"m\" { port = 1 methods = { \"password\" } }\n"
	    "rule \"r\" { action = \"pass\" users = { \"*\" } "
	    "listen = { \"l\" } }\n",
	    "4: rule \"r\": asks for a login, which no listener of it "
	    "offers" },
	{ "listen \"l\" { methods = { \"none\" } }\n"
	    "listen \"m\" { port = 1 methods = { \"password\" } }\n"
	    "rule \"r\" { action = \"pass\" users = { \"*\" } }\n", "" },
	{ "rule \"r\" { action = \"pass\" users = { \"*\" } "
	    "protocols = { \"socks4\" } }\n",
	    "2: rule \"r\": asks for a login, which SOCKS4 does not have" },
};

Test(conf_doubt, a_login_that_nobody_offers)
{
	CHECK(logins);
}

/* ---- PAM services without a file ---- */

/* The directory's name is not the same twice: the line up to it, and the
 * number of lines. */
static const struct {
	const char	*listens, *begin;
	unsigned	n;
} services[] = {
	{ "listen \"l\" { }", "", 0 },
	{ "listen \"l\" { pam_service = \"Sockd\" }", "", 0 },
	{ "listen \"l\" { pam_service = \"x\" }",
	    "2: listen \"l\": PAM service \"x\" has no file in /", 1 },
	{ "listen \"l\" { pam_service = \"x\" methods = { \"none\" } }",
	    "", 0 },
	{ "listen \"l\" { pam_service = \"x\" "
	    "protocols = { \"socks4\" } }", "", 0 },
	{ "listen \"l\" { pam_service = \"x\" methods = { \"none\" } }\n"
	    "listen \"m\" { port = 1 pam_service = \"x\" }\n"
	    "listen \"n\" { port = 2 pam_service = \"x\" }",
	    "3: listen \"m\": PAM service \"x\" has no file in /", 1 },
	{ "listen \"l\" { pam_service = \"x\" }\n"
	    "listen \"m\" { port = 1 pam_service = \"y\" }",
	    "2: listen \"l\": PAM service \"x\" has no file in /", 2 },
};

static unsigned
count_lines(const char *doubts)
{
	unsigned n = doubts[0] != '\0';

	for (const char *p = doubts; (p = strchr(p, '|')) != NULL; p++)
		n++;
	return n;
}

Test(conf_doubt, a_service_that_pam_does_not_know)
{
	char dir[CONF_PATH_SIZE];

	make_services(dir);
	for (size_t i = 0; i < N_ELEMENTS(services); i++) {
		char text[4096], doubts[DOUBTS_SIZE] = "";
		struct conf *c;

		snprintf(text, sizeof(text), QUIET "%s " PASS, dir,
		    services[i].listens);
		c = load_good(text);
		conf_doubt(c, append, doubts);
		cr_expect_eq(count_lines(doubts), services[i].n, "%s\n%s",
		    text, doubts);
		cr_expect_eq(strncmp(doubts, services[i].begin,
		    strlen(services[i].begin)), 0, "%s", doubts);
		conf_free(c);
	}
	remove_services(dir);
}

/* Without confdir it is the system's: one that nobody has. */
Test(conf_doubt, a_service_that_the_system_does_not_know)
{
	char doubts[DOUBTS_SIZE] = "";
	struct conf *c = load_good("user = \"root\"\n"
	    "listen \"l\" { pam_service = \"no-such-service\" }\n" PASS);

	conf_doubt(c, append, doubts);
	cr_expect_str_eq(doubts, "2: listen \"l\": PAM service "
	    "\"no-such-service\" has no file in /etc/pam.d: PAM would ask "
	    "\"other\"");
	conf_free(c);
}

/* ---- names that NSS does not know ---- */

static const struct doubted people[] = {
	{ PASS "accounting { user = \"no-such-user\" }", " accounting.user: "
	    "user \"no-such-user\" is not known here; started as root, sockd "
	    "needs him" },
	{ "rule \"r\" { action = \"pass\" users = { \"root\", "
	    "\"no-such-user\" } }\nlimit \"l\" { users = { "
	    "\"no-such-user\" } }", "2: rule \"r\": user \"no-such-user\" is "
	    "not known here (getent passwd); right only if PAM knows him by "
	    "itself" },
	{ "rule \"r\" { action = \"pass\" groups = { \"no-such-group\" } }\n"
	    "rule \"s\" { action = \"pass\" groups = { \"root\", "
	    "\"no-such-group\" } }", "2: rule \"r\": group "
	    "\"no-such-group\" is not known here (getent group), and has no "
	    "members" },
};

Test(conf_doubt, people_whom_nobody_knows)
{
	CHECK(people);
}

/* ---- the world ---- */

static const struct doubted world[] = {
	{ "", " no rule passes anything: every client will be refused" },
	{ "rule \"r\" { action = \"block\" }",
	    " no rule passes anything: every client will be refused" },
	{ "listen \"l\" { address = \"*\" methods = { \"none\" } }\n" PASS,
	    "3: rule \"pass\": passes the whole world without a login, on "
	    "the public address of listen \"l\"" },
	{ "listen \"l\" { address = \"192.0.2.1\" methods = { \"none\" } }\n"
	    R("r", "from = { \"0.0.0.0/0\" }"),
	    "3: rule \"r\": passes the whole world without a login, on the "
	    "public address of listen \"l\"" },
	{ "listen \"l\" { address = \"192.0.2.1\" methods = { \"none\" } }\n"
	    R("r", "from = { \"192.0.2.0/24\" }"), "" },
	{ "listen \"l\" { address = \"192.0.2.1\" methods = { \"none\" } }\n"
	    R("r", "to = { \"10.0.0.5\" }"), "" },
	{ "listen \"l\" { address = \"10.0.0.1\" methods = { \"none\" } }\n"
	    PASS, "" },
	{ "listen \"l\" { address = \"::1\" }\n" PASS, "" },
	{ "listen \"l\" { address = \"192.0.2.1\" methods = "
	    "{ \"password\" } }\n" R("r", "users = { \"*\" }"),
	    "2: listen \"l\": passwords travel in clear on a public address; "
	    "let a tunnel (ssh, stunnel, a VPN) lead to a private one" },
	{ PASS "rule \"r\" { action = \"block\" commands = { \"bind\" } "
	    "rate_up = \"1MB\" }", "3: rule \"r\": source and rates say "
	    "nothing in a rule that blocks" },
};

Test(conf_doubt, too_open_or_too_closed)
{
	CHECK(world);
}

/* ---- names that an address walks around ---- */

#define WALKED	"2: rule \"n\": blocks names only: a client that sends the " \
		"address walks around it, for rule \"p\" on line 3 passes " \
		"addresses"

static const struct doubted names[] = {
	{ "rule \"n\" { action = \"block\" to = { \"a.example\", "
	    "\".b.example\" } }\n" R("p", ""), WALKED },
	{ "rule \"n\" { action = \"block\" to = { \"a.example\" } }\n"
	    R("p", "to = { \"192.0.2.0/24\" }"), WALKED },
	{ "rule \"n\" { action = \"block\" to = { \"a.example\" } }\n"
	    R("p", "to = { \".example\" }"), "" },
	{ "rule \"n\" { action = \"block\" to = { \"a.example\", "
	    "\"192.0.2.1\" } }\n" R("p", ""), "" },
	{ "rule \"n\" { action = \"block\" to = { \"a.example\" } "
	    "commands = { \"udp\" } }\n" R("p", "commands = { \"bind\" }"),
	    "" },
	{ B("n", "to = { \".x\" } users = { \"root\" }")
	    R("p", "users = { \"*\" }"), WALKED },
	{ B("n", "to = { \".x\" } users = { \"root\" }")
	    R("p", "users = { \"daemon\" }"), "" },
	{ B("n", "to = { \".x\" } groups = { \"root\" }")
	    R("p", "groups = { \"daemon\" }"), "" },
	{ B("n", "to = { \".x\" } from = { \"10.1.0.0/16\" }")
	    R("p", "from = { \"10.0.0.0/8\" }"), WALKED },
	{ B("n", "to = { \".x\" } from = { \"10.0.0.0/8\" }")
	    R("p", "from = { \"192.168.0.0/16\" }"), "" },
	{ B("n", "to = { \".x\" } ports = { \"25\" }")
	    R("p", "ports = { \"1-24\", \"26-65535\" }"), "" },
	{ B("n", "to = { \".x\" } protocols = { \"socks4\" }")
	    R("p", "protocols = { \"socks5\" }"), "" },
	{ B("n", "to = { \".x\" } hours = { \"mon 08:00-12:00\" }")
	    R("p", "hours = { \"mon 11:00-13:00\" }"), WALKED },
	{ B("n", "to = { \".x\" } hours = { \"mon 08:00-12:00\" }")
	    R("p", "hours = { \"mon 12:00-13:00\" }"), "" },
	{ B("n", "to = { \".x\" }") B("m", "to = { \"192.0.2.0/24\" }")
	    R("p", ""), "" },
	{ "listen \"x\" { port = 1 } listen \"y\" { port = 2 }\n"
	    B("n", "to = { \".x\" } listen = { \"x\" }")
	    R("p", "listen = { \"y\" }"), "" },
};

Test(conf_doubt, a_block_by_name_that_an_address_walks_around)
{
	CHECK(names);
}

/* ---- blocks that BIND walks around ---- */

#define ALL	"commands = { \"connect\", \"bind\", \"udp\" }"
#define NO_BIND	"2: rule \"n\": without commands it does not block BIND, " \
		"which rule \"p\" on line 3 passes"

static const struct doubted binds[] = {
	{ B("n", "to = { \"10.0.0.0/8\" }") R("p", ALL), NO_BIND },
	{ B("n", "to = { \"10.0.0.0/8\" }")
	    R("p", ALL " to = { \"10.1.0.0/16\" }"), NO_BIND },
	{ B("n", "to = { \"10.0.0.0/8\" }") R("p", ""), "" },
	{ B("n", "to = { \"10.0.0.0/8\" } " ALL) R("p", ALL), "" },
	{ B("n", "to = { \"10.0.0.0/8\" } commands = { \"connect\" }")
	    R("p", ALL), "" },
	{ B("n", "to = { \"10.0.0.0/8\" }")
	    R("p", ALL " to = { \"192.0.2.0/24\" }"), "" },
	{ B("n", "users = { \"root\" }") R("p", ALL
	    " users = { \"daemon\" }"), "" },
	{ B("n", "to = { \"10.0.0.0/8\" }")
	    B("m", "commands = { \"bind\" }") R("p", ALL), "" },
};

Test(conf_doubt, a_block_without_commands_that_bind_walks_around)
{
	CHECK(binds);
}
