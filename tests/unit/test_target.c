/*
 * What a client's name becomes: a name, an address, or nothing.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/target.h"

struct target_case {
	const char	*octets;
	const char	*name;		/* NULL: none of both; "": address */
	const char	*addr;
};

static const struct target_case target_cases[] = {
	{ "Example.ORG.", "example.org", "-" },
	{ "127.0.0.1", "", "127.0.0.1" },
	{ "::ffff:127.0.0.1", "", "127.0.0.1" },
	{ "[::1]", "", "::1" },
	{ "2001:DB8::A", "", "2001:db8::a" },
	{ "127.0.0.1.", NULL, NULL },
	{ "127.0.0.01", NULL, NULL },
	{ "127.1", NULL, NULL },
	{ "[127.0.0.1]", NULL, NULL },
	{ "[000000000000000000000000000000000000000:1:0:0]", NULL, NULL },
	{ "[0000000000000000000000000000000000000000:1:0:0]", NULL, NULL },
	{ "::1%lo", NULL, NULL },
	{ "*", NULL, NULL },
	{ "", NULL, NULL },
};

Test(target, cases)
{
	struct target target, before;
	char buf[ADDR_TEXT_MAX];

	memset(&before, 0xee, sizeof(before));
	for (size_t i = 0; i < N_ELEMENTS(target_cases); i++) {
		const struct target_case *t = &target_cases[i];
		size_t len = strlen(t->octets);
		uint8_t *copy = exact_copy(t->octets, len);

		target = before;
		cr_assert_eq(target_from_name(&target, copy, len, 443),
		    t->name != NULL, "\"%s\"", t->octets);
		if (t->name == NULL) {
			cr_assert_eq(memcmp(&target, &before, sizeof(target)),
			    0);
		} else {
			cr_assert_str_eq(target.name, t->name);
			cr_assert_str_eq(addr_format(&target.addr, buf),
			    t->addr);
			cr_assert_eq(target.port, 443);
			cr_assert_eq(target.addr.port,
			    t->name[0] == '\0' ? 443 : 0);
		}
		free(copy);
	}
}

/* A C string ends at a NUL, a client's name does not. */
Test(target, nul)
{
	static const char octets[] = "127.0.0.1\0.example.org";
	struct target target;

	cr_assert_not(target_from_name(&target, (const uint8_t *)octets,
	    sizeof(octets) - 1, 80));
	cr_assert_not(target_from_name(&target, (const uint8_t *)octets, 10,
	    80));
	cr_assert(target_from_name(&target, (const uint8_t *)octets, 9, 80));
}

/* Whatever becomes a target may contain what it contains; nothing else may
 * be waited for. */
Test(target, may_contain)
{
	static const char all[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:[]";
	struct target target;
	uint8_t octets[2] = { 'a', 'a' };

	for (int c = 0; c < 256; c++) {
		octets[1] = (uint8_t)c;
		cr_assert_eq(target_may_contain(octets, 2),
		    memchr(all, c, sizeof(all) - 1) != NULL, "%d", c);
		octets[0] = (uint8_t)c;
		octets[1] = 'a';
		if (!target_may_contain(octets, 1))
			cr_assert_not(target_from_name(&target, octets, 2, 80));
		octets[0] = 'a';
	}
	for (size_t i = 0; i < N_ELEMENTS(target_cases); i++) {
		const struct target_case *t = &target_cases[i];

		if (t->name != NULL)
			cr_assert(target_may_contain(
			    (const uint8_t *)t->octets, strlen(t->octets)));
	}
	cr_assert(target_may_contain(octets, 0));
}

Test(target, is_never_allowed)
{
	static const struct {
		const char	*text;
		bool		never;
	} rows[] = {
		{ "0.0.0.0", true }, { "::", true },
		{ "224.0.0.1", true }, { "239.255.255.255", true },
		{ "ff02::1", true }, { "255.255.255.255", true },
		{ "0.0.0.1", false }, { "223.255.255.255", false },
		{ "127.0.0.1", false }, { "::1", false },
		{ "255.255.255.254", false }, { "fe80::1", false },
		{ "198.51.100.7", false }, { "2001:db8::1", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct addr a;

		cr_assert(addr_parse(&a, rows[i].text), "%s", rows[i].text);
		cr_assert_eq(target_is_never_allowed(&a), rows[i].never, "%s",
		    rows[i].text);
	}
	cr_assert(target_is_never_allowed(&(struct addr){ 0 }));
}

Test(target, command_names)
{
	cr_assert_str_eq(command_name(COMMAND_CONNECT), "connect");
	cr_assert_str_eq(command_name(COMMAND_BIND), "bind");
	cr_assert_str_eq(command_name(COMMAND_UDP), "udp");
	cr_assert_eq(command_name(COMMAND_NONE), NULL);
	cr_assert_eq(command_name(COMMAND_UDP + 1), NULL);
}
