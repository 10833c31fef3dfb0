/*
 * The table of keys, the manual and the sample file say the same: every key
 * stands in both, with the type, the default and what SIGHUP does with it,
 * and the manual has no key that the table lacks.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/elements.h"
#include "sockd/common/conf.h"

enum { TEXT_MAX = 256 * 1024, LINE_SIZE = 1024, VALUE_SIZE = 256 };

static char manual[TEXT_MAX], sample[TEXT_MAX];

static void
read_text(char *text, const char *name)
{
	const char *dir = getenv("SRCDIR");
	char path[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir == NULL ? "." : dir, name);
	f = fopen(path, "r");
	cr_assert_not_null(f, "cannot open %s (SRCDIR is the source)", path);
	n = fread(text, 1, TEXT_MAX - 1, f);
	fclose(f);
	cr_assert_gt(n, 0, "%s is empty", path);
	text[n] = '\0';
}

static void
setup(void)
{
	read_text(manual, "man/sockd.conf.5");
	read_text(sample, "etc/sockd.conf");
}

static bool
is_list(const struct conf_key *k)
{
	static const char *const lists[] = { "words", "methods", "prefixes",
	    "targets", "ports", "addresses", "listens", "users", "groups",
	    "hours", "sizes", "durations" };

	for (size_t i = 0; i < N_ELEMENTS(lists); i++)
		if (strcmp(k->type, lists[i]) == 0)
			return true;
	return false;
}

/* The default as the file has it: 8, "30s", { "a", "b" }. */
static void
write_default(const struct conf_key *k, char *out, size_t size)
{
	char words[LINE_SIZE], *word, *rest = words;
	size_t used;

	/* The manual and the sample speak of a machine's own directories. */
	if (strcmp(k->name, "state_dir") == 0) {
		snprintf(out, size, "\"/var/lib/sockd\"");
	} else if (strcmp(k->name, "run_dir") == 0) {
		snprintf(out, size, "\"/run/sockd\"");
	} else if (strcmp(k->type, "count") == 0 ||
	    strcmp(k->type, "bool") == 0) {
		snprintf(out, size, "%s", k->initial);
	} else if (!is_list(k)) {
		snprintf(out, size, "\"%s\"", k->initial);
	} else {
		snprintf(words, sizeof(words), "%s", k->initial);
		used = (size_t)snprintf(out, size, "{");
		while ((word = strsep(&rest, ",")) != NULL)
			if (*(word += strspn(word, " ")) != '\0')
				used += (size_t)snprintf(out + used,
				    size - used, "%s \"%s\"",
				    used > 1 ? "," : "", word);
		snprintf(out + used, size - used, " }");
	}
}

/* The manual's line of a key with its quotes as people see them. */
static void
unquote_roff(char *line)
{
	char *q;

	while ((q = strstr(line, "\\(dq")) != NULL) {
		*q = '"';
		memmove(q + 1, q + 4, strlen(q + 4) + 1);
	}
}

/* Where the manual describes a section, and where that ends. */
static const char *
manual_section(const char *section, const char **end)
{
	char head[LINE_SIZE];
	const char *at;

	if (section[0] == '\0')
		snprintf(head, sizeof(head), "\n.Ss The top level\n");
	else
		snprintf(head, sizeof(head), "\n.Ss The %s section", section);
	at = strstr(manual, head);
	cr_assert_not_null(at, "no \"%s\" in the manual", head + 1);
	*end = strstr(at + 1, "\n.Ss ");
	cr_assert_not_null(*end);
	return at;
}

/* The text from the key's line on, or NULL. */
static const char *
manual_key(const struct conf_key *k, const char **end)
{
	const char *at = manual_section(k->section, end);
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "\n.It Ic %s Pq ", k->name);
	at = strstr(at, line);
	return at != NULL && at < *end ? at + 1 : NULL;
}

Test(conf_words, manual_has_every_key, .init = setup)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const char *end;

		cr_expect_not_null(manual_key(&conf_keys[i], &end),
		    "sockd.conf(5) lacks %s.%s", conf_keys[i].section,
		    conf_keys[i].name);
	}
}

/* "count; default 8; reload" */
static void
write_manual_line(const struct conf_key *k, char *out, size_t size)
{
	char initial[VALUE_SIZE];
	const char *at = k->reloadable ? "reload" : "restart";

	if (k->initial == NULL) {
		snprintf(out, size, ".It Ic %s Pq %s; ?; %s", k->name,
		    k->type, at);
		return;
	}
	write_default(k, initial, sizeof(initial));
	snprintf(out, size, ".It Ic %s Pq %s; default %s; %s", k->name,
	    k->type, initial, at);
}

