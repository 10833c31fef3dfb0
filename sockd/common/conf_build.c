/*
 * From sections to a configuration: the scalar ones into its fields, each
 * listen, rule and limit section into an element of its list.
 */
#include "conf_read.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "lib/elements.h"

static const char *const scalar_sections[] = {
	"", "log", "workers", "sessions", "timeouts", "pam", "abuse",
	"resolver", "udp", "bind", "accounting",
};

bool
conf_build_scalars(struct conf_reader *r)
{
	enum { N = N_ELEMENTS(scalar_sections) };
	struct conf *conf = r->conf;

	for (size_t i = 0; i < N; i++) {
		struct conf_section absent =
		    conf_section_empty(scalar_sections[i]);
		const struct conf_section *section = &absent;

		for (size_t j = 0; j < r->n_sections; j++)
			if (strcmp(r->sections[j].kind, absent.kind) == 0)
				section = &r->sections[j];
		if (!conf_fill(r, section, conf))
			return false;
	}
	if (conf->accounting.user[0] == '\0')
		conf->accounting.user = conf->user;
	return true;
}

/* ---- the titled ones ---- */

/* It stands in the ledger, in log lines and in slots of the board. */
static bool
check_title(struct conf_reader *r, const struct conf_section *s)
{
	size_t len = strlen(s->title);

	r->section = s;
	if (len == 0)
		return conf_refuse(r, s->line, "a name cannot be empty");
	if (len > CONF_NAME_MAX)
		return conf_refuse(r, s->line, "a name of %zu octets is too "
		    "long; %d are the most", len, CONF_NAME_MAX);
	for (const char *p = s->title; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return conf_refuse(r, s->line,
			    "a name has printable ASCII only");
	return true;
}

static int
compare_titles(const void *a, const void *b)
{
	const struct conf_section *const *x = a, *const *y = b;
	int order = strcmp((*x)->title, (*y)->title);

	if (order != 0)
		return order;
	return ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static bool
check_unique(struct conf_reader *r, const struct conf_section **found,
    size_t n)
{
	const struct conf_section **sorted = arena_array(r->scratch, n,
	    sizeof(*sorted));

	if (sorted == NULL)
		return conf_no_memory(r);
	if (n > 0)
		memcpy(sorted, found, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_titles);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(sorted[i - 1]->title, sorted[i]->title) != 0)
			continue;
		r->section = sorted[i];
		return conf_refuse(r, sorted[i]->line, "there is a %s section "
		    "of this name on line %u", sorted[i]->kind,
		    sorted[i - 1]->line);
	}
	return true;
}

/* All sections of the kind, checked, into an array that the reader owns. */
static bool
find_sections(struct conf_reader *r, const char *kind, size_t max,
    const struct conf_section ***found, size_t *n)
{
	*n = 0;
	*found = arena_array(r->scratch, r->n_sections + 1, sizeof(**found));
	if (*found == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < r->n_sections; i++) {
		const struct conf_section *s = &r->sections[i];

		if (strcmp(s->kind, kind) != 0)
			continue;
		if (!check_title(r, s))
			return false;
		if (*n == max)
			return conf_refuse(r, s->line, "there can be %zu %s "
			    "sections, not more", max, kind);
		(*found)[(*n)++] = s;
	}
	return check_unique(r, *found, *n);
}

static bool
build_listen(struct conf_reader *r, const struct conf_section *s,
    struct conf_listen *listen)
{
	listen->line = s->line;
	listen->name = arena_text(r->memory, s->title);
	if (listen->name == NULL)
		return conf_no_memory(r);
	if (!conf_fill(r, s, listen))
		return false;
	listen->addr.port = listen->port;
	if (listen->pam_service[0] == '\0')
		listen->pam_service = r->conf->pam.service;
	return true;
}

static bool
build_listens(struct conf_reader *r)
{
	struct conf_section absent = conf_section_empty("listen");
	const struct conf_section **found;
	struct conf_listen *listens;
	size_t n;

	if (!find_sections(r, "listen", CONF_LISTENS_MAX, &found, &n))
		return false;
	absent.title = "default";
	if (n == 0)
		found[n++] = &absent;
	listens = arena_array(r->memory, n, sizeof(*listens));
	if (listens == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!build_listen(r, found[i], &listens[i]))
			return false;
	r->conf->listens = listens;
	r->conf->n_listens = n;
	return true;
}

static bool
gives(const struct conf_section *s, const char *key)
{
	for (size_t i = 0; i < s->n_given; i++)
		if (strcmp(s->given[i].key->name, key) == 0)
			return true;
	return false;
}

static bool
build_rule(struct conf_reader *r, const struct conf_section *s,
    struct rule *rule)
{
	rule->line = s->line;
	rule->name = arena_text(r->memory, s->title);
	if (rule->name == NULL)
		return conf_no_memory(r);
	r->section = s;
	if (!gives(s, "action"))
		return conf_refuse(r, s->line, "has no action; write "
		    "action = \"pass\" or action = \"block\"");
	rule->default_commands = !gives(s, "commands");
	return conf_fill(r, s, rule);
}

static bool
build_rules(struct conf_reader *r)
{
	struct policy *policy = &r->conf->policy;
	const struct conf_section **found;
	struct rule *rules;
	size_t n;

	if (!find_sections(r, "rule", CONF_RULES_MAX, &found, &n))
		return false;
	rules = arena_array(r->memory, n, sizeof(*rules));
	if (rules == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++) {
		if (!build_rule(r, found[i], &rules[i]))
			return false;
		if (rules[i].n_hours > 0)
			policy->has_hours = true;
	}
	policy->rules = rules;
	policy->n_rules = n;
	return true;
}

static bool
build_limits(struct conf_reader *r)
{
	const struct conf_section **found;
	struct limit *limits;
	size_t n;

	if (!find_sections(r, "limit", CONF_LIMITS_MAX, &found, &n))
		return false;
	limits = arena_array(r->memory, n, sizeof(*limits));
	if (limits == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++) {
		limits[i].line = found[i]->line;
		limits[i].name = arena_text(r->memory, found[i]->title);
		if (limits[i].name == NULL)
			return conf_no_memory(r);
		if (!conf_fill(r, found[i], &limits[i]))
			return false;
	}
	r->conf->policy.limits = limits;
	r->conf->policy.n_limits = n;
	return true;
}

bool
conf_build(struct conf_reader *r)
{
	bool ok = conf_build_scalars(r) && build_listens(r) &&
	    build_rules(r) && build_limits(r);

	conf_groups_end(r);
	return ok;
}
