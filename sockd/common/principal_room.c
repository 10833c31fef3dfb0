/*
 * Room for a new principal: a slot that is free, or one whose principal is
 * idle and leaves.
 *
 * Nobody leaves while a session slot names him.  Who leaves becomes a
 * candidate first (see principal_inner.h): whoever holds him counts the hold
 * and looks at the key second, here the key is changed and the holds are
 * looked at second, so that one of the two steps back.
 */
#include "principal_inner.h"

enum {
	TRIES = 8,			/* others take what we wanted */
	ABANDONED_MS = 10000,		/* who takes longer is dead */
};

static bool
is_candidate(uint64_t key)
{
	return key % 2 == 0 && key != KEY_NEVER;
}

/* The key stays off 0 from now on, whatever becomes of the claim. */
static bool
claim_free(struct board *b, uint32_t at)
{
	if (atomic_load(&b->principals[at].state) != PRINCIPAL_FREE)
		return false;
	key_swap(b, at, KEY_NEVER, KEY_NONE);
	return state_swap(b, at, PRINCIPAL_FREE, PRINCIPAL_CLAIMED);
}

static bool
is_in_use(const struct principal_slot *p)
{
	return atomic_load(&p->holds) != 0 || atomic_load(&p->sessions) != 0;
}

/* Under a candidate's key: the slot is ours if nobody holds it. */
static bool
make_leave(struct board *b, uint32_t at, uint64_t candidate)
{
	if (is_in_use(&b->principals[at])) {
		key_swap(b, at, candidate, candidate | 1);
		return false;
	}
	return key_swap(b, at, candidate, KEY_NONE) &&
	    state_swap(b, at, PRINCIPAL_READY, PRINCIPAL_CLAIMED);
}

static bool
claim_idle(struct board *b, uint32_t at, uint64_t now_ms)
{
	uint64_t key = atomic_load(&b->principal_keys[at]);

	if (key == KEY_NONE)
		return state_swap(b, at, PRINCIPAL_READY, PRINCIPAL_CLAIMED);
	if (key % 2 == 0 || !key_swap(b, at, key, key - 1))
		return false;
	atomic_store(&b->principals[at].last_ms, now_ms);
	return make_leave(b, at, key - 1);
}

/* Whoever moves last_ms on is the one who takes it over. */
static bool
claim_abandoned(struct board *b, uint32_t at, uint64_t now_ms)
{
	struct principal_slot *p = &b->principals[at];
	uint64_t key = atomic_load(&b->principal_keys[at]);
	uint64_t last = atomic_load(&p->last_ms);

	if (last + ABANDONED_MS >= now_ms ||
	    !atomic_compare_exchange_strong(&p->last_ms, &last, now_ms))
		return false;
	if (atomic_load(&p->state) != PRINCIPAL_CLAIMED)
		return is_candidate(key) && make_leave(b, at, key);
	atomic_store(&b->principal_keys[at], KEY_NONE);
	return true;
}

/* May it leave?  0: no; else the older the larger. */
static uint64_t
idle_for(const struct board *b, uint32_t at, uint64_t now_ms)
{
	const struct principal_slot *p = &b->principals[at];
	uint32_t state = atomic_load(&p->state);
	uint64_t last = atomic_load(&p->last_ms);
	uint64_t age = now_ms > last ? now_ms - last : 0;

	/* somebody is at it, or was killed when he was */
	if (state == PRINCIPAL_CLAIMED ||
	    is_candidate(atomic_load(&b->principal_keys[at])))
		return age > ABANDONED_MS ? age : 0;
	return state != PRINCIPAL_READY || is_in_use(p) ? 0 : age + 1;
}

static uint32_t
longest_idle(const struct board *b, const struct search *s, uint64_t now_ms)
{
	uint32_t best = BOARD_NOBODY;
	uint64_t oldest = 0;

	for (uint32_t i = 0; i < s->window; i++) {
		uint32_t at = search_at(b, s, i);
		uint64_t age = idle_for(b, at, now_ms);

		if (age > oldest) {
			oldest = age;
			best = at;
		}
	}
	return best;
}

static uint32_t
free_one(struct board *b, const struct search *s)
{
	for (uint32_t i = 0; i < s->window; i++) {
		uint32_t at = search_at(b, s, i);

		if (claim_free(b, at))
			return at;
	}
	return BOARD_NOBODY;
}

uint32_t
principal_take(struct board *b, const struct search *s, uint64_t now_ms)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t at = free_one(b, s);

		if (at != BOARD_NOBODY)
			return at;
		at = longest_idle(b, s, now_ms);
		if (at == BOARD_NOBODY || claim_idle(b, at, now_ms) ||
		    claim_abandoned(b, at, now_ms))
			return at;
	}
	return BOARD_NOBODY;
}
