/*
 * One session into the ledger.
 *
 * usage grows by what the board says more than the ledger.  The ledger's word
 * is remembered by slot; asked for when a session is older than this
 * accountant; taken for nothing when its id was drawn after this accountant
 * began.  So a kill at any moment, between commit and the slot's release too,
 * counts nothing twice and loses nothing.
 */
#include "entry.h"

#include <string.h>

#include "sockd/common/conf.h"
#include "sockd/common/slot.h"
#include "store.h"
#include "tally.h"

/*
 * Up to when the accountant before this one counted a session's activity: to
 * its last word, which may be an outage ago.
 */
static uint64_t
counted_before(const struct books *k, const struct row *r)
{
	uint64_t began_ms = r->started_us / 1000;
	uint64_t told_ms = store_last_us(k->store) / 1000;
	uint64_t ms = began_ms > told_ms ? began_ms : told_ms;

	return ms < r->active_ms ? ms : r->active_ms;
}

/*
 * What the ledger says of this session.  STORE_NONE: nothing, and *before is
 * zero.
 */
static int
recall(struct books *k, const struct row *r, struct known *before)
{
	struct known *known = &k->known[r->slot];
	struct store_seen seen = { 0 };
	int rc;

	*before = (struct known){ .id = r->id };
	if (known->id == r->id) {
		*before = *known;
		return STORE_OK;
	}
	if (r->id >= k->first_id)
		return STORE_NONE;
	rc = store_seen(k->store, r->id, &seen);
	before->bytes_up = seen.bytes_up;
	before->bytes_down = seen.bytes_down;
	before->granted = seen.granted;
	before->ended = seen.ended;
	before->active_ms = counted_before(k, r);
	return rc;
}

static uint64_t
datagrams(const struct row *r)
{
	return r->datagrams_up + r->datagrams_down;
}

static void
learn(struct known *to, const struct row *r)
{
	*to = (struct known){ .id = r->id, .bytes_up = r->bytes_up,
	    .bytes_down = r->bytes_down, .datagrams = datagrams(r),
	    .active_ms = r->active_ms, .repeats = r->repeats,
	    .reply = (int16_t)r->reply, .granted = r->granted,
	    .ended = r->ended };
}

/* ---- what goes to the ledger ---- */

/* The day that a session began on. */
static const char *
day_begun(const struct books *k, const struct row *r,
    char buf[DAY_NAME_SIZE])
{
	uint64_t s = r->started_us / 1000000;

	if (s >= k->periods.day_begins_s && s < k->periods.day_ends_s)
		return k->periods.first[PERIOD_DAY];
	period_day_name(period_day(s), buf);
	return buf;
}

/* A session's octets fall on the running day, or on its own if it began
 * after a midnight that this sweep comes just before. */
static const char *
day_moved(const struct books *k, const struct row *r, const char *begun)
{
	if (r->started_us / 1000000 >= k->periods.day_ends_s)
		return begun;
	return k->periods.first[PERIOD_DAY];
}

/*
 * How much of a gap may count.  After an outage octets that moved all the
 * while look like one pause; the board has counted them second by second.
 */
static uint64_t
gap_most_ms(const struct books *k, const struct row *r,
    const struct activity *a, bool past)
{
	uint64_t idle_ms = k->conf->accounting.time_idle_ms;
	uint64_t from_s = a->board_s, to_s = a->turned_s;

	if (!past) {
		from_s = a->board_s > to_s ? a->board_s : to_s;
		to_s = atomic_load(
		    &k->board->principals[r->copy.principal].active_s);
	}
	if (!r->copy.metered || to_s < from_s ||
	    (to_s - from_s) * 1000 < idle_ms)
		return idle_ms;
	return (to_s - from_s) * 1000;
}

static uint64_t
seconds_active(struct books *k, const struct row *r, uint64_t from,
    uint64_t to, bool past)
{
	uint32_t slot = r->copy.principal;
	struct activity *a;

	if (slot == BOARD_NOBODY || to == 0 || to == from)
		return 0;
	if (from == 0)
		from = r->started_us / 1000;
	if (from > to)			/* the clock went back */
		from = to;
	a = books_activity(k, slot, r->principal);
	return activity_count(a, r->copy.metered, from, to,
	    gap_most_ms(k, r, a, past));
}

