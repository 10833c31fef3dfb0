/*
 * Limits, in a worker.  What a limit allows is set down in the session's own
 * slot; the relay then looks there and nowhere else, and the accountant
 * changes it there after a reload.
 */
#include "limits.h"

#include "abuse.h"
#include "lib/quote.h"
#include "refuse.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/period.h"
#include "sockd/common/place.h"
#include "sockd/common/principal.h"
#include "sockd/common/slot.h"
#include "sockd/common/wake.h"
#include "wait.h"

enum { LOADING_MAX_MS = 1000, LOADING_STEP_MS = 2, QUOTED_SIZE = 512 };

/* The index that the board shows may be of another configuration. */
static const struct limit *
limit_of(const struct session *s)
{
	return policy_limit(&s->conf->policy, &s->question);
}

/* The master tells it, once for all workers. */
static void
mark_full(struct session *s, enum board_full what)
{
	atomic_store(&s->board->header->full[what], 1);
}

static bool
set_principal(struct session *s)
{
	char name[BOARD_USER_SIZE];
	bool shared = s->conf->accounting.anonymous == ANONYMOUS_SHARED;

	if (s->question.who == WHO_USER)
		return slot_set_principal(s->board, s->slot, s->name,
		    NAMED_BY_USER);
	principal_of_address(name, &s->shown->client, shared);
	return slot_set_principal(s->board, s->slot, name,
	    shared ? NAMED_SHARED : NAMED_BY_ADDRESS);
}

bool
limits_name(struct session *s)
{
	bool named = s->shown->principal != BOARD_NOBODY || set_principal(s);

	if (s->shown->principal == BOARD_NOBODY)
		mark_full(s, FULL_PRINCIPALS);
	return named;
}

/* False: a second was not enough, or the session is to end. */
static bool
wait_until_loaded(struct session *s)
{
	struct principal_slot *p;
	uint64_t now_ms = clock_ms(), until_ms = now_ms + LOADING_MAX_MS;

	if (s->shown->principal == BOARD_NOBODY)
		return false;
	p = &s->board->principals[s->shown->principal];
	if (atomic_load(&p->state) == PRINCIPAL_READY)
		return true;
	wake_accountant(s->board, s->worker->process->account_wake_send);
	while (atomic_load(&p->state) != PRINCIPAL_READY) {
		if (now_ms >= until_ms ||
		    wait_for(s, NULL, 0, now_ms + LOADING_STEP_MS, &now_ms) ==
		    WAIT_CUT)
			return false;
	}
	return true;
}

static void
choose_limit(struct session *s)
{
	const struct policy *policy = &s->conf->policy;
	const struct limit *limit = policy_limit(policy, &s->question);
	struct session_slot *shown = s->shown;

	atomic_store(&shown->stop_at_bytes, UINT64_MAX);
	if (limit == NULL)
		return;
	atomic_store(&shown->limit, (uint32_t)(limit - policy->limits));
	atomic_store(&shown->rate_up, limit->rate_up);
	atomic_store(&shown->rate_down, limit->rate_down);
}

/* ---- what is refused, and why ---- */

/* How many refusals a line stands for now; 0: the minute of its address has
 * had one. */
static uint32_t
times(struct session *s, enum place_told what)
{
	uint64_t now_ms = clock_ms();

	if (s->shown->place == BOARD_NOBODY)
		s->shown->place = place_find(s->board, &s->shown->client,
		    now_ms);
	return place_tell(s->board, s->shown->place, what, now_ms);
}

static const char *
whose(const struct session *s, char quoted[QUOTED_SIZE])
{
	char name[BOARD_USER_SIZE];

	if (!slot_principal_name(s->board, s->shown, name))
		principal_of_address(name, &s->shown->client,
		    s->conf->accounting.anonymous == ANONYMOUS_SHARED);
	return quote_text(quoted, QUOTED_SIZE, name);
}

