/*
 * Totals and bases.
 *
 * The totals are read before the session slots: what moves in between is
 * taken as not yet told to the ledger, so that a base may err by some octets
 * to the side of having used more, never less.  Differences wrap around like
 * the totals themselves; only total - base has a meaning.
 */
#include "bases.h"

#include <stdlib.h>
#include <string.h>

#include "lib/rule.h"
#include "sockd/common/conf.h"
#include "sockd/common/principal.h"
#include "sockd/common/slot.h"
#include "store.h"

/* principal_slot.warned has a bit for each period, four times: see quota.c. */
static const uint32_t warned_kinds = 0x1111;
static const unsigned every_period = (1U << N_PERIODS) - 1;

enum { PORTION = 1000 };	/* principals between two looks at the board */

/*
 * Slots that were never used are told by their keys, which lie close together;
 * a table of 65,536 costs little to walk as long as few are in it.
 */
static uint32_t
state_of(const struct board *b, uint32_t at)
{
	if (atomic_load_explicit(&b->principal_keys[at],
	    memory_order_relaxed) == 0)
		return PRINCIPAL_FREE;
	return atomic_load(&b->principals[at].state);
}

static bool
counts_for_ever(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_limits; i++) {
		const struct limit *l = &policy->limits[i];

		for (size_t j = 0; j < l->n_bytes; j++)
			if (l->bytes[j].period == PERIOD_EVER)
				return true;
		for (size_t j = 0; j < l->n_time; j++)
			if (l->time[j].period == PERIOD_EVER)
				return true;
	}
	return false;
}

int
bases_open(struct bases *s, const struct board *b,
    const struct policy *policy)
{
	*s = (struct bases){ .ever = counts_for_ever(policy),
	    .loading = true, .next = BOARD_NOBODY,
	    .totals = calloc(b->n.principals, sizeof(*s->totals)),
	    .untold = calloc(b->n.principals, sizeof(*s->untold)),
	    .since = calloc(b->n.principals, sizeof(*s->since)),
	};
	if (s->totals != NULL && s->untold != NULL && s->since != NULL)
		return 0;
	bases_close(s);
	return -1;
}

void
bases_close(struct bases *s)
{
	free(s->totals);
	free(s->untold);
	free(s->since);
	*s = (struct bases){ 0 };
}

static void
preload_one(void *arg, const char *name)
{
	struct board *b = arg;

	principal_release(b, principal_find(b, name));
}

int
bases_preload(struct bases *s, struct books *k)
{
	s->loading = true;
	return store_principals(k->store, &k->periods,
	    k->board->n.principals / 2, preload_one, k->board);
}

/* ---- what is not in the ledger yet ---- */

/* Octets of this session that the ledger has: it is asked for those that an
 * earlier accountant has put there, until a first sweep has been written. */
static uint64_t
told_of(const struct books *k, uint32_t slot, uint64_t id)
{
	const struct known *known = &k->known[slot];
	struct store_seen seen;

	if (known->id == id)
		return known->bytes_up + known->bytes_down;
	if (id >= k->first_id || k->store == NULL ||
	    store_seen(k->store, id, &seen) != STORE_OK)
		return 0;
	return seen.bytes_up + seen.bytes_down;
}

static void
add_untold(struct bases *s, const struct books *k, uint32_t slot)
{
	struct session_slot *session = &k->board->sessions[slot];
	const struct known *past = &k->past[slot];
	uint32_t principal = session->principal;
	uint64_t id = atomic_load(&session->id), now, told, then;

	if (principal >= k->board->n.principals || !row_is_metered(session))
		return;
	now = atomic_load(&session->bytes_up) +
	    atomic_load(&session->bytes_down);
	told = told_of(k, slot, id);
	then = past->id == id ? past->bytes_up + past->bytes_down : 0;
	s->untold[principal] += now - told;
	s->since[principal] += now - (then > told ? then : told);
}

/* Totals first, then the sessions: see above. */
static void
take_stock(struct bases *s, const struct books *k)
{
	const struct board *b = k->board;
	uint32_t high = slot_high(b);

	for (uint32_t i = 0; i < b->n.principals; i++)
		if (state_of(b, i) != PRINCIPAL_FREE)
			s->totals[i] = atomic_load(&b->principals[i].bytes);
	memset(s->untold, 0, b->n.principals * sizeof(*s->untold));
	memset(s->since, 0, b->n.principals * sizeof(*s->since));
	for (uint32_t slot = 0; slot < high; slot++)
		if (atomic_load(&b->states[slot]) >= SLOT_REQUESTED)
			add_untold(s, k, slot);
}

