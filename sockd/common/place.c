/*
 * The table of client addresses, in every worker's hands at once.
 *
 * A key is found within WINDOW slots from where its hash points.  A new one
 * takes an empty slot of the window, else the one that was idle for longest;
 * an address under a penalty leaves only when all others are in use.  Two
 * processes that add one address at the same time may take two slots; the
 * lower one wins, and the other is empty again when it is idle.
 */
#include "place.h"

enum { WINDOW = 16, ROWS_PER_MINUTE = 10, TELL_EVERY_MS = 60000 };

static bool
is_place(const struct board *b, uint32_t place)
{
	return place < b->n.places;
}

static uint64_t
key_of(const struct board *b, const struct addr *client)
{
	struct addr a = addr_client(client);
	uint8_t octets[17] = { a.family };
	uint64_t key;

	for (size_t i = 0; i < addr_size(&a); i++)
		octets[i + 1] = a.ip[i];
	key = board_hash(b, octets, sizeof(octets));
	return key == 0 ? 1 : key;
}

/* The i-th slot of the window of this key. */
static uint32_t
probe(const struct board *b, uint64_t key, uint32_t i)
{
	return (uint32_t)((key + i) % b->n.places);
}

/* A window is no wider than the table. */
static uint32_t
window(const struct board *b)
{
	return b->n.places < WINDOW ? b->n.places : WINDOW;
}

static uint32_t
look_up(const struct board *b, uint64_t key)
{
	for (uint32_t i = 0; i < window(b); i++) {
		uint32_t at = probe(b, key, i);

		if (atomic_load(&b->places[at].key) == key)
			return at;
	}
	return BOARD_NOBODY;
}

static bool
is_used(const struct place_slot *p)
{
	return atomic_load(&p->handshakes) != 0 ||
	    atomic_load(&p->sessions) != 0;
}

/*
 * How good a slot is to be taken: the higher the better, 0 not at all.  An
 * empty one is best; a penalty weighs more than any age.
 */
static uint64_t
fitness(const struct place_slot *p, uint64_t now_ms)
{
	const uint64_t penalty = UINT64_C(1) << 62;
	uint64_t last = atomic_load(&p->last_ms);
	uint64_t age = now_ms > last ? now_ms - last : 0;

	if (atomic_load(&p->key) == 0)
		return UINT64_MAX;
	if (is_used(p))
		return 0;
	if (age >= penalty)
		age = penalty - 1;
	if (atomic_load(&p->penalty_until_ms) > now_ms)
		return age + 1;
	return penalty + age;
}

static uint32_t
best_of(const struct board *b, uint64_t key, uint64_t now_ms)
{
	uint32_t best = BOARD_NOBODY;
	uint64_t most = 0;

	for (uint32_t i = 0; i < window(b); i++) {
		uint32_t at = probe(b, key, i);
		uint64_t fit = fitness(&b->places[at], now_ms);

		if (fit > most) {
			most = fit;
			best = at;
		}
	}
	return best;
}

/* The gauges are left alone: they count whoever came in between. */
static void
forget_past(struct place_slot *p, uint64_t now_ms)
{
	atomic_store(&p->failures, 0);
	atomic_store(&p->refusals, 0);
	atomic_store(&p->refusals_minute, 0);
	atomic_store(&p->refusal_slot, 0);
	atomic_store(&p->window_ms, 0);
	atomic_store(&p->penalty_until_ms, 0);
	atomic_store(&p->last_ms, now_ms);
	for (size_t i = 0; i < N_PLACE_TOLD; i++) {
		atomic_store(&p->told[i].due_ms, 0);
		atomic_store(&p->told[i].n, 0);
	}
}

/* Take a slot for this key; BOARD_NOBODY: none, or lost to another. */
static uint32_t
take(struct board *b, uint64_t key, uint64_t now_ms)
{
	uint32_t at = best_of(b, key, now_ms);
	struct place_slot *p;
	uint64_t old;

	if (at == BOARD_NOBODY)
		return BOARD_NOBODY;
	p = &b->places[at];
	old = atomic_load(&p->key);
	if (!atomic_compare_exchange_strong(&p->key, &old, key))
		return BOARD_NOBODY;
	forget_past(p, now_ms);
	return at;
}

