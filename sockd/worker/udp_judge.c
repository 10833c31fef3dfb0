/*
 * What an association may do, in a worker, and what the ledger shows of it.
 * The rules are asked once per target and the verdict is remembered; where
 * rules have hours, until the minute changes.
 */
#include "udp.h"

#include <stdio.h>
#include <string.h>

#include "authorize.h"
#include "lib/quote.h"
#include "limits.h"
#include "local.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"

/* ---- the ledger ---- */

static bool
is_count_of(const struct udp_count *c, const struct addr *addr,
    const char *name)
{
	return atomic_load_explicit(&c->first_us, memory_order_relaxed) != 0 &&
	    addr_equal_port(&c->addr, addr) &&
	    (name == NULL || strncmp(c->name, name, sizeof(c->name) - 1) == 0);
}

struct udp_count *
udp_count_at(struct udp *u, const struct addr *from)
{
	for (int i = 0; u->block != NULL && i < UDP_TARGETS_MAX; i++)
		if (is_count_of(&u->block->counts[i], from, NULL))
			return &u->block->counts[i];
	return NULL;
}

/* Our end of what goes to a target. */
static void
find_source(const struct udp *u, const struct udp_target *t,
    struct addr *source)
{
	struct addr bound;

	*source = (struct addr){ 0 };
	if (t->source != NULL)
		*source = *t->source;
	else
		local_toward(&t->addr, source);
	if (local_of(u->out[t->addr.family == ADDR_IPV6], &bound) == 0)
		source->port = bound.port;
}

static void
begin_count(struct udp *u, struct udp_count *c, const struct udp_target *t)
{
	char name[NAME_SIZE + 8];

	c->addr = t->addr;
	find_source(u, t, &c->source);
	snprintf(c->name, sizeof(c->name), "%.*s", (int)sizeof(c->name) - 1,
	    t->asked.name);
	if (strlen(t->asked.name) >= sizeof(c->name))
		log_info("udp target id=%llu name=%s",
		    (unsigned long long)atomic_load(&u->session->shown->id),
		    quote_text(name, sizeof(name), t->asked.name));
	atomic_store_explicit(&c->first_us, clock_wall_us(),
	    memory_order_release);
}

void
udp_count_target(struct udp *u, struct udp_target *t)
{
	t->counted = true;
	for (int i = 0; u->block != NULL && i < UDP_TARGETS_MAX; i++) {
		struct udp_count *c = &u->block->counts[i];

		if (atomic_load(&c->first_us) == 0)
			begin_count(u, c, t);
		if (is_count_of(c, &t->addr, t->asked.name)) {
			t->count = c;
			return;
		}
	}
}

/* ---- what was decided ---- */

static uint32_t
hash_of(const struct udp *u, const struct addr *addr)
{
	return (uint32_t)board_hash(u->session->board, addr->ip,
	    addr_size(addr)) | 1;	/* 0 is none */
}

/* Also before it was parked. */
static bool
was_contacted(const struct udp *u, const struct addr *addr)
{
	uint32_t hash = hash_of(u, addr);

	for (int i = 0; u->block != NULL && i < UDP_CONTACTED_MAX; i++)
		if (atomic_load_explicit(&u->block->contacted[i],
		    memory_order_relaxed) == hash)
			return true;
	return false;
}

/* An address that answers may now come from. */
static void
remember_peer(struct udp *u, const struct addr *addr, unsigned rule)
{
	uint32_t at;

	u->last_source.name_len = 0;
	if (!udp_peers_add(&u->peers, addr, rule, u->minute))
		return;
	if (u->block == NULL || was_contacted(u, addr))
		return;
	at = atomic_load(&u->block->park_data[UDP_WORD_SENT]);
	atomic_store(&u->block->contacted[at % UDP_CONTACTED_MAX],
	    hash_of(u, addr));
	atomic_store(&u->block->park_data[UDP_WORD_SENT], at + 1);
}

static void
pass(struct udp *u, struct udp_target *t, const struct addr *addr,
    unsigned rule)
{
	const struct rule *r = &u->session->conf->policy.rules[rule];
	struct sockaddr_storage ss;

	t->state = TARGET_PASSES;
	t->addr = *addr;
	t->rule = rule;
	t->to_len = addr_to_sockaddr(addr, &ss);
	memcpy(&t->to, &ss, sizeof(t->to));
	t->source = addr->family == ADDR_IPV6 ? &r->source6 : &r->source4;
	if (t->source->family == ADDR_NONE)
		t->source = NULL;
	t->counted = false;
	t->count = NULL;
	remember_peer(u, addr, rule);
}

/* What the rules say of one address of a target. */
static enum outcome
ask(struct udp *u, const struct target *asked, const struct addr *addr,
    unsigned *rule)
{
	struct session *s = u->session;
	struct rule_question before = s->question;
	enum outcome why;

	question_for_target(&s->question, asked);
	why = authorize_address(s, addr, rule);
	s->question = before;
	return why;
}

/* ---- moments ---- */

