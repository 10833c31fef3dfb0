/*
 * The fourth stage, in a worker: may they?  What can be said of the request
 * as it was sent is said here; each address is asked for again before it is
 * tried, because a name says little about where it leads.
 */
#include "authorize.h"

#include "limits.h"
#include "method.h"
#include "refuse.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/slot.h"

/* A handshake may take long enough to cross an edge of hours. */
static void
look_at_the_clock(struct session *s)
{
	if (s->conf->policy.has_hours)
		s->question.minute = clock_week_minute_now();
}

bool
authorize(struct session *s)
{
	const struct policy *policy = &s->conf->policy;

	/* The ledger knows a user by the canonical name, also a blocked one. */
	if (s->question.who == WHO_USER && !limits_name(s))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_LIMIT);
	look_at_the_clock(s);
	/* SOCKS4 knows no method; its clients are those that offer none. */
	if (!conf_listen_offers(s->listen, s->method))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED);
	if (!policy_decide(policy, &s->question).can_pass) {
		s->blocked_by = policy_first_yes(policy, &s->question);
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED);
	}
	if (!limits_enter(s))
		return false;
	/* From here on it has a row in the ledger.  Not sooner: one that is
	 * refused may get none, and what has begun a row must end it. */
	s->allowed = true;
	slot_advance(s->board, s->slot, SLOT_REQUESTED);
	return true;
}

bool
authorize_has_left(struct session *s)
{
	static const struct rule metered = { .metered = true };

	if (policy_can_pass_free(&s->conf->policy, &s->question))
		return true;
	return limits_have_left(s, &metered);
}

enum outcome
authorize_address(struct session *s, const struct addr *to, unsigned *rule)
{
	const struct process *p = s->worker->process;
	const struct policy *policy = &s->conf->policy;
	struct rule_question q;
	struct rule_verdict verdict;

	s->blocked_by = -1;
	if (target_is_never_allowed(to) || target_is_own(s->board,
	    p->listeners, p->n_listeners, to))
		return OUTCOME_BLOCKED;
	look_at_the_clock(s);
	q = s->question;
	question_for_address(&q, to);
	verdict = policy_decide(policy, &q);
	if (verdict.decision != DECISION_PASS || verdict.rule < 0) {
		s->blocked_by = verdict.rule;
		return OUTCOME_BLOCKED;
	}
	if (!limits_have_left(s, &policy->rules[verdict.rule]))
		return OUTCOME_QUOTA;
	*rule = (unsigned)verdict.rule;
	return OUTCOME_NONE;
}
