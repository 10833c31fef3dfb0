/*
 * Random policies and random questions: what is said early is never taken
 * back, and what is said at the end is what a plain reading of the rules
 * says.
 *
 * A world is a policy and a question with everything known.  The four
 * moments are that question with less of it; and because a worker, a reload
 * or explain may know other things first, any part of it is asked too.
 */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <string.h>
#include <sys/types.h>

#include "lib/rule.h"
#include "rule_world.h"

enum { WORLDS = 60000 };

/* What each moment does not know yet; the later ones know more. */
static void
hide_target_address(struct rule_question *q)
{
	if (q->name != NULL)
		q->to = NULL;
}

static void
hide_request(struct rule_question *q)
{
	q->command = COMMAND_NONE;
	q->knows_target = false;
	q->name = NULL;
	q->to = NULL;
	q->port = 0;
}

static void
hide_user(struct rule_question *q)
{
	if (q->who == WHO_USER)
		q->who = WHO_SOMEBODY;
	q->user = NULL;
	q->gids = NULL;
	q->n_gids = 0;
}

static void
hide_greeting(struct rule_question *q)
{
	q->protocol = 0;
	q->who = WHO_UNKNOWN;
}

typedef void (*hide_fn)(struct rule_question *q);

static const hide_fn moments[] = {	/* from the last to the first */
	hide_target_address, hide_request, hide_user, hide_greeting,
};

/* Hide any part of what is known. */
static struct rule_question
hide_some(const struct rule_question *all, uint64_t *s)
{
	struct rule_question q = *all;
	uint64_t bits = draw(s);

	if (bits & 1 << 0)
		hide_target_address(&q);
	if (bits & 1 << 1)
		q.knows_target = false;
	if (bits & 1 << 2)
		q.any_port = true;
	if (bits & 1 << 3)
		q.command = COMMAND_NONE;
	if (bits & 1 << 4)
		hide_user(&q);
	if (bits & 1 << 5)
		q.protocol = 0;
	if (bits & 1 << 6)
		q.knows_listener = false;
	if (bits & 1 << 7)
		q.from = NULL;
	if (bits & 1 << 8)
		q.knows_minute = false;
	if ((bits & 3 << 9) == 0)
		q.who = WHO_UNKNOWN;
	return q;
}

/* The early verdict must not be taken back by the later one. */
static void
check_early(const struct world *w, const struct rule_question *early,
    const struct rule_question *late, uint64_t seed)
{
	struct rule_verdict e = policy_decide(&w->policy, early);
	struct rule_verdict l = policy_decide(&w->policy, late);

	cr_assert_eq(e.can_pass, e.decision != DECISION_BLOCK);
	if (e.decision != DECISION_OPEN)
		cr_assert_eq(l.decision, e.decision, "world %" PRIx64, seed);
	if (!e.can_pass) {
		int yes = policy_first_yes(&w->policy, early);

		cr_assert_not(l.can_pass, "world %" PRIx64, seed);
		cr_assert(yes == -1 || w->rules[yes].action == RULE_BLOCK,
		    "world %" PRIx64, seed);
	}
	if (e.rule != -1)
		cr_assert_eq(l.rule, e.rule, "world %" PRIx64, seed);
	for (size_t i = 0; i < w->policy.n_rules; i++) {
		enum answer a = rule_holds(&w->rules[i], early, NULL);

		if (a != ANSWER_NOT_YET)
			cr_assert_eq(rule_holds(&w->rules[i], late, NULL), a,
			    "world %" PRIx64 " rule %zu", seed, i);
	}
}

Test(property, the_four_moments_never_contradict_one_another)
{
	struct world w;
	size_t dropped = 0, asked = 0;

	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		struct rule_question late, q;

		draw_world(&w, seed);
		late = q = w.q;
		for (size_t i = 0; i < N_ELEMENTS(moments); i++) {
			moments[i](&q);
			check_early(&w, &q, &late, seed);
			check_early(&w, &q, &w.q, seed);
			late = q;
		}
		if (policy_decide(&w.policy, &q).can_pass)
			asked++;
		else
			dropped++;
	}
	/* An engine that never decides early would pass everything above. */
	cr_assert_gt(dropped, WORLDS / 20);
	cr_assert_gt(asked, WORLDS / 20);
}

/* What says no early is not asked again, at whatever hour. */
Test(property, rules_that_are_out_make_no_difference)
{
	struct world w;
	size_t spared = 0;

	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		uint64_t s = seed ^ UINT64_C(0xa5a5a5a5);
		struct rule_question q;
		struct rule_verdict all, rest;
		bool free;

		draw_world(&w, seed);
		q = w.q;
		q.minute = (q.minute + 1 + draw(&s) % 10079) % 10080;
		q = hide_some(&q, &s);
		w.q.first = policy_first_open(&w.policy, &q);
		spared += w.q.first;
		rest = policy_decide(&w.policy, &w.q);
		free = policy_can_pass_free(&w.policy, &w.q);
		w.q.first = 0;
		all = policy_decide(&w.policy, &w.q);
		cr_assert_eq(policy_can_pass_free(&w.policy, &w.q), free,
		    "world %" PRIx64, seed);
		cr_assert_eq(rest.decision, all.decision, "world %" PRIx64,
		    seed);
		cr_assert_eq(rest.rule, all.rule, "world %" PRIx64, seed);
	}
	cr_assert_gt(spared, WORLDS / 20);
}