uint32_t
place_find(struct board *b, const struct addr *client, uint64_t now_ms)
{
	uint64_t key = key_of(b, client);
	uint32_t at = BOARD_NOBODY, first;

	for (uint32_t i = 0; i < WINDOW && at == BOARD_NOBODY; i++) {
		at = look_up(b, key);
		if (at == BOARD_NOBODY)
			at = take(b, key, now_ms);
	}
	if (at == BOARD_NOBODY)
		return BOARD_NOBODY;
	first = look_up(b, key);
	if (first != at && first != BOARD_NOBODY) {
		if (!is_used(&b->places[at]))
			atomic_compare_exchange_strong(&b->places[at].key,
			    &key, 0);
		at = first;
	}
	atomic_store(&b->places[at].last_ms, now_ms);
	return at;
}

/* ---- failed logins ---- */

bool
place_failed(struct board *b, uint32_t place, uint64_t now_ms,
    const struct place_penalty *penalty)
{
	struct place_slot *p;
	uint64_t began, until;

	if (penalty->failures == 0 || !is_place(b, place))
		return false;
	p = &b->places[place];
	began = atomic_load(&p->window_ms);
	if ((began == 0 || now_ms > began + penalty->window_ms) &&
	    atomic_compare_exchange_strong(&p->window_ms, &began, now_ms))
		atomic_store(&p->failures, 0);
	/* a reload may have brought failures below what was counted */
	if (atomic_fetch_add(&p->failures, 1) + 1 < penalty->failures)
		return false;
	until = atomic_load(&p->penalty_until_ms);
	if (until > now_ms || !atomic_compare_exchange_strong(
	    &p->penalty_until_ms, &until, now_ms + penalty->lasts_ms))
		return false;
	atomic_store(&p->window_ms, 0);		/* the next one begins anew */
	return true;
}

bool
place_is_penalised(const struct board *b, uint32_t place, uint64_t now_ms)
{
	return is_place(b, place) &&
	    atomic_load(&b->places[place].penalty_until_ms) > now_ms;
}

/* ---- what is told ---- */

uint32_t
place_tell(struct board *b, uint32_t place, enum place_told what,
    uint64_t now_ms)
{
	struct place_told_slot *t;
	uint64_t due;

	if (!is_place(b, place))
		return 0;
	t = &b->places[place].told[what];
	atomic_fetch_add(&t->n, 1);
	due = atomic_load(&t->due_ms);
	if (now_ms < due || !atomic_compare_exchange_strong(&t->due_ms, &due,
	    now_ms + TELL_EVERY_MS))
		return 0;
	return atomic_exchange(&t->n, 0);
}

/* ---- rows of refusals ---- */

/* Never 0, which is a place's own beginning. */
static uint64_t
minute_of(uint64_t now_ms)
{
	return now_ms / 60000 + 1;
}

static uint64_t
refusal_word(uint32_t slot, uint64_t id)
{
	return (uint64_t)slot << 32 | (uint32_t)id;
}

bool
place_may_record(struct board *b, uint32_t place, uint64_t now_ms)
{
	uint64_t minute = minute_of(now_ms);
	struct place_slot *p;
	uint64_t before;

	if (!is_place(b, place))
		return true;
	p = &b->places[place];
	before = atomic_load(&p->refusals_minute);
	if (before != minute && atomic_compare_exchange_strong(
	    &p->refusals_minute, &before, minute))
		atomic_store(&p->refusals, 0);
	return atomic_fetch_add(&p->refusals, 1) < ROWS_PER_MINUTE;
}

void
place_record(struct board *b, uint32_t place, uint32_t slot, uint64_t id)
{
	if (is_place(b, place))
		atomic_store(&b->places[place].refusal_slot,
		    refusal_word(slot, id));
}

bool
place_repeat(struct board *b, uint32_t place)
{
	struct session_slot *s;
	uint64_t last;
	uint32_t slot;

	if (!is_place(b, place))
		return false;
	last = atomic_load(&b->places[place].refusal_slot);
	slot = (uint32_t)(last >> 32);
	if (last == 0 || slot >= b->n.sessions)
		return false;
	s = &b->sessions[slot];
	if (refusal_word(slot, atomic_load(&s->id)) != last ||
	    atomic_load(&b->states[slot]) != SLOT_ENDED)
		return false;
	atomic_fetch_add(&s->repeats, 1);
	return true;
}

bool
place_may_repeat(const struct board *b, uint32_t slot, uint64_t id,
    uint64_t now_ms)
{
	uint32_t place = b->sessions[slot].place;
	const struct place_slot *p;

	if (!is_place(b, place))
		return false;
	p = &b->places[place];
	return atomic_load(&p->refusals) >= ROWS_PER_MINUTE &&
	    atomic_load(&p->refusals_minute) == minute_of(now_ms) &&
	    atomic_load(&p->refusal_slot) == refusal_word(slot, id);
}
