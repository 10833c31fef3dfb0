/*
 * Each principal that moved something is looked at once a turn.  What was
 * told already stands in the principal's slot (warned), so that it is not
 * told again by the next accountant; the bits fall when a period turns or a
 * larger limit leaves more room.
 */
#include "quota.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/rule.h"
#include "sockd/common/clock.h"
#include "sockd/common/conf.h"
#include "sockd/common/log.h"
#include "sockd/common/principal.h"
#include "store.h"

enum { QUOTED_SIZE = 512,
       AHEAD_MAX_S = PERIODS_AHEAD_DAYS * 86400,
       /* bits of principal_slot.warned, each times the period */
       WARNED_BYTES = 0, WARNED_TIME = N_PERIODS,
       REACHED_BYTES = 2 * N_PERIODS, REACHED_TIME = 3 * N_PERIODS };

/* Limits are kept plus 1, so that zero is "never heard of". */
struct mark {
	uint32_t	limit;
	uint32_t	written;	/* as the ledger has it */
	uint32_t	hash;		/* of the name that written is for */
	bool		marked, unwritten;
};

struct quota {
	struct books		*k;
	const struct policy	*policy;
	struct mark		*marks;		/* by principal slot */
	uint32_t		*marked, *unwritten;	/* indices of marks */
	size_t			n_marked, n_unwritten;
	struct log_condition	set_back;
};

struct quota *
quota_new(struct books *k)
{
	struct quota *q = calloc(1, sizeof(*q));
	uint32_t n = k->board->n.principals;

	if (q == NULL)
		return NULL;
	*q = (struct quota){ .k = k, .policy = &k->conf->policy,
	    .marks = calloc(n, sizeof(*q->marks)),
	    .marked = calloc(n, sizeof(*q->marked)),
	    .unwritten = calloc(n, sizeof(*q->unwritten)),
	    .set_back = { .what = "clock set back" },
	};
	if (q->marks != NULL && q->marked != NULL && q->unwritten != NULL)
		return q;
	free(q->marks);
	free(q->marked);
	free(q->unwritten);
	free(q);
	return NULL;
}

static void
copy_name(const struct board *b, uint32_t principal,
    char out[BOARD_USER_SIZE])
{
	memcpy(out, b->principals[principal].name, BOARD_USER_SIZE);
	out[BOARD_USER_SIZE - 1] = '\0';
}

void
quota_mark(struct quota *q, uint32_t principal, uint32_t limit)
{
	struct mark *m;
	uint32_t hash;

	if (principal >= q->k->board->n.principals)
		return;
	m = &q->marks[principal];
	m->limit = limit == BOARD_NOBODY ? 1 : limit + 2;
	if (!m->marked)
		q->marked[q->n_marked++] = principal;
	m->marked = true;
	hash = atomic_load_explicit(&q->k->board->principal_keys[principal],
	    memory_order_relaxed) & UINT32_MAX;
	if (m->unwritten || (m->written == m->limit && m->hash == hash))
		return;
	m->unwritten = true;
	m->hash = hash;
	q->unwritten[q->n_unwritten++] = principal;
}

static const struct limit *
limit_of(const struct quota *q, const struct mark *m)
{
	uint32_t i = m->limit - 2;

	return m->limit < 2 || i >= q->policy->n_limits ? NULL :
	    &q->policy->limits[i];
}

/* ---- the log ---- */

struct used {
	const struct limit	*limit;
	const struct limit_cap	*cap;
	uint64_t		amount;		/* octets, or seconds */
	bool			is_time;
};

static void
say(const struct quota *q, uint32_t principal, const struct used *u,
    bool reached)
{
	char name[BOARD_USER_SIZE], quoted[QUOTED_SIZE];
	char resets[DAY_NAME_SIZE];
	enum units_period period = u->cap->period;

	copy_name(q->k->board, principal, name);
	period_reset_name(period, q->k->periods.day, resets);
	log_warning("quota %s principal=%s limit=%s period=%s used=%" PRIu64
	    " allowed=%" PRIu64 " unit=%s resets=%s",
	    reached ? "reached" : "at-80-percent",
	    quote_text(quoted, sizeof(quoted), name), u->limit->name,
	    units_period_name(period), u->amount, u->cap->amount,
	    u->is_time ? "seconds" : "bytes", resets);
}

