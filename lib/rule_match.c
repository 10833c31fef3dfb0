/*
 * One condition of a rule against what is known so far: yes, no or not yet.
 *
 * A condition is the OR of its entries: one YES makes it yes, short of that
 * one NOT_YET leaves it open; one without entries holds always.  Nothing here
 * may say YES or NO where knowing more could turn the answer: clients are
 * dropped, and asked for passwords, on the strength of it.
 */
#include "rule_match.h"

#include <assert.h>
#include <string.h>

#include "name.h"

static enum answer
answer_from(bool holds)
{
	return holds ? ANSWER_YES : ANSWER_NO;
}

enum answer
match_prefixes(const struct cidr *prefixes, size_t n, const struct addr *addr)
{
	if (n == 0)
		return ANSWER_YES;
	if (addr == NULL)
		return ANSWER_NOT_YET;
	for (size_t i = 0; i < n; i++)
		if (cidr_contains(&prefixes[i], addr))
			return ANSWER_YES;
	return ANSWER_NO;
}

enum answer
match_users(const char *const *users, size_t n, const struct rule_question *q)
{
	bool names = false;

	if (n == 0)
		return ANSWER_YES;
	if (q->who == WHO_UNKNOWN)
		return ANSWER_NOT_YET;
	if (q->who == WHO_ANONYMOUS)
		return ANSWER_NO;
	assert(q->who != WHO_USER || q->user != NULL);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(users[i], "*") == 0)
			return ANSWER_YES;
		if (q->who == WHO_SOMEBODY)
			names = true;
		else if (strcmp(users[i], q->user) == 0)
			return ANSWER_YES;
	}
	return names ? ANSWER_NOT_YET : ANSWER_NO;
}

static bool
is_member(const struct rule_question *q, gid_t gid)
{
	for (size_t i = 0; i < q->n_gids; i++)
		if (q->gids[i] == gid)
			return true;
	return false;
}

enum answer
match_groups(const struct rule_group *groups, size_t n,
    const struct rule_question *q)
{
	if (n == 0)
		return ANSWER_YES;
	if (q->who == WHO_ANONYMOUS)
		return ANSWER_NO;
	if (q->who != WHO_USER)
		return ANSWER_NOT_YET;
	for (size_t i = 0; i < n; i++)
		if (groups[i].gid != (gid_t)-1 && is_member(q, groups[i].gid))
			return ANSWER_YES;
	return ANSWER_NO;
}

enum answer
match_listen(const struct rule *rule, const struct rule_question *q)
{
	if (rule->listeners == 0)
		return ANSWER_YES;
	if (!q->knows_listener)
		return ANSWER_NOT_YET;
	if (q->listener >= LISTENERS_MAX)
		return ANSWER_NO;
	return answer_from(rule->listeners >> q->listener & 1);
}

static bool
has_address(const struct rule_question *q)
{
	return q->to != NULL && q->to->family != ADDR_NONE;
}

static bool
is_self(const struct rule_question *q)
{
	for (size_t i = 0; i < q->n_self; i++)
		if (addr_equal(&q->self[i], q->to))
			return true;
	return false;
}

/* One entry of "to", against a target that is known. */
static enum answer
to_entry_matches(const struct rule_to *entry, const struct rule_question *q)
{
	switch (entry->kind) {
	case RULE_TO_NAME:
		return answer_from(q->name != NULL &&
		    name_equal(q->name, entry->name));
	case RULE_TO_SUFFIX:
		return answer_from(q->name != NULL &&
		    name_has_suffix(q->name, entry->name));
	case RULE_TO_PREFIX:
		if (!has_address(q))
			return ANSWER_NOT_YET;
		return answer_from(cidr_contains(&entry->prefix, q->to));
	case RULE_TO_SELF:
		if (!has_address(q))
			return ANSWER_NOT_YET;
		return answer_from(is_self(q));
	}
	assert(false);
	return ANSWER_NO;
}

enum answer
match_to(const struct rule *rule, const struct rule_question *q)
{
	enum answer all = ANSWER_NO;

	if (rule->n_to == 0)
		return ANSWER_YES;
	if (!q->knows_target)
		return ANSWER_NOT_YET;
	for (size_t i = 0; i < rule->n_to; i++) {
		enum answer one = to_entry_matches(&rule->to[i], q);

		if (one > all)		/* NO < NOT_YET < YES */
			all = one;
	}
	return all;
}

enum answer
match_ports(const struct rule *rule, const struct rule_question *q)
{
	if (rule->n_ports == 0)
		return ANSWER_YES;
	if (!q->knows_target || q->any_port)
		return ANSWER_NOT_YET;
	for (size_t i = 0; i < rule->n_ports; i++)
		if (q->port >= rule->ports[i].first &&
		    q->port <= rule->ports[i].last)
			return ANSWER_YES;
	return ANSWER_NO;
}

enum answer
match_protocols(const struct rule *rule, const struct rule_question *q)
{
	if (rule->protocols == 0)
		return ANSWER_YES;
	if (q->protocol == 0)
		return ANSWER_NOT_YET;
	return answer_from((rule->protocols & q->protocol) != 0);
}

enum answer
match_commands(const struct rule *rule, const struct rule_question *q)
{
	if (rule->commands == 0)
		return ANSWER_YES;
	if (q->command == COMMAND_NONE)
		return ANSWER_NOT_YET;
	assert(q->command <= COMMAND_UDP);
	return answer_from((rule->commands & 1U << q->command) != 0);
}

enum answer
match_hours(const struct rule *rule, const struct rule_question *q)
{
	if (rule->n_hours == 0)
		return ANSWER_YES;
	if (!q->knows_minute)
		return ANSWER_NOT_YET;
	for (size_t i = 0; i < rule->n_hours; i++)
		if (hours_contain(&rule->hours[i], q->minute))
			return ANSWER_YES;
	return ANSWER_NO;
}
