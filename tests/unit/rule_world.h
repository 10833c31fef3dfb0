/*
 * Random worlds for the rule engine: a policy, and a question with everything
 * known.  The values come from small pools, so that rules and questions often
 * meet.
 */
#ifndef TESTS_UNIT_RULE_WORLD_H
#define TESTS_UNIT_RULE_WORLD_H

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "lib/rule.h"
#include "rule_values.h"

enum { RULES_MAX = 6, ENTRIES_MAX = 3 };

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

#endif
