/*
 * Every session that lives, once a second.
 *
 * A session is met when it is first seen: its limit is looked up in this
 * accountant's configuration, and one that began under an older configuration
 * is asked about again.  So a reload, which brings a new accountant, applies
 * to the living without a case of its own.  At every edge of hours all are
 * asked.  The slots get the rates and the stop that hold from now on: that is
 * how they reach workers of any generation.
 */
#include "enforce.h"

#include <stdlib.h>
#include <string.h>

#include "quota.h"
#include "sockd/common/clock.h"
#include "sockd/common/conf.h"
#include "sockd/common/log.h"
#include "sockd/common/principal.h"
#include "sockd/common/question.h"
#include "sockd/common/slot.h"
#include "store.h"

struct watched {
	uint64_t	id;		/* 0: nobody */
	uint32_t	limit;		/* index, or BOARD_NOBODY */
	uint32_t	state;		/* as it was met */
	bool		newer;		/* of a configuration after ours */
};

struct enforcer {
	struct books		*k;
	const struct policy	*policy;
	uint32_t		generation;
	unsigned		minute;		/* of the week, last asked */
	struct watched		*watched;	/* by session slot */
	struct question_room	room;
	struct quota		*quota;
};

/* What others read all the time is written only if it differs. */
static void
show_rate(_Atomic uint64_t *shown, uint64_t rate)
{
	if (atomic_load_explicit(shown, memory_order_relaxed) != rate)
		atomic_store(shown, rate);
}

/* The rates of the rules as they are numbered now. */
static void
show_rates(const struct board *b, const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_rules && i < b->n.rules; i++) {
		show_rate(&b->rules[i].rate_up, policy->rules[i].rate_up);
		show_rate(&b->rules[i].rate_down, policy->rules[i].rate_down);
	}
}

struct enforcer *
enforce_new(struct books *k, uint32_t generation)
{
	struct enforcer *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	*e = (struct enforcer){ .k = k, .policy = &k->conf->policy,
	    .generation = generation,
	    .minute = clock_week_minute_now(),
	    .watched = calloc(k->board->n.sessions, sizeof(*e->watched)),
	    .quota = quota_new(k) };
	question_room_init(&e->room, k->board, k->conf);
	show_rates(k->board, e->policy);
	return e->watched == NULL || e->quota == NULL ? NULL : e;
}

/* ---- one session, asked about ---- */

struct asked {
	struct session_slot	copy;
	struct question_asked	room;
	struct rule_question	question;
};

static bool
ask(struct enforcer *e, uint32_t slot, struct asked *a)
{
	const struct board *b = e->k->board;
	enum slot_state state;

	if (slot_read(b, slot, &a->copy, &state) != 1 ||
	    (state != SLOT_REQUESTED && state != SLOT_LIVE))
		return false;
	question_of_slot(&a->question, &e->room, &a->copy, e->minute,
	    &a->room);
	return true;
}

static uint32_t
limit_index(const struct enforcer *e, const struct rule_question *q)
{
	const struct limit *limit = policy_limit(e->policy, q);

	return limit == NULL ? BOARD_NOBODY :
	    (uint32_t)(limit - e->policy->limits);
}

static uint32_t
rule_of(const struct policy *policy, const struct session_slot *s)
{
	const struct rule *r = policy_rule_named(policy, s->rule_name);

	return r == NULL ? BOARD_NOBODY : (uint32_t)(r - policy->rules);
}

/* Of a longer name the end is missing: nothing can be asked about it. */
static bool
is_whole(const struct udp_count *c)
{
	return memchr(c->name, '\0', sizeof(c->name) - 1) != NULL;
}