static void
say_once(const struct quota *q, uint32_t principal, const struct used *u,
    unsigned bit)
{
	uint32_t mask = 1U << (bit + u->cap->period);

	if (!(atomic_fetch_or(&q->k->board->principals[principal].warned,
	    mask) & mask))
		say(q, principal, u, bit >= REACHED_BYTES);
}

/*
 * Below 80 % all is forgotten: the limit was raised, or the ledger corrected.
 * Not right below the cap, where octets are given back that could not be
 * passed on.
 */
static void
look_at_cap(const struct quota *q, uint32_t principal, const struct used *u)
{
	_Atomic uint32_t *warned = &q->k->board->principals[principal].warned;
	unsigned near_bit = u->is_time ? WARNED_TIME : WARNED_BYTES;
	unsigned reached_bit = u->is_time ? REACHED_TIME : REACHED_BYTES;
	uint64_t amount = u->cap->amount;

	if (u->amount < amount - amount / 5) {
		uint32_t both = 1U << (near_bit + u->cap->period) |
		    1U << (reached_bit + u->cap->period);

		if (atomic_load(warned) & both)
			atomic_fetch_and(warned, ~both);
		return;
	}
	say_once(q, principal, u, near_bit);
	if (u->amount >= amount)
		say_once(q, principal, u, reached_bit);
}

static void
look_at(const struct quota *q, uint32_t principal, const struct limit *limit)
{
	const struct board *b = q->k->board;
	struct used u = { .limit = limit };

	if (atomic_load(&b->principals[principal].state) != PRINCIPAL_READY)
		return;
	for (size_t i = 0; i < limit->n_bytes; i++) {
		u.cap = &limit->bytes[i];
		u.amount = principal_used(b, principal, u.cap->period);
		look_at_cap(q, principal, &u);
	}
	u.is_time = true;
	for (size_t i = 0; i < limit->n_time; i++) {
		u.cap = &limit->time[i];
		u.amount = principal_used_s(b, principal, u.cap->period);
		look_at_cap(q, principal, &u);
	}
}

/*
 * Periods never run backwards: after days that were wrong they would stand
 * still for as long, and nobody would know why quotas last.
 */
static void
look_at_clock(struct quota *q)
{
	const struct periods *p = &q->k->periods;

	if (clock_wall_us() / 1000000 + AHEAD_MAX_S >= p->day_begins_s)
		log_ends(&q->set_back);
	else
		log_starts(&q->set_back, "day=%s why=\"quotas and usage stay "
		    "on that day until a reload\"", p->first[PERIOD_DAY]);
}

void
quota_tell(struct quota *q)
{
	look_at_clock(q);
	for (size_t i = 0; i < q->n_marked; i++) {
		struct mark *m = &q->marks[q->marked[i]];
		const struct limit *limit = limit_of(q, m);

		m->marked = false;
		if (limit != NULL)
			look_at(q, q->marked[i], limit);
	}
	q->n_marked = 0;
}

/* ---- the ledger ---- */

static int
write_one(struct quota *q, uint32_t principal)
{
	const struct limit *limit = limit_of(q, &q->marks[principal]);
	char name[BOARD_USER_SIZE];

	copy_name(q->k->board, principal, name);
	if (name[0] == '\0')
		return STORE_OK;
	return store_put_holder(q->k->store, name,
	    limit == NULL ? "" : limit->name);
}

int
quota_write(struct quota *q)
{
	int rc;

	if (q->n_unwritten == 0)
		return STORE_OK;
	rc = store_begin(q->k->store);
	for (size_t i = 0; rc == STORE_OK && i < q->n_unwritten; i++)
		rc = write_one(q, q->unwritten[i]);
	if (rc == STORE_OK)
		rc = store_commit(q->k->store, clock_wall_us());
	if (rc != STORE_OK) {
		store_roll_back(q->k->store);
		return STORE_ERROR;
	}
	for (size_t i = 0; i < q->n_unwritten; i++) {
		struct mark *m = &q->marks[q->unwritten[i]];

		m->written = m->limit;
		m->unwritten = false;
	}
	q->n_unwritten = 0;
	return STORE_OK;
}

void
quota_write_anew(struct quota *q)
{
	for (uint32_t i = 0; i < q->k->board->n.principals; i++)
		if (q->marks[i].written != 0)
			q->marks[i].written = 0;
}