/* A key without a default says why: required, condition, no default. */
static void
forget_why(const struct conf_key *k, char *line)
{
	static const char *const whys[] = { "required", "condition",
	    "no default" };
	char *at;

	for (size_t i = 0; k->initial == NULL && i < 3; i++)
		if ((at = strstr(line, whys[i])) != NULL) {
			*at = '?';
			memmove(at + 1, at + strlen(whys[i]),
			    strlen(at + strlen(whys[i])) + 1);
			return;
		}
}

Test(conf_words, manual_has_type_default_and_reload, .init = setup)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const char *end, *at = manual_key(&conf_keys[i], &end);
		char line[LINE_SIZE], want[LINE_SIZE];

		if (at == NULL)
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"),
		    at);
		unquote_roff(line);
		forget_why(&conf_keys[i], line);
		write_manual_line(&conf_keys[i], want, sizeof(want));
		cr_expect_str_eq(line, want, "%s.%s: the manual says\n%s\n"
		    "the table\n%s", conf_keys[i].section, conf_keys[i].name,
		    line, want);
	}
}

Test(conf_words, manual_has_examples, .init = setup)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const char *end, *example, *at, *next;
		char line[LINE_SIZE];

		at = manual_key(&conf_keys[i], &end);
		if (at == NULL)
			continue;
		next = strstr(at, "\n.It ");
		if (next == NULL || next > end)
			next = end;
		snprintf(line, sizeof(line), "\n.Dl %s = ",
		    conf_keys[i].name);
		example = strstr(at, line);
		cr_expect(example != NULL && example < next,
		    "sockd.conf(5) has no example of %s.%s",
		    conf_keys[i].section, conf_keys[i].name);
	}
}

static bool
is_in_table(const char *name, size_t len)
{
	for (size_t i = 0; i < conf_n_keys; i++)
		if (strlen(conf_keys[i].name) == len &&
		    memcmp(conf_keys[i].name, name, len) == 0)
			return true;
	return false;
}

Test(conf_words, manual_has_no_other_key, .init = setup)
{
	static const char head[] = "\n.It Ic ";
	size_t n = 0;

	for (const char *at = manual; (at = strstr(at, head)) != NULL; n++) {
		at += strlen(head);
		cr_expect(is_in_table(at, strcspn(at, " \n")),
		    "no key %.*s", (int)strcspn(at, "\n"), at);
	}
	cr_expect_eq(n, conf_n_keys);
}

/* The sample's lines of a section, "" for a section that is not there. */
static const char *
sample_section(const char *section, const char **end)
{
	char head[LINE_SIZE];
	const char *at = sample;

	if (section[0] == '\0') {
		*end = strstr(sample, "{\n");
		return sample;
	}
	snprintf(head, sizeof(head), "\n%s ", section);
	at = strstr(sample, head);
	cr_assert_not_null(at, "the sample has no section %s", section);
	*end = strstr(at, "\n}");
	cr_assert_not_null(*end);
	return at;
}

static bool
is_example_only(const struct conf_key *k)
{
	return strcmp(k->section, "rule") == 0 ||
	    strcmp(k->section, "limit") == 0;
}

Test(conf_words, sample_has_every_key_with_its_default, .init = setup)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *at, *end;
		char initial[VALUE_SIZE], name[LINE_SIZE];

		if (is_example_only(k))
			continue;
		at = sample_section(k->section, &end);
		snprintf(name, sizeof(name), "\n%s%s ",
		    k->section[0] == '\0' ? "" : "\t", k->name);
		at = strstr(at, name);
		cr_expect(at != NULL && at < end, "the sample lacks %s.%s",
		    k->section, k->name);
		if (at == NULL || at > end)
			continue;
		at += strlen(name);
		at += strspn(at, " =");
		write_default(k, initial, sizeof(initial));
		cr_expect(strncmp(at, initial, strlen(initial)) == 0 &&
		    at[strlen(initial)] == '\n',
		    "the sample says %s.%s = %.*s, the table %s", k->section,
		    k->name, (int)strcspn(at, "\n"), at, initial);
	}
}

Test(conf_words, sample_shows_every_key_of_rules_and_limits, .init = setup)
{
	const char *limits = strstr(sample, "\n#limit ");

	cr_assert_not_null(limits);
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];
		char name[LINE_SIZE];
		const char *at;

		if (!is_example_only(k))
			continue;
		snprintf(name, sizeof(name), "\n#\t%s = ", k->name);
		at = strstr(strcmp(k->section, "limit") == 0 ? limits :
		    sample, name);
		cr_expect_not_null(at, "the sample shows no %s.%s",
		    k->section, k->name);
	}
}
