/*
 * Could one client's request meet two rules?  By their conditions one by
 * one: each must be absent in a rule, or have something in common with the
 * other's.  Who is in different groups is taken for different people, though
 * somebody may be in both.  Targets are asked for apart: a name and the
 * address behind it look different here.
 */
#include "conf_doubt.h"

#include <string.h>

typedef bool (*entries_meet_fn)(const void *a, const void *b);

static bool
lists_meet(struct list a, struct list b, size_t size, entries_meet_fn meet)
{
	const char *x = a.entries, *y = b.entries;

	if (a.n == 0 || b.n == 0 || a.n > COMPARED_MAX / b.n)
		return true;
	for (size_t i = 0; i < a.n; i++)
		for (size_t j = 0; j < b.n; j++)
			if (meet(x + i * size, y + j * size))
				return true;
	return false;
}

/* ---- entries ---- */

static bool
prefixes_meet(const void *a, const void *b)
{
	return cidr_covers(a, b) || cidr_covers(b, a);
}

static bool
ports_meet(const void *a, const void *b)
{
	const struct rule_ports *x = a, *y = b;

	return x->first <= y->last && y->first <= x->last;
}

static bool
users_meet(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, "*") == 0 || strcmp(*y, "*") == 0 ||
	    strcmp(*x, *y) == 0;
}

static bool
groups_meet(const void *a, const void *b)
{
	const struct rule_group *x = a, *y = b;

	return strcmp(x->name, y->name) == 0;
}

static bool
targets_meet(const void *a, const void *b)
{
	return rule_target_covers(a, b) || rule_target_covers(b, a);
}

/* ---- conditions ---- */

static bool
masks_meet(uint64_t a, uint64_t b)
{
	return a == 0 || b == 0 || (a & b) != 0;
}

static bool
hours_meet(const struct rule *a, const struct rule *b)
{
	if (a->n_hours == 0 || b->n_hours == 0)
		return true;
	for (unsigned minute = 0; minute < WEEK_MINUTES; minute++)
		if (rule_names_minute(a, minute) &&
		    rule_names_minute(b, minute))
			return true;
	return false;
}

bool
rules_meet(const struct rule *a, const struct rule *b)
{
	return masks_meet(a->listeners, b->listeners) &&
	    masks_meet(a->protocols, b->protocols) &&
	    lists_meet((struct list){ a->from, a->n_from },
	    (struct list){ b->from, b->n_from }, sizeof(*a->from),
	    prefixes_meet) &&
	    lists_meet((struct list){ a->ports, a->n_ports },
	    (struct list){ b->ports, b->n_ports }, sizeof(*a->ports),
	    ports_meet) &&
	    lists_meet((struct list){ a->users, a->n_users },
	    (struct list){ b->users, b->n_users }, sizeof(*a->users),
	    users_meet) &&
	    lists_meet((struct list){ a->groups, a->n_groups },
	    (struct list){ b->groups, b->n_groups }, sizeof(*a->groups),
	    groups_meet) &&
	    hours_meet(a, b);
}

bool
rule_targets_meet(const struct rule *a, const struct rule *b)
{
	return lists_meet((struct list){ a->to, a->n_to },
	    (struct list){ b->to, b->n_to }, sizeof(*a->to), targets_meet);
}