static bool
reached(struct session *s, const struct limit *limit, enum place_told what)
{
	char client[ADDR_TEXT_MAX], name[QUOTED_SIZE];
	uint32_t n = times(s, what);

	if (n > 0 && limit != NULL)
		log_info("limit reached client=%s principal=%s limit=%s "
		    "what=%s count=%u", addr_format_port(&s->shown->client,
		    client), whose(s, name), limit->name,
		    what == PLACE_LIMIT_SESSIONS ? "sessions" : "addresses",
		    n);
	return false;
}

static bool
refuse_unknown(struct session *s)
{
	char client[ADDR_TEXT_MAX], name[QUOTED_SIZE];
	uint32_t n = times(s, PLACE_UNKNOWN);

	if (n > 0)
		log_info("usage unknown client=%s principal=%s count=%u",
		    addr_format_port(&s->shown->client, client),
		    whose(s, name), n);
	return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_LIMIT);
}

/* ---- entering ---- */

static bool
fits_limit(struct session *s)
{
	const struct limit *limit = limit_of(s);
	struct board *b = s->board;

	if (!slot_gauge(b, s->slot, GAUGE_PRINCIPAL,
	    limit == NULL ? 0 : limit->sessions))
		return reached(s, limit, PLACE_LIMIT_SESSIONS);
	if (!slot_gauge(b, s->slot, GAUGE_ADDRESS,
	    limit == NULL ? 0 : limit->addresses))
		return reached(s, limit, PLACE_LIMIT_ADDRESSES);
	return true;
}

static bool
fits(struct session *s)
{
	if (!slot_gauge(s->board, s->slot, GAUGE_SESSION,
	    s->conf->sessions.max)) {
		mark_full(s, FULL_SESSIONS);
		return false;
	}
	return abuse_may_serve(s) && fits_limit(s);
}

bool
limits_enter(struct session *s)
{
	if (!limits_name(s))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_LIMIT);
	choose_limit(s);
	if (!wait_until_loaded(s)) {
		if (wait_heed_cut(s))
			return false;
		if (!s->conf->accounting.unknown_passes)
			return refuse_unknown(s);
	}
	if (!fits(s))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_LIMIT);
	return true;
}

static void
log_used_up(struct session *s, const struct limit *limit, size_t cap)
{
	char client[ADDR_TEXT_MAX], name[QUOTED_SIZE], resets[DAY_NAME_SIZE];
	const struct limit_cap *c = cap < limit->n_bytes ? &limit->bytes[cap] :
	    &limit->time[cap - limit->n_bytes];
	uint32_t n = times(s, PLACE_USED_UP);

	if (n == 0)
		return;
	period_reset_name(c->period,
	    (int32_t)atomic_load(&s->board->header->day), resets);
	log_info("quota used-up client=%s principal=%s limit=%s period=%s "
	    "resets=%s count=%u", addr_format_port(&s->shown->client, client),
	    whose(s, name), limit->name, units_period_name(c->period), resets,
	    n);
}

/* It lives under newer limits than ours: the accountant sees to it. */
static bool
is_overtaken(const struct session *s)
{
	return process_is_old(s->worker->process, s->board) &&
	    atomic_load(&s->board->states[s->slot]) == SLOT_LIVE;
}

bool
limits_have_left(struct session *s, const struct rule *rule)
{
	const struct limit *limit = limit_of(s);
	uint32_t principal = s->shown->principal;
	size_t cap = 0;

	if (!rule->metered || principal == BOARD_NOBODY)
		return true;
	if (is_overtaken(s))
		return atomic_load(&s->board->principals[principal].bytes) <
		    atomic_load(&s->shown->stop_at_bytes);
	if (limit == NULL)
		return true;
	if (principal_left(s->board, principal, limit, &cap) == 0) {
		log_used_up(s, limit, cap);
		return false;
	}
	atomic_store(&s->shown->stop_at_bytes,
	    principal_stop_at(s->board, principal, limit));
	return true;
}
