/*
 * Names: what is one, what only looks like one, how they compare.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/name.h"

struct good_name {
	const char	*sent, *read;
};

static const struct good_name good_names[] = {
	{ "example.org", "example.org" },
	{ "EXAMPLE.Org", "example.org" },
	{ "example.org.", "example.org" },
	{ "localhost", "localhost" },
	{ "a", "a" },
	{ "a.b.c.d", "a.b.c.d" },
	{ "_srv._tcp.x-y.example", "_srv._tcp.x-y.example" },
	{ "1e100.net", "1e100.net" },
	{ "3com", "3com" },
	{ "127.0.0.1.example", "127.0.0.1.example" },
	{ "0x7f.example", "0x7f.example" },
	{ "0x7g", "0x7g" },
	{ "x7f", "x7f" },
	{ "-", "-" },
	{ "_", "_" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
};

static const char *const no_names[] = {
	"", ".", "..", ".a", "a..b", "a..", "*", "*.example.org", "a b",
	" a", "a ", "a\tb", "a\nb", "a/b", "a:b", "a@b", "a%b", "a\\b", "a,b",
	"[::1]", "::1", "fe80::1%eth0", "a\x7f", "caf\xc3\xa9", "\xff", "a'b",
	"127.1", "127.0.0.1", "127.0.0.1.", "1", "0", "2130706433",
	"017700000001", "0177.0.0.1", "0x7f000001", "0X7F000001", "0x7f.1",
	"0x7f.0.0.0x1", "0x", "0x.0x", "256.256.256.256", "1.2.3.4.5", "08.1",
	"99999999999999999999",
};

/* name_read() of an exact-size copy. */
static bool
read_exactly(const char *octets, size_t len, char out[NAME_SIZE])
{
	uint8_t *copy = exact_copy(octets, len);
	bool is_name = name_read((const char *)copy, len, out);

	free(copy);
	return is_name;
}

Test(name, good)
{
	char out[NAME_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(good_names); i++) {
		const char *sent = good_names[i].sent;

		cr_assert(read_exactly(sent, strlen(sent), out), "%s", sent);
		cr_assert_str_eq(out, good_names[i].read);
	}
}

Test(name, bad)
{
	char out[NAME_SIZE], before[NAME_SIZE];

	memset(before, 0xee, sizeof(before));
	memcpy(out, before, sizeof(out));
	for (size_t i = 0; i < N_ELEMENTS(no_names); i++) {
		const char *sent = no_names[i];

		cr_assert_not(read_exactly(sent, strlen(sent), out),
		    "\"%s\"", sent);
		cr_assert_eq(memcmp(out, before, sizeof(out)), 0);
	}
}

static bool
may_stand(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

/* NUL among them, at every place. */
Test(name, every_octet_at_every_place)
{
	char octets[] = "abcde", out[NAME_SIZE];
	bool good;

	for (size_t at = 0; at < 5; at++) {
		for (int c = 0; c < 256; c++) {
			memcpy(octets, "abcde", 5);
			octets[at] = (char)c;
			good = may_stand(c) && !(c == '.' && at == 0);
			cr_assert_eq(read_exactly(octets, 5, out), good,
			    "octet X'%02x' at %zu", c, at);
		}
	}
}

/* Labels of 63 octets: len octets in all. */
static void
fill_name(char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		octets[i] = i % 64 == 63 ? '.' : 'a';
}

Test(name, longest)
{
	char octets[NAME_SIZE + 1], out[NAME_SIZE];

	fill_name(octets, sizeof(octets));
	cr_assert(read_exactly(octets, 253, out));
	cr_assert_eq(strlen(out), 253);
	cr_assert_not(read_exactly(octets, 254, out));
	cr_assert_not(read_exactly(octets, 255, out));
	octets[253] = '.';
	cr_assert(read_exactly(octets, 254, out));
	cr_assert_eq(strlen(out), 253);
	octets[253] = 'a';
	octets[254] = '.';
	cr_assert_not(read_exactly(octets, 255, out));
}

Test(name, longest_label)
{
	char octets[70], out[NAME_SIZE];

	memset(octets, 'a', sizeof(octets));
	cr_assert(read_exactly(octets, 63, out));
	cr_assert_not(read_exactly(octets, 64, out));
	octets[63] = '.';
	cr_assert(read_exactly(octets, 70, out));
	octets[63] = 'a';
	octets[64] = '.';
	cr_assert_not(read_exactly(octets, 70, out));
}

/* What was read once reads as itself. */
Test(name, round_trip)
{
	char out[NAME_SIZE], again[NAME_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(good_names); i++) {
		const char *sent = good_names[i].sent;

		cr_assert(name_read(sent, strlen(sent), out));
		cr_assert(name_read(out, strlen(out), again));
		cr_assert_str_eq(out, again);
		cr_assert(name_equal(sent, out));
	}
}

Test(name, equal)
{
	cr_assert(name_equal("Example.ORG.", "example.org"));
	cr_assert(name_equal("", ""));
	cr_assert(name_equal("", "."));
	cr_assert_not(name_equal("example.org", "example.orgs"));
	cr_assert_not(name_equal("example.org", "example.org.."));
	cr_assert_not(name_equal("a-b", "a_b"));
	cr_assert_not(name_equal("a@b", "a`b"));
	cr_assert_not(name_equal("[", "{"));
}

struct suffix_case {
	const char	*name, *suffix;
	bool		below;
};

static const struct suffix_case suffix_cases[] = {
	{ "www.example.org", ".example.org", true },
	{ "a.b.example.org", ".example.org", true },
	{ "WWW.EXAMPLE.ORG.", ".example.org", true },
	{ "www.example.org", ".Example.Org.", true },
	{ "example.org", ".example.org", false },
	{ "badexample.org", ".example.org", false },
	{ "www.example.org.evil.net", ".example.org", false },
	{ "org", ".org", false },
	{ "example.org", ".org", true },
	{ "example.org", "org", false },
	{ "example.org", "", false },
	{ "example.org", ".", false },
	{ "", ".example.org", false },
	{ "g", ".example.org", false },
};

Test(name, suffix)
{
	for (size_t i = 0; i < N_ELEMENTS(suffix_cases); i++) {
		const struct suffix_case *s = &suffix_cases[i];

		cr_assert_eq(name_has_suffix(s->name, s->suffix), s->below,
		    "%s below %s", s->name, s->suffix);
	}
}
