/*
 * Does one rule, or limit, leave nothing for another?  By its conditions one
 * by one: each must be absent, or hold wherever the other's holds.  A yes is
 * certain; a no may be a yes that is too clever to see here.
 */
#include "conf_doubt.h"

#include <string.h>

/* Does an entry of the first list cover this one of the second? */
typedef bool (*entry_covers_fn)(const void *first, const void *second);

static const void *
entry(const void *list, size_t i, size_t size)
{
	return (const char *)list + i * size;
}

static bool
list_covers(struct list first, struct list second, size_t size,
    entry_covers_fn covers)
{
	if (first.n == 0)
		return true;
	if (second.n == 0 || first.n > COMPARED_MAX / second.n)
		return false;
	for (size_t j = 0; j < second.n; j++) {
		bool covered = false;

		for (size_t i = 0; i < first.n && !covered; i++)
			covered = covers(entry(first.entries, i, size),
			    entry(second.entries, j, size));
		if (!covered)
			return false;
	}
	return true;
}

/* ---- entries ---- */

static bool
prefix_covers(const void *first, const void *second)
{
	return cidr_covers(first, second);
}

static bool
ports_cover(const void *first, const void *second)
{
	const struct rule_ports *a = first, *b = second;

	return a->first <= b->first && b->last <= a->last;
}

static bool
name_covers(const void *first, const void *second)
{
	const char *const *a = first, *const *b = second;

	return strcmp(*a, *b) == 0;
}

static bool
group_covers(const void *first, const void *second)
{
	const struct rule_group *a = first, *b = second;

	return strcmp(a->name, b->name) == 0;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

/* Names are in lower case already. */
bool
rule_target_covers(const void *first, const void *second)
{
	const struct rule_to *a = first, *b = second;

	switch (a->kind) {
	case RULE_TO_PREFIX:
		return b->kind == RULE_TO_PREFIX &&
		    cidr_covers(&a->prefix, &b->prefix);
	case RULE_TO_SELF:
		return b->kind == RULE_TO_SELF;
	case RULE_TO_NAME:
		return b->kind == RULE_TO_NAME && strcmp(a->name, b->name) == 0;
	case RULE_TO_SUFFIX:
		return (b->kind == RULE_TO_NAME || b->kind == RULE_TO_SUFFIX) &&
		    ends_with(b->name, a->name);
	}
	return false;
}

/* ---- conditions ---- */

static bool
mask_covers(uint64_t first, uint64_t second)
{
	return first == 0 || (second != 0 && (second & ~first) == 0);
}

bool
prefixes_are_world(const struct cidr *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (prefixes[i].bits == 0)
			return true;
	return n == 0;
}

static bool
prefixes_cover(const struct cidr *first, size_t n_first,
    const struct cidr *second, size_t n_second)
{
	return list_covers((struct list){ first, n_first },
	    (struct list){ second, n_second }, sizeof(*first), prefix_covers);
}

/* "*" is everybody who logged in, and so is who must be in a group. */
static bool
users_cover(const char *const *first, size_t n_first,
    const char *const *second, size_t n_second, size_t n_second_groups)
{
	if (n_first == 1 && strcmp(first[0], "*") == 0)
		return n_second > 0 || n_second_groups > 0;
	return list_covers((struct list){ first, n_first },
	    (struct list){ second, n_second }, sizeof(*first), name_covers);
}

static bool
groups_cover(const struct rule_group *first, size_t n_first,
    const struct rule_group *second, size_t n_second)
{
	return list_covers((struct list){ first, n_first },
	    (struct list){ second, n_second }, sizeof(*first), group_covers);
}

bool
rule_names_minute(const struct rule *rule, unsigned minute)
{
	for (size_t i = 0; i < rule->n_hours; i++)
		if (hours_contain(&rule->hours[i], minute))
			return true;
	return false;
}

static bool
hours_cover(const struct rule *first, const struct rule *second)
{
	if (first->n_hours == 0)
		return true;
	if (second->n_hours == 0 ||
	    first->n_hours > COMPARED_MAX / second->n_hours)
		return false;
	for (unsigned minute = 0; minute < WEEK_MINUTES; minute++)
		if (rule_names_minute(second, minute) &&
		    !rule_names_minute(first, minute))
			return false;
	return true;
}

/* From the cheapest on: of ten thousand rules each is asked of each. */
bool
rule_covers(const struct rule *first, const struct rule *second)
{
	return mask_covers(first->listeners, second->listeners) &&
	    mask_covers(first->protocols, second->protocols) &&
	    mask_covers(first->commands, second->commands) &&
	    prefixes_cover(first->from, first->n_from, second->from,
	    second->n_from) &&
	    groups_cover(first->groups, first->n_groups, second->groups,
	    second->n_groups) &&
	    users_cover(first->users, first->n_users, second->users,
	    second->n_users, second->n_groups) &&
	    list_covers((struct list){ first->ports, first->n_ports },
	    (struct list){ second->ports, second->n_ports },
	    sizeof(*first->ports), ports_cover) &&
	    list_covers((struct list){ first->to, first->n_to },
	    (struct list){ second->to, second->n_to },
	    sizeof(*first->to), rule_target_covers) &&
	    hours_cover(first, second);
}

bool
limit_covers(const struct limit *first, const struct limit *second)
{
	return groups_cover(first->groups, first->n_groups, second->groups,
	    second->n_groups) &&
	    users_cover(first->users, first->n_users, second->users,
	    second->n_users, second->n_groups) &&
	    prefixes_cover(first->from, first->n_from, second->from,
	    second->n_from);
}
