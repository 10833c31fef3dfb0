/*
 * What a principal has used, what a limit leaves, and where its sessions
 * come from.
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

static uint64_t
left_of(const struct limit_cap *cap, uint64_t n)
{
	return n < cap->amount ? cap->amount - n : 0;
}

uint64_t
principal_left(const struct board *b, uint32_t principal,
    const struct limit *limit, size_t *which)
{
	uint64_t least = UINT64_MAX;
	size_t cap = 0;

	if (limit == NULL || !is_principal(b, principal))
		return UINT64_MAX;
	for (size_t i = 0; i < limit->n_bytes; i++) {
		const struct limit_cap *c = &limit->bytes[i];
		uint64_t left = left_of(c, principal_used(b, principal,
		    c->period));

		if (left < least) {
			least = left;
			cap = i;
		}
	}
	for (size_t i = 0; i < limit->n_time && least != 0; i++) {
		const struct limit_cap *c = &limit->time[i];

		if (left_of(c, principal_used_s(b, principal,
		    c->period)) == 0) {
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
		uint64_t left = left_of(c, used(total,
		    atomic_load(&p->base_bytes[c->period])));

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

/* ---- addresses at once ---- */

enum { COUNT_BITS = 32, TRIES = 1000 };

static uint64_t
address_key(const struct board *b, const struct addr *client)
{
	struct addr a = addr_client(client);
	uint64_t hash = board_hash(b, a.ip, sizeof(a.ip));

	return (hash >> COUNT_BITS | 1) << COUNT_BITS;
}

static uint32_t
count_of(uint64_t entry)
{
	return (uint32_t)entry;
}

static bool
is_of(uint64_t entry, uint64_t key)
{
	return count_of(entry) != 0 && entry >> COUNT_BITS == key >> COUNT_BITS;
}

uint32_t
principal_addresses(const struct board *b, uint32_t principal)
{
	uint32_t n = 0;

	if (!is_principal(b, principal))
		return 0;
	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++)
		n += count_of(atomic_load(
		    &b->principals[principal].addresses[i])) != 0;
	return n;
}

/* The first entry of this address, or the first empty one below max. */
static _Atomic uint64_t *
entry_for(struct principal_slot *p, uint64_t key, uint32_t max)
{
	_Atomic uint64_t *vacant = NULL;

	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++) {
		uint64_t entry = atomic_load(&p->addresses[i]);

		if (is_of(entry, key))
			return &p->addresses[i];
		if (vacant == NULL && i < max && count_of(entry) == 0)
			vacant = &p->addresses[i];
	}
	return vacant;
}

/*
 * Add one to the entry of this address, or take one for it.  All take the
 * lowest that is empty: of two processes with one address the second finds
 * the swap lost, and then the first one's entry.
 */
static bool
enter(struct board *b, uint32_t principal, uint64_t key, uint32_t max)
{
	struct principal_slot *p = &b->principals[principal];

	for (int i = 0; i < TRIES; i++) {
		_Atomic uint64_t *word = entry_for(p, key, max);
		uint64_t entry;

		if (word == NULL)
			return false;
		entry = atomic_load(word);
		if (is_of(entry, key)) {
			if (atomic_compare_exchange_weak(word, &entry,
			    entry + 1))
				return true;
		} else if (count_of(entry) == 0) {
			/* entries beyond max are from before a reload */
			if (principal_addresses(b, principal) >= max)
				return false;
			if (atomic_compare_exchange_weak(word, &entry,
			    key + 1))
				return true;
		}
	}
	return false;
}

bool
principal_enter_address(struct board *b, uint32_t principal,
    const struct addr *client, uint32_t max, bool *counted)
{
	uint32_t most = max == 0 || max > BOARD_ADDRESSES_MAX ?
	    BOARD_ADDRESSES_MAX : max;

	*counted = false;
	if (!is_principal(b, principal))
		return true;
	*counted = enter(b, principal, address_key(b, client), most);
	return *counted || max == 0;
}

void
principal_leave_address(struct board *b, uint32_t principal,
    const struct addr *client)
{
	uint64_t key;

	if (!is_principal(b, principal))
		return;
	key = address_key(b, client);
	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++) {
		_Atomic uint64_t *word =
		    &b->principals[principal].addresses[i];
		uint64_t entry = atomic_load(word);

		while (is_of(entry, key))
			if (atomic_compare_exchange_weak(word, &entry,
			    entry - 1))
				return;
	}
}