/* What moved between these two, on the day that ended (past) or the running
 * one. */
static int
put_moved(struct books *k, const struct row *r, const struct known *from,
    const struct known *to, bool past)
{
	char buf[DAY_NAME_SIZE];
	struct store_usage u = { .principal = r->principal,
	    .metered = r->copy.metered };

	u.day = past ? k->past_day : day_moved(k, r, day_begun(k, r, buf));
	u.bytes_up = (int64_t)(to->bytes_up - from->bytes_up);
	u.bytes_down = (int64_t)(to->bytes_down - from->bytes_down);
	u.seconds = seconds_active(k, r, from->active_ms, to->active_ms,
	    past);
	if (u.bytes_up == 0 && u.bytes_down == 0 && u.seconds == 0)
		return STORE_OK;
	return tally_add(k->tally, k->store, &u);
}

/* How far it was when the day turned, if the ledger did not hear of that. */
static struct known
past_of(const struct books *k, const struct row *r, const struct known *told)
{
	const struct known *past = &k->past[r->slot];
	struct known p = *told;

	if (past->id != r->id)
		return p;
	p.bytes_up = row_between(p.bytes_up, past->bytes_up, r->bytes_up);
	p.bytes_down = row_between(p.bytes_down, past->bytes_down,
	    r->bytes_down);
	p.active_ms = row_between(p.active_ms, past->active_ms, r->active_ms);
	return p;
}

static int
put_usage(struct books *k, const struct row *r, const struct known *before)
{
	char buf[DAY_NAME_SIZE];
	struct known past = past_of(k, r, before), now;
	struct store_usage begun = { .principal = r->principal,
	    .metered = r->copy.metered, .sessions = 1 };
	int rc = STORE_OK;

	if (!r->granted)
		return STORE_OK;
	begun.day = day_begun(k, r, buf);
	if (!before->granted)
		rc = tally_add(k->tally, k->store, &begun);
	if (rc == STORE_OK)
		rc = put_moved(k, r, before, &past, true);
	learn(&now, r);
	if (rc == STORE_OK)
		rc = put_moved(k, r, &past, &now, false);
	return rc;
}

static int
put_udp_targets(struct books *k, const struct row *r)
{
	const struct udp_count *c = slot_udp_peek(k->board, r->slot);
	char host[sizeof(c->name)];
	struct store_udp t = { .host = host };

	for (int i = 0; c != NULL && i < UDP_TARGETS_MAX; i++, c++) {
		t.first_us = atomic_load_explicit(&c->first_us,
		    memory_order_acquire);
		if (t.first_us == 0)
			continue;
		memcpy(host, c->name, sizeof(host));
		host[sizeof(host) - 1] = '\0';
		t.addr = c->addr;
		t.source = c->source;
		t.datagrams = atomic_load(&c->datagrams);
		t.bytes = atomic_load(&c->bytes);
		if (t.datagrams > INT64_MAX || t.bytes > INT64_MAX)
			continue;
		if (store_put_udp(k->store, r->id, &t) != STORE_OK)
			return STORE_ERROR;
	}
	return STORE_OK;
}

int
entry_put(struct books *k, const struct row *r, bool free_slot)
{
	struct change *c = &k->changes[k->n_changes];
	struct known before;
	int rc;

	if (recall(k, r, &before) == STORE_ERROR)
		return STORE_ERROR;
	*c = (struct change){ .slot = r->slot, .principal = r->copy.principal,
	    .free = free_slot };
	learn(&c->known, r);
	if (c->principal != BOARD_NOBODY)
		c->before = k->activities[c->principal];
	k->n_changes++;
	if (before.ended && before.repeats == r->repeats)
		return STORE_OK;	/* written, and only not freed yet */
	rc = store_put(k->store, r);
	if (rc != STORE_OK)	/* or it has ended, whatever this slot says */
		return rc == STORE_NONE ? STORE_OK : STORE_ERROR;
	if (r->copy.command == COMMAND_UDP && put_udp_targets(k, r) !=
	    STORE_OK)
		return STORE_ERROR;
	return put_usage(k, r, &before);
}