Test(property, any_part_of_what_is_known_never_contradicts_the_whole)
{
	struct world w;

	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		uint64_t s = ~seed;

		draw_world(&w, seed);
		for (size_t i = 0; i < 8; i++) {
			struct rule_question more = hide_some(&w.q, &s);
			struct rule_question less = hide_some(&more, &s);

			check_early(&w, &less, &more, seed);
			check_early(&w, &more, &w.q, seed);
		}
	}
}

/*
 * The plain reading, with everything known: every condition that is there
 * has an entry that fits; the first rule whose conditions all do decides.
 */
static bool
user_fits(const struct rule *r, const struct rule_question *q)
{
	for (size_t i = 0; i < r->n_users; i++)
		if (q->who == WHO_USER && (strcmp(r->users[i], "*") == 0 ||
		    strcmp(r->users[i], q->user) == 0))
			return true;
	return r->n_users == 0;
}

static bool
group_fits(const struct rule *r, const struct rule_question *q)
{
	for (size_t i = 0; i < r->n_groups; i++)
		for (size_t k = 0; k < q->n_gids; k++)
			if (q->gids[k] == r->groups[i].gid &&
			    strcmp(r->groups[i].name, "ghosts") != 0)
				return true;
	return r->n_groups == 0;
}

static bool
from_fits(const struct rule *r, const struct rule_question *q)
{
	for (size_t i = 0; i < r->n_from; i++)
		if (cidr_contains(&r->from[i], q->from))
			return true;
	return r->n_from == 0;
}

static bool
to_fits(const struct rule *r, const struct rule_question *q)
{
	for (size_t i = 0; i < r->n_to; i++) {
		const struct rule_to *to = &r->to[i];

		if ((to->kind == RULE_TO_PREFIX &&
		    cidr_contains(&to->prefix, q->to)) ||
		    (to->kind == RULE_TO_SELF &&
		    (addr_equal(q->to, &self[0]) ||
		    addr_equal(q->to, &self[1]))) ||
		    (to->kind == RULE_TO_NAME && q->name != NULL &&
		    name_equal(q->name, to->name)) ||
		    (to->kind == RULE_TO_SUFFIX && q->name != NULL &&
		    name_has_suffix(q->name, to->name)))
			return true;
	}
	return r->n_to == 0;
}

static bool
port_fits(const struct rule *r, const struct rule_question *q)
{
	for (size_t i = 0; i < r->n_ports; i++)
		if (r->ports[i].first <= q->port && q->port <= r->ports[i].last)
			return true;
	return r->n_ports == 0;
}

static bool
hour_fits(const struct rule *r, const struct rule_question *q)
{
	for (size_t i = 0; i < r->n_hours; i++)
		if (hours_contain(&r->hours[i], q->minute))
			return true;
	return r->n_hours == 0;
}

static bool
all_fit(const struct rule *r, const struct rule_question *q)
{
	return (r->listeners == 0 || r->listeners & BIT(q->listener)) &&
	    (r->protocols == 0 || r->protocols & q->protocol) &&
	    (r->commands == 0 || r->commands & COMMANDS(q->command)) &&
	    user_fits(r, q) && group_fits(r, q) && from_fits(r, q) &&
	    to_fits(r, q) && port_fits(r, q) && hour_fits(r, q);
}

Test(property, with_everything_known_the_first_match_decides)
{
	struct world w;
	size_t passed = 0;

	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		struct rule_verdict v;
		size_t i = 0;
		bool pass;

		draw_world(&w, seed);
		while (i < w.policy.n_rules && !all_fit(&w.rules[i], &w.q))
			i++;
		v = policy_decide(&w.policy, &w.q);
		cr_assert_eq(v.rule, i < w.policy.n_rules ? (int)i : -1,
		    "world %" PRIx64, seed);
		cr_assert_eq(policy_first_yes(&w.policy, &w.q), v.rule,
		    "world %" PRIx64, seed);
		pass = v.rule != -1 && w.rules[i].action == RULE_PASS;
		cr_assert_eq(v.decision, pass ? DECISION_PASS : DECISION_BLOCK,
		    "world %" PRIx64, seed);
		passed += pass;
	}
	cr_assert_gt(passed, WORLDS / 20);
}

/*
 * A client is dropped, or spared the question for a password, as soon as it
 * can be: where a pass is held possible, a rule that passes has not said no.
 */
Test(property, what_can_pass_has_a_rule_that_may_pass)
{
	struct world w;

	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		uint64_t s = seed ^ UINT64_C(0x5a5a5a5a);
		struct rule_question q;
		bool found = false;

		draw_world(&w, seed);
		q = hide_some(&w.q, &s);
		if (!policy_decide(&w.policy, &q).can_pass)
			continue;
		for (size_t i = 0; i < w.policy.n_rules; i++)
			found |= w.rules[i].action == RULE_PASS &&
			    rule_holds(&w.rules[i], &q, NULL) != ANSWER_NO;
		cr_assert(found, "world %" PRIx64, seed);
	}
}
