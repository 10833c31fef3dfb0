/*
 * Random policies and random questions: what is said early is never taken
 * back, and what is said at the end is what a plain reading of the rules
 * says.
 *
 * A world is a policy and a question with everything known.  The four
 * moments are that question with less of it; and because a worker, a reload
 * or explain may know other things first, any part of it is asked too.
 * The values come from small pools, so that rules and questions often meet.
 */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <string.h>
#include <sys/types.h>

#include "lib/rule.h"
#include "rule_values.h"

enum { WORLDS = 60000, RULES_MAX = 6, ENTRIES_MAX = 3 };

struct world {
	struct rule		rules[RULES_MAX];
	struct cidr		from[RULES_MAX][ENTRIES_MAX];
	struct rule_to		to[RULES_MAX][ENTRIES_MAX];
	struct rule_ports	ports[RULES_MAX][ENTRIES_MAX];
	const char		*users[RULES_MAX][ENTRIES_MAX];
	struct rule_group	groups[RULES_MAX][ENTRIES_MAX];
	struct hours		hours[RULES_MAX][ENTRIES_MAX];
	gid_t			gids[ENTRIES_MAX];
	struct policy		policy;
	struct rule_question	q;
};

static const struct addr addrs[] = {
	IP4(10, 0, 0, 1), IP4(10, 9, 0, 1), IP4(127, 0, 0, 1),
	IP4(192, 0, 2, 1), IP4(198, 51, 100, 7), IP6(1), IP6(2),
};
static const struct cidr nets[] = {
	NET4(10, 0, 0, 0, 8), NET4(10, 9, 0, 0, 16), NET4(127, 0, 0, 0, 8),
	NET4(0, 0, 0, 0, 0), NET4(192, 0, 2, 1, 32), NET6(32),
	{ .base = { .family = ADDR_IPV6 }, .bits = 0 },
};
static const char *const names[] = {
	"example.org", "www.example.org", "example.net", "a.b.example.net",
};
static const char *const suffixes[] = { ".example.org", ".net" };
static const char *const users[] = { "ann", "bob", "*" };
static const struct rule_group groups[] = {
	{ "users", 100 }, { "students", 500 }, { "ghosts", (gid_t)-1 },
};
static const uint16_t ports[] = { 1, 25, 80, 443, 65535 };
static const struct addr self[] = { IP4(192, 0, 2, 1), IP6(1) };

/* splitmix64: the seed of a world names it. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t
below(uint64_t *state, size_t n)
{
	return (size_t)(draw(state) % n);
}

#define PICK(state, pool)	((pool)[below(state, N_ELEMENTS(pool))])

/* How many entries a condition has: mostly none. */
static size_t
entries(uint64_t *s)
{
	return below(s, 3) == 0 ? 1 + below(s, ENTRIES_MAX) : 0;
}

static struct rule_to
draw_to(uint64_t *s)
{
	struct rule_to to = { .kind = (enum rule_to_kind)below(s, 4) };

	switch (to.kind) {
	case RULE_TO_PREFIX:
		to.prefix = PICK(s, nets);
		break;
	case RULE_TO_SELF:
		break;
	case RULE_TO_NAME:
		to.name = PICK(s, names);
		break;
	case RULE_TO_SUFFIX:
		to.name = PICK(s, suffixes);
		break;
	}
	return to;
}

static void
draw_rule(struct world *w, size_t i, uint64_t *s)
{
	struct rule *r = &w->rules[i];

	r->action = below(s, 2) == 0 ? RULE_PASS : RULE_BLOCK;
	r->listeners = below(s, 3) == 0 ? draw(s) & 7 : 0;
	r->protocols = below(s, 3) == 0 ? (unsigned)below(s, 4) : 0;
	r->commands = below(s, 3) == 0 ? (unsigned)below(s, 8) << 1 : 0;
	r->n_from = entries(s);
	r->n_to = entries(s);
	r->n_ports = entries(s);
	r->n_users = entries(s);
	r->n_groups = entries(s);
	r->n_hours = entries(s);
	for (size_t k = 0; k < ENTRIES_MAX; k++) {
		w->from[i][k] = PICK(s, nets);
		w->to[i][k] = draw_to(s);
		w->ports[i][k].first = PICK(s, ports);
		w->ports[i][k].last = PICK(s, ports);
		w->users[i][k] = PICK(s, users);
		w->groups[i][k] = PICK(s, groups);
		w->hours[i][k].days = (uint8_t)(1 + below(s, 127));
		w->hours[i][k].begin = (uint16_t)(below(s, 24) * 60);
		w->hours[i][k].end = (uint16_t)(60 + below(s, 24) * 60);
	}
	r->from = w->from[i];
	r->to = w->to[i];
	r->ports = w->ports[i];
	r->users = w->users[i];
	r->groups = w->groups[i];
	r->hours = w->hours[i];
}

static void
draw_question(struct world *w, uint64_t *s)
{
	struct rule_question *q = &w->q;

	q->knows_listener = true;
	q->listener = (unsigned)below(s, 3);
	q->from = &PICK(s, addrs);
	q->protocol = below(s, 2) == 0 ? PROTOCOL_SOCKS4 : PROTOCOL_SOCKS5;
	q->command = (enum command)(1 + below(s, 3));
	q->who = below(s, 2) == 0 ? WHO_ANONYMOUS : WHO_USER;
	if (q->who == WHO_USER) {
		q->user = users[below(s, 2)];
		q->n_gids = below(s, 3);
		for (size_t i = 0; i < q->n_gids; i++)
			w->gids[i] = PICK(s, groups).gid;
		q->gids = w->gids;
	}
	q->name = below(s, 2) == 0 ? PICK(s, names) : NULL;
	q->to = &PICK(s, addrs);
	q->knows_target = true;
	q->port = PICK(s, ports);
	q->knows_minute = true;
	q->minute = (unsigned)below(s, WEEK_MINUTES);
	q->self = self;
	q->n_self = N_ELEMENTS(self);
}

static void
draw_world(struct world *w, uint64_t seed)
{
	uint64_t s = seed;

	memset(w, 0, sizeof(*w));
	w->policy.rules = w->rules;
	w->policy.n_rules = below(&s, RULES_MAX + 1);
	for (size_t i = 0; i < w->policy.n_rules; i++)
		draw_rule(w, i, &s);
	draw_question(w, &s);
}

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
	if (!e.can_pass)
		cr_assert_not(l.can_pass, "world %" PRIx64, seed);
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
