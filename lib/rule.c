/*
 * The three-valued engine: conditions into rules, rules into a verdict.
 *
 * A rule is the AND of its conditions: one NO makes it no, short of that one
 * NOT_YET leaves it open.  Everything is an argument: nothing is allocated,
 * remembered, looked up or timed here, so that the worker, the accountant
 * and sockctl explain get the same answer to the same question.
 */
#include "rule.h"

#include <string.h>

#include "elements.h"
#include "rule_match.h"

typedef enum answer (*condition_fn)(const struct rule *rule,
    const struct rule_question *q);

static enum answer
from_holds(const struct rule *rule, const struct rule_question *q)
{
	return match_prefixes(rule->from, rule->n_from, q->from);
}

static enum answer
users_hold(const struct rule *rule, const struct rule_question *q)
{
	return match_users(rule->users, rule->n_users, q);
}

static enum answer
groups_hold(const struct rule *rule, const struct rule_question *q)
{
	return match_groups(rule->groups, rule->n_groups, q);
}

/* In the order in which explain looks for the condition that decided. */
static const struct {
	const char	*name;
	condition_fn	holds;
} conditions[] = {
	[CONDITION_NONE] =	{ "", NULL },
	[CONDITION_LISTEN] =	{ "listen", match_listen },
	[CONDITION_FROM] =	{ "from", from_holds },
	[CONDITION_TO] =	{ "to", match_to },
	[CONDITION_PORTS] =	{ "ports", match_ports },
	[CONDITION_PROTOCOLS] =	{ "protocols", match_protocols },
	[CONDITION_COMMANDS] =	{ "commands", match_commands },
	[CONDITION_USERS] =	{ "users", users_hold },
	[CONDITION_GROUPS] =	{ "groups", groups_hold },
	[CONDITION_HOURS] =	{ "hours", match_hours },
};

enum { N_CONDITIONS = N_ELEMENTS(conditions) };

enum answer
rule_holds(const struct rule *rule, const struct rule_question *q,
    enum rule_condition *condition)
{
	enum answer all = ANSWER_YES;
	unsigned decided = CONDITION_NONE;

	for (unsigned i = CONDITION_NONE + 1; i < N_CONDITIONS; i++) {
		enum answer one = conditions[i].holds(rule, q);

		if (one < all) {	/* NO < NOT_YET < YES */
			all = one;
			decided = i;
		}
		if (all == ANSWER_NO)
			break;
	}
	if (condition != NULL)
		*condition = (enum rule_condition)decided;
	return all;
}

/*
 * Those that may still decide are the rules that say not yet and come before
 * the first yes, and that yes itself (without one: the block at the end).
 * When they all would do the same, which of them it will be does not matter.
 */
struct rule_verdict
policy_decide(const struct policy *policy, const struct rule_question *q)
{
	struct rule_verdict v = { DECISION_BLOCK, false, -1 };
	bool may_pass = false, may_block = false, waits = false;
	enum answer answer = ANSWER_NO;

	for (size_t i = q->first; i < policy->n_rules &&
	    answer != ANSWER_YES; i++) {
		answer = rule_holds(&policy->rules[i], q, NULL);
		if (answer == ANSWER_NO)
			continue;
		if (policy->rules[i].action == RULE_PASS)
			may_pass = true;
		else
			may_block = true;
		if (answer == ANSWER_NOT_YET)
			waits = true;
		else if (!waits)
			v.rule = (int)i;
	}
	if (answer != ANSWER_YES)
		may_block = true;
	v.can_pass = may_pass;
	if (may_pass)
		v.decision = may_block ? DECISION_OPEN : DECISION_PASS;
	return v;
}

int
policy_first_yes(const struct policy *policy, const struct rule_question *q)
{
	for (size_t i = q->first; i < policy->n_rules; i++)
		if (rule_holds(&policy->rules[i], q, NULL) == ANSWER_YES)
			return (int)i;
	return -1;
}

size_t
policy_first_open(const struct policy *policy, const struct rule_question *q)
{
	struct rule_question lasting = *q;
	size_t i = q->first;

	lasting.knows_minute = false;
	while (i < policy->n_rules &&
	    rule_holds(&policy->rules[i], &lasting, NULL) == ANSWER_NO)
		i++;
	return i;
}

bool
policy_can_pass_free(const struct policy *policy,
    const struct rule_question *q)
{
	enum answer answer = ANSWER_NO;

	for (size_t i = q->first; i < policy->n_rules &&
	    answer != ANSWER_YES; i++) {
		const struct rule *r = &policy->rules[i];

		answer = rule_holds(r, q, NULL);
		if (answer != ANSWER_NO && r->action == RULE_PASS &&
		    !r->metered)
			return true;
	}
	return false;
}

/* All three must hold: the least of the answers. */
static enum answer
limit_holds(const struct limit *l, const struct rule_question *q)
{
	enum answer users = match_users(l->users, l->n_users, q);
	enum answer groups = match_groups(l->groups, l->n_groups, q);
	enum answer from = match_prefixes(l->from, l->n_from, q->from);
	enum answer who = users < groups ? users : groups;

	return who < from ? who : from;
}

const struct limit *
policy_limit(const struct policy *policy, const struct rule_question *q)
{
	for (size_t i = 0; i < policy->n_limits; i++)
		if (limit_holds(&policy->limits[i], q) == ANSWER_YES)
			return &policy->limits[i];
	return NULL;
}

bool
policy_knows_limit(const struct policy *policy, const struct rule_question *q)
{
	for (size_t i = 0; i < policy->n_limits; i++) {
		enum answer answer = limit_holds(&policy->limits[i], q);

		if (answer != ANSWER_NO)
			return answer == ANSWER_YES;
	}
	return true;
}

const struct rule *
policy_rule_named(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (strcmp(policy->rules[i].name, name) == 0)
			return &policy->rules[i];
	return NULL;
}

const char *
rule_condition_name(enum rule_condition condition)
{
	return conditions[condition].name;
}