/* The targets of an association: all that it has sent to must be allowed. */
static bool
targets_may_go_on(const struct enforcer *e, uint32_t slot,
    const struct rule_question *question)
{
	const struct udp_count *c = slot_udp_peek(e->k->board, slot);
	struct rule_question q = *question;
	struct target t = { 0 };

	for (int i = 0; c != NULL && i < UDP_TARGETS_MAX; i++, c++) {
		if (atomic_load(&c->first_us) == 0 || !is_whole(c))
			continue;
		t = (struct target){ .addr = c->addr, .port = c->addr.port };
		memcpy(t.name, c->name, sizeof(c->name) - 1);
		question_for_target(&q, &t);
		if (t.name[0] != '\0' && t.addr.family != ADDR_NONE)
			question_for_address(&q, &t.addr);
		if (policy_decide(e->policy, &q).decision == DECISION_BLOCK)
			return false;
	}
	return true;
}

/* May it go on?  Then *rule is the one that says so, if that is known. */
static bool
may_go_on(const struct enforcer *e, uint32_t slot, const struct asked *a,
    uint32_t *rule)
{
	struct rule_verdict v = policy_decide(e->policy, &a->question);

	*rule = rule_of(e->policy, &a->copy);
	if (!v.can_pass)
		return false;
	if (v.decision == DECISION_PASS && v.rule >= 0)
		*rule = (uint32_t)v.rule;
	return a->copy.command != COMMAND_UDP ||
	    targets_may_go_on(e, slot, &a->question);
}

static void
judge(struct enforcer *e, uint32_t slot, const struct asked *a)
{
	struct session_slot *s = &e->k->board->sessions[slot];
	uint64_t id = a->copy.id;
	uint32_t rule;

	if (!may_go_on(e, slot, a, &rule)) {
		log_info("session cut id=%llu why=blocked",
		    (unsigned long long)id);
		slot_cut(e->k->board, slot, id, OUTCOME_BLOCKED);
	} else if (atomic_load(&s->rule) != rule) {
		atomic_store(&s->rule, rule);
	}
}

static void
show_limit(struct enforcer *e, uint32_t slot, uint32_t limit)
{
	struct session_slot *s = &e->k->board->sessions[slot];
	const struct limit *l = limit == BOARD_NOBODY ? NULL :
	    &e->policy->limits[limit];
	uint64_t up = l == NULL ? 0 : l->rate_up;
	uint64_t down = l == NULL ? 0 : l->rate_down;

	if (atomic_load(&s->limit) != limit)
		atomic_store(&s->limit, limit);
	show_rate(&s->rate_up, up);
	show_rate(&s->rate_down, down);
}

/* A session that is new to us, or has come to live. */
static void
meet(struct enforcer *e, uint32_t slot, struct watched *w, uint32_t state)
{
	struct asked a;
	int32_t age;

	if (!ask(e, slot, &a))
		return;
	age = (int32_t)(e->generation - a.copy.generation);
	*w = (struct watched){ .id = a.copy.id, .state = state,
	    .newer = age < 0, .limit = BOARD_NOBODY };
	if (w->newer)
		return;		/* the next accountant's */
	w->limit = limit_index(e, &a.question);
	show_limit(e, slot, w->limit);
	/* With hours an edge may have come between its request and now. */
	if (age > 0 || e->policy->has_hours)
		judge(e, slot, &a);
}

/* ---- quotas ---- */

static const struct limit *
limit_of(const struct enforcer *e, const struct watched *w)
{
	return w->limit == BOARD_NOBODY ? NULL : &e->policy->limits[w->limit];
}

/* What it has used is known, and that is all it may. */
static bool
is_used_up(const struct board *b, uint32_t principal,
    const struct limit *limit)
{
	return limit != NULL && principal < b->n.principals &&
	    atomic_load(&b->principals[principal].state) == PRINCIPAL_READY &&
	    principal_left(b, principal, limit, NULL) == 0;
}

/*
 * Until it lives nobody but its worker knows whether it is metered, and the
 * stop is the worker's.  Where the client was told to wait, for a peer or
 * with its first datagram, it need not wait for what would be refused.
 */
