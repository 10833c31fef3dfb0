/*
 * What a principal has used, and what a limit leaves of it.
 *
 * Used in a period is total minus base, in unsigned arithmetic that wraps on
 * purpose: the accountant, which reads from the database what was used
 * before this run, sets base = total - used, and that may be below 0.  The
 * difference comes out right all the same.
 */
#include "principal.h"

#include "clock.h"

static bool
is_principal(const struct board *b, uint32_t principal)
{
	return principal < b->n.principals;
}

/*
 * Octets taken back after the turn of a period may leave the total below
 * its base: nothing was used then.
 */
static uint64_t
used(uint64_t total, uint64_t base)
{
	uint64_t n = total - base;

	return n > INT64_MAX ? 0 : n;
}

uint64_t
principal_used(const struct board *b, uint32_t principal,
    enum units_period period)
{
	const struct principal_slot *p;

	if (!is_principal(b, principal) || (unsigned)period >= N_PERIODS)
		return 0;
	p = &b->principals[principal];
	return used(atomic_load(&p->bytes),
	    atomic_load(&p->base_bytes[period]));
}

uint64_t
principal_used_s(const struct board *b, uint32_t principal,
    enum units_period period)
{
	const struct principal_slot *p;

	if (!is_principal(b, principal) || (unsigned)period >= N_PERIODS)
		return 0;
	p = &b->principals[principal];
	return used(atomic_load(&p->active_s),
	    atomic_load(&p->base_active_s[period]));
}

/* Of octets or seconds; a total below the base is a credit. */
static uint64_t
left_of(const struct limit_cap *cap, uint64_t total, uint64_t base)
{
	const uint64_t n = total - base, credit = base - total;

	if (n > INT64_MAX)
		return cap->amount + credit;
	return n < cap->amount ? cap->amount - n : 0;
}

uint64_t
principal_left(const struct board *b, uint32_t principal,
    const struct limit *limit, size_t *which)
{
	const struct principal_slot *p;
	uint64_t least = UINT64_MAX;
	size_t cap = 0;

	if (limit == NULL || !is_principal(b, principal))
		return UINT64_MAX;
	p = &b->principals[principal];
	for (size_t i = 0; i < limit->n_bytes; i++) {
		const struct limit_cap *c = &limit->bytes[i];
		uint64_t left = left_of(c, atomic_load(&p->bytes),
		    atomic_load(&p->base_bytes[c->period]));

		if (left < least) {
			least = left;
			cap = i;
		}
	}
	for (size_t i = 0; i < limit->n_time && least != 0; i++) {
		const struct limit_cap *c = &limit->time[i];

		if (left_of(c, atomic_load(&p->active_s),
		    atomic_load(&p->base_active_s[c->period])) == 0) {
			least = 0;
			cap = limit->n_bytes + i;
		}
	}
	if (which != NULL)
		*which = cap;
	return least;
}

uint64_t
principal_stop_at(const struct board *b, uint32_t principal,
    const struct limit *limit)
{
	const struct principal_slot *p;
	uint64_t total, least = UINT64_MAX;

	if (limit == NULL || limit->n_bytes == 0 || !is_principal(b, principal))
		return UINT64_MAX;
	p = &b->principals[principal];
	total = atomic_load(&p->bytes);
	for (size_t i = 0; i < limit->n_bytes; i++) {
		const struct limit_cap *c = &limit->bytes[i];
		uint64_t left = left_of(c, total,
		    atomic_load(&p->base_bytes[c->period]));

		if (left < least)
			least = left;
	}
	return least > UINT64_MAX - total ? UINT64_MAX : total + least;
}

/*
 * counted_ms is the moment up to which active_s counts.  Who moves it on, by
 * compare-and-swap and whole seconds, adds those seconds: no two processes
 * count one twice.  A clock that went back (by more than what processes
 * differ) moves it back and counts nothing.
 */
void
principal_touch(struct board *b, uint32_t principal, uint64_t now_ms,
    uint64_t idle_ms)
{
	struct principal_slot *p;
	uint64_t last, seconds, next;

	if (!is_principal(b, principal))
		return;
	p = &b->principals[principal];
	last = atomic_load_explicit(&p->counted_ms, memory_order_relaxed);
	if (last != 0 && now_ms < last + 1000 &&
	    last < now_ms + CLOCK_DIFFER_MS)
		return;
	if (last == 0 || now_ms < last) {
		seconds = 0;
		next = now_ms;
	} else if (now_ms - last > idle_ms) {
		seconds = idle_ms / 1000;
		next = now_ms;
	} else {
		seconds = (now_ms - last) / 1000;
		next = last + seconds * 1000;
	}
	if (!atomic_compare_exchange_strong(&p->counted_ms, &last, next))
		return;
	atomic_fetch_add(&p->active_s, seconds);
	atomic_store(&p->active_until_ms, now_ms + idle_ms);
}

uint64_t
principal_catch_up(struct board *b, uint32_t principal, uint64_t told_ms,
    uint64_t idle_ms)
{
	struct principal_slot *p;
	uint64_t counted_ms, ahead_ms;

	if (told_ms == 0 || !is_principal(b, principal))
		return 0;
	p = &b->principals[principal];
	counted_ms = atomic_load(&p->counted_ms);
	if (counted_ms == 0)	/* new here: its first touch counts nothing */
		return 0;
	if (counted_ms < told_ms) {
		atomic_compare_exchange_strong(&p->counted_ms, &counted_ms,
		    told_ms);
		return 0;
	}
	ahead_ms = counted_ms - told_ms;
	return (ahead_ms < idle_ms ? ahead_ms : idle_ms) / 1000;
}