/* ---- one principal ---- */

/* The total less what of this period the ledger has yet to be told. */
static uint64_t
told_total(const struct bases *s, uint32_t at, int period)
{
	return s->totals[at] - (s->turned & 1U << period ? s->since[at] :
	    s->untold[at]);
}

/* Active seconds that the board has counted and the ledger has not. */
static uint64_t
untold_seconds(struct books *k, uint32_t at, const char *name)
{
	const struct activity *a = books_activity(k, at, name);

	return principal_catch_up(k->board, at,
	    a->until_ms[true] - a->rest_ms[true],
	    k->conf->accounting.time_idle_ms);
}

static int
agree(struct bases *s, struct books *k, uint32_t at)
{
	struct principal_slot *p = &k->board->principals[at];
	uint64_t begin_s;
	struct store_used used;
	char name[BOARD_USER_SIZE];

	memcpy(name, p->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	if (store_used(k->store, name, &k->periods, s->ever, &used) !=
	    STORE_OK)
		return STORE_ERROR;
	begin_s = atomic_load(&p->active_s);	/* first, as the totals */
	begin_s -= untold_seconds(k, at, name);
	for (int i = 0; i < N_PERIODS; i++) {
		atomic_store(&p->base_bytes[i],
		    told_total(s, at, i) - used.bytes[i]);
		atomic_store(&p->base_active_s[i],
		    begin_s - used.seconds[i]);
	}
	return STORE_OK;
}

/* Before the ledger is asked, or instead: nothing was used. */
static void
begin_at_nothing(const struct bases *s, const struct books *k, uint32_t at,
    unsigned periods)
{
	struct principal_slot *p = &k->board->principals[at];

	for (int i = 0; i < N_PERIODS; i++) {
		if (!(periods & 1U << i))
			continue;
		atomic_store(&p->base_bytes[i], told_total(s, at, i));
		atomic_store(&p->base_active_s[i],
		    atomic_load(&p->active_s));
	}
}

/* With a ledger to ask, or blind. */
static int
load_all(struct bases *s, struct books *k, bool blind)
{
	struct board *b = k->board;
	bool took_stock = false;

	for (uint32_t at = 0; at < b->n.principals; at++) {
		uint32_t loading = PRINCIPAL_LOADING;

		if (state_of(b, at) != PRINCIPAL_LOADING)
			continue;
		if (!took_stock)
			take_stock(s, k);
		took_stock = true;
		if (blind)
			begin_at_nothing(s, k, at, every_period);
		else if (agree(s, k, at) != STORE_OK)
			return STORE_ERROR;
		atomic_compare_exchange_strong(&b->principals[at].state,
		    &loading, PRINCIPAL_READY);
	}
	s->loading = false;
	return STORE_OK;
}

int
bases_load(struct bases *s, struct books *k)
{
	return load_all(s, k, false);
}

void
bases_load_blind(struct bases *s, struct books *k)
{
	load_all(s, k, true);
}

/* ---- everybody ---- */

void
bases_refresh(struct bases *s)
{
	s->next = 0;
}

bool
bases_go_on(struct bases *s, struct books *k)
{
	uint32_t n = k->board->n.principals, done = 0;

	if (s->next >= n)
		return false;
	take_stock(s, k);
	for (; s->next < n && done < PORTION; s->next++) {
		if (state_of(k->board, s->next) != PRINCIPAL_READY)
			continue;
		if (agree(s, k, s->next) != STORE_OK)
			return false;	/* go on after the next sweep */
		done++;
	}
	return s->next < n;
}

void
bases_turn(struct bases *s, struct books *k, unsigned turned)
{
	struct board *b = k->board;

	s->turned = turned;
	take_stock(s, k);
	for (uint32_t at = 0; at < b->n.principals; at++) {
		if (state_of(b, at) != PRINCIPAL_READY)
			continue;
		begin_at_nothing(s, k, at, turned);
		atomic_fetch_and(&b->principals[at].warned,
		    ~(turned * warned_kinds));
	}
	bases_refresh(s);
}