bool
udp_judge_addrs(struct udp *u, struct udp_target *t, const struct addr *addrs,
    size_t n)
{
	struct addr from;
	unsigned rule;

	t->minute = u->minute;
	t->state = TARGET_UNRESOLVED;
	for (size_t i = 0; i < n; i++) {
		enum outcome why = ask(u, &t->asked, &addrs[i], &rule);

		if (why == OUTCOME_QUOTA)
			return session_fail(u->session, why);
		if (why != OUTCOME_NONE) {
			t->state = TARGET_BLOCKED;
			continue;
		}
		/* of several the first that has a route */
		if (n == 1 || local_toward(&addrs[i], &from) == 0) {
			pass(u, t, &addrs[i], rule);
			return true;
		}
	}
	return true;
}

/* Before it was parked the association had its name resolved. */
static const struct addr *
known_addr(const struct udp *u, const struct target *asked)
{
	for (int i = 0; u->block != NULL && i < UDP_TARGETS_MAX; i++) {
		const struct udp_count *c = &u->block->counts[i];

		if (atomic_load(&c->first_us) != 0 &&
		    c->addr.port == asked->port &&
		    strlen(asked->name) < sizeof(c->name) - 1 &&
		    strcmp(c->name, asked->name) == 0)
			return &c->addr;
	}
	return NULL;
}

bool
udp_judge(struct udp *u, struct udp_target *t)
{
	const struct addr *known;

	if (t->asked.name[0] == '\0')
		return udp_judge_addrs(u, t, &t->asked.addr, 1);
	known = t->addr.family != ADDR_NONE ? &t->addr :
	    known_addr(u, &t->asked);
	if (known != NULL) {
		struct addr addr = *known;

		return udp_judge_addrs(u, t, &addr, 1);
	}
	t->state = TARGET_WAITS;
	return true;
}

/* The rule that granted it, as this configuration numbers it. */
static bool
find_rule(const struct session *s, unsigned *rule)
{
	const struct policy *policy = &s->conf->policy;
	const struct rule *r = policy_rule_named(policy, s->shown->rule_name);

	if (r == NULL)
		return false;
	*rule = (unsigned)(r - policy->rules);
	return r->action == RULE_PASS;
}

/* May those be sent to, now, that the ledger lists there? */
static bool
ask_counted(struct udp *u, const struct addr *from, unsigned *rule)
{
	for (int i = 0; u->block != NULL && i < UDP_TARGETS_MAX; i++) {
		const struct udp_count *c = &u->block->counts[i];
		struct target asked = { .addr = c->addr,
			.port = c->addr.port };

		if (atomic_load(&c->first_us) == 0 ||
		    !addr_equal(&c->addr, from))
			continue;
		/* of a longer name the end is missing: its address is asked */
		if (memchr(c->name, '\0', sizeof(c->name) - 1) != NULL)
			memcpy(asked.name, c->name, sizeof(c->name) - 1);
		if (ask(u, &asked, &c->addr, rule) == OUTCOME_NONE)
			return true;
	}
	return false;
}

/* May the rules say something else by now than when it was sent to? */
static bool
may_have_changed(const struct session *s)
{
	return s->conf->policy.has_hours ||
	    s->shown->generation != s->worker->process->generation;
}

bool
udp_judge_stranger(struct udp *u, const struct addr *from, unsigned *rule)
{
	const struct target asked = { .addr = *from, .port = from->port };
	bool contacted = was_contacted(u, from);

	if (contacted && ask_counted(u, from, rule))
		return true;
	if ((contacted || !u->session->conf->udp.filter) &&
	    ask(u, &asked, from, rule) == OUTCOME_NONE)
		return true;
	return contacted && !may_have_changed(u->session) &&
	    find_rule(u->session, rule);
}

bool
udp_judge_peer(struct udp *u, const struct addr *from, unsigned *rule)
{
	struct udp_target *t;
	unsigned at = 0;
	bool known = false;

	while ((t = udp_targets_next_at(&u->targets, from, &at)) != NULL) {
		if (t->minute != u->minute && !udp_judge(u, t))
			return false;
		*rule = t->rule;
		if (t->state == TARGET_PASSES)
			return true;
		known = true;
	}
	return !known && udp_judge_stranger(u, from, rule);
}

void
udp_use_rule(struct udp *u, unsigned rule)
{
	struct session *s = u->session;
	const struct rule *r = &s->conf->policy.rules[rule];

	if (rule == u->rule)
		return;
	u->rule = rule;
	session_use_rule(s, rule);
	/* Once metered always metered: the quota is not walked around by way
	 * of a target that is free. */
	if (u->granted && r->metered && !s->shown->metered) {
		s->shown->metered = 1;
		limits_have_left(s, r);
	}
}

void
udp_grant(struct udp *u, const struct udp_target *t)
{
	struct session *s = u->session;
	struct addr source;
	char text[ADDR_TEXT_MAX];

	find_source(u, t, &source);
	slot_set_host(s->shown, t->asked.name[0] != '\0' ? t->asked.name :
	    addr_format(&t->asked.addr, text));
	s->shown->target_port = t->asked.port;
	session_grant(s, t->rule, &t->addr, &source);
	u->granted = true;
	u->rule = t->rule;
}