static void
hold_waiting(struct enforcer *e, uint32_t slot, const struct watched *w)
{
	struct board *b = e->k->board;
	const struct session_slot *s = &b->sessions[slot];
	struct asked a;

	if (atomic_load(&s->reply) != 0 || atomic_load(&s->cut) == w->id ||
	    !is_used_up(b, s->principal, limit_of(e, w)))
		return;
	if (ask(e, slot, &a) && !policy_can_pass_free(e->policy, &a.question))
		slot_cut(b, slot, w->id, OUTCOME_QUOTA);
}

static void
hold_living(struct enforcer *e, uint32_t slot, const struct watched *w)
{
	struct board *b = e->k->board;
	struct session_slot *s = &b->sessions[slot];
	const struct limit *limit = row_is_metered(s) ? limit_of(e, w) : NULL;
	uint32_t principal = s->principal;
	uint64_t stop = UINT64_MAX;

	if (principal >= b->n.principals || (limit != NULL &&
	    atomic_load(&b->principals[principal].state) != PRINCIPAL_READY))
		return;
	quota_mark(e->quota, principal, w->limit);
	if (limit != NULL)
		stop = principal_stop_at(b, principal, limit);
	if (atomic_load(&s->stop_at_bytes) != stop)
		atomic_store(&s->stop_at_bytes, stop);
	if (atomic_load(&s->cut) != w->id && is_used_up(b, principal, limit))
		slot_cut(b, slot, w->id, OUTCOME_QUOTA);
}

static void
hold_to_quota(struct enforcer *e, uint32_t slot, const struct watched *w)
{
	if (w->newer)
		return;
	if (w->state == SLOT_LIVE)
		hold_living(e, slot, w);
	else
		hold_waiting(e, slot, w);
}

void
enforce_note(struct enforcer *e, const struct row *row)
{
	uint32_t limit = row->copy.limit;
	const struct watched *w = &e->watched[row->slot];

	if (w->id == row->id)
		limit = w->limit;
	else if (row->copy.generation != e->generation ||
	    (limit != BOARD_NOBODY && limit >= e->policy->n_limits))
		return;
	if (row->granted || limit != BOARD_NOBODY)
		quota_mark(e->quota, row->copy.principal, limit);
}

int
enforce_write(struct enforcer *e)
{
	return quota_write(e->quota);
}

void
enforce_write_anew(struct enforcer *e)
{
	quota_write_anew(e->quota);
}

/* ---- hours ---- */

static bool
has_edge(const struct policy *policy, unsigned minute)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rule *r = &policy->rules[i];

		for (size_t j = 0; j < r->n_hours; j++)
			if (hours_has_edge(&r->hours[j], minute))
				return true;
	}
	return false;
}

/* Has an edge passed since the last turn?  A clock that was set back has
 * passed nearly all of them. */
static bool
edge_passed(struct enforcer *e, unsigned minute)
{
	unsigned m = e->minute;

	e->minute = minute;
	if (!e->policy->has_hours)
		return false;
	while (m != minute) {
		m = (m + 1) % WEEK_MINUTES;
		if (has_edge(e->policy, m))
			return true;
	}
	return false;
}

/* ---- all of them ---- */

void
enforce_run(struct enforcer *e, uint64_t now_us)
{
	bool ask_all = edge_passed(e, clock_week_minute(now_us / 1000000));
	struct board *b = e->k->board;
	uint32_t high = slot_high(b);
	struct asked a;
	uint64_t id;

	show_rates(b, e->policy);
	for (uint32_t slot = 0; slot < high; slot++) {
		uint32_t state = atomic_load_explicit(&b->states[slot],
		    memory_order_acquire);
		struct watched *w = &e->watched[slot];

		if (state != SLOT_REQUESTED && state != SLOT_LIVE)
			continue;
		id = atomic_load(&b->sessions[slot].id);
		if (w->id != id || w->state != state)
			meet(e, slot, w, state);
		else if (ask_all && !w->newer && ask(e, slot, &a))
			judge(e, slot, &a);
		if (w->id == id)
			hold_to_quota(e, slot, w);
	}
	quota_tell(e->quota);
}
