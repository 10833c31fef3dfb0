/*
 * The table of principals: how a name finds its slot, in every process at
 * once and without a lock.
 *
 * A name stands within WINDOW slots from where its hash points; the hashes
 * have an array of their own, so that a search reads few cache lines.  A
 * search ends at the first slot that was never used: a key, once set, is
 * never 0 again.
 *
 * Two processes that add one name at the same time end with one slot:
 *   1. each takes a slot (state CLAIMED), writes the name, then the key:
 *      from here on the others can see it as a candidate;
 *   2. each looks through the window again.  One that is LOADING or READY
 *      has won.  A candidate with a lower index wins too: drop ours, look
 *      again.  For one with a higher index we wait: it has seen us, and
 *      drops itself, or it had not, and is LOADING in a moment;
 *   3. ours becomes LOADING.
 * Both steps are sequentially consistent, so of two candidates at least one
 * sees the other.  Only lower ones wait for higher ones: no circle.  A
 * candidate whose process was killed holds the others up for PATIENCE_MS.
 */
#include "principal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "slot_inner.h"

enum {
	WINDOW = 512,
	TRIES = 8,
	PATIENCE_MS = 20,		/* for a candidate to decide */
	ABANDONED_MS = 10000,		/* a candidate that is older died */
};

/* Keys that are no hash: never used; taken, but its name is not there yet
 * or not any more. */
enum { KEY_NEVER = 0, KEY_NONE = 1, N_KEYS_RESERVED };

struct search {
	const char	*name;
	uint64_t	key;
	uint32_t	first, window;
};

static struct search
search_for(const struct board *b, const char *name)
{
	struct search s = { .name = name };

	s.key = board_hash(b, name, strnlen(name, BOARD_USER_SIZE));
	if (s.key < N_KEYS_RESERVED)
		s.key = N_KEYS_RESERVED;
	s.first = (uint32_t)(s.key % b->n.principals);
	s.window = b->n.principals < WINDOW ? b->n.principals : WINDOW;
	return s;
}

static uint32_t
probe(const struct board *b, const struct search *s, uint32_t i)
{
	return (s->first + i) % b->n.principals;
}

static bool
is_named(const struct board *b, uint32_t at, const struct search *s)
{
	return atomic_load(&b->principal_keys[at]) == s->key &&
	    strncmp(b->principals[at].name, s->name, BOARD_USER_SIZE) == 0;
}

static bool
is_published(const struct board *b, uint32_t at)
{
	uint32_t state = atomic_load(&b->principals[at].state);

	return state == PRINCIPAL_LOADING || state == PRINCIPAL_READY;
}

/*
 * The first slot of this name but for one (BOARD_NOBODY: all), candidates
 * among them; BOARD_NOBODY if there is none.
 */
static uint32_t
look_up(const struct board *b, const struct search *s, uint32_t but)
{
	for (uint32_t i = 0; i < s->window; i++) {
		uint32_t at = probe(b, s, i);

		if (atomic_load(&b->principal_keys[at]) == KEY_NEVER)
			break;
		if (at != but && is_named(b, at, s))
			return at;
	}
	return BOARD_NOBODY;
}

/* Wait for a candidate to become LOADING or to go; false: it did neither. */
static bool
wait_for(const struct board *b, uint32_t at, const struct search *s)
{
	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (is_published(b, at) || !is_named(b, at, s))
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

/* ---- to take a slot ---- */

/* The key stays off 0 from now on, whatever becomes of the claim. */
static bool
claim_free(struct board *b, uint32_t at)
{
	uint64_t never = KEY_NEVER;
	uint32_t vacant = PRINCIPAL_FREE;

	if (atomic_load(&b->principals[at].state) != PRINCIPAL_FREE)
		return false;
	atomic_compare_exchange_strong(&b->principal_keys[at], &never,
	    KEY_NONE);
	return atomic_compare_exchange_strong(&b->principals[at].state,
	    &vacant, PRINCIPAL_CLAIMED);
}

/*
 * Take the slot of one whom nobody holds.  Who finds it meanwhile holds it
 * first and looks at the state second; here it is the other way round, so
 * that one of the two steps back.
 */
static bool
claim_idle(struct board *b, uint32_t at)
{
	struct principal_slot *p = &b->principals[at];
	uint32_t ready = PRINCIPAL_READY;

	if (!atomic_compare_exchange_strong(&p->state, &ready,
	    PRINCIPAL_CLAIMED))
		return false;
	if (atomic_load(&p->holds) == 0 && atomic_load(&p->sessions) == 0)
		return true;
	atomic_store(&p->state, PRINCIPAL_READY);
	return false;
}

/* May it leave?  0: no; else the older the larger. */
static uint64_t
idle_for(const struct principal_slot *p, uint64_t now_ms)
{
	uint32_t state = atomic_load(&p->state);
	uint64_t last = atomic_load(&p->last_ms);
	uint64_t age = now_ms > last ? now_ms - last : 0;

	if (state == PRINCIPAL_CLAIMED)
		return age > ABANDONED_MS ? age : 0;
	if (state != PRINCIPAL_READY || atomic_load(&p->holds) != 0 ||
	    atomic_load(&p->sessions) != 0)
		return 0;
	return age + 1;
}

static uint32_t
evict(struct board *b, const struct search *s, uint64_t now_ms)
{
	uint32_t best = BOARD_NOBODY;
	uint64_t oldest = 0, last;

	for (uint32_t i = 0; i < s->window; i++) {
		uint32_t at = probe(b, s, i);
		uint64_t age = idle_for(&b->principals[at], now_ms);

		if (age > oldest) {
			oldest = age;
			best = at;
		}
	}
	if (best == BOARD_NOBODY || claim_idle(b, best))
		return best;
	/* an abandoned candidate: the swap of last_ms decides whose it is */
	last = atomic_load(&b->principals[best].last_ms);
	if (atomic_load(&b->principals[best].state) == PRINCIPAL_CLAIMED &&
	    last + ABANDONED_MS < now_ms && atomic_compare_exchange_strong(
	    &b->principals[best].last_ms, &last, now_ms))
		return best;
	return BOARD_NOBODY;
}

static uint32_t
take(struct board *b, const struct search *s, uint64_t now_ms)
{
	for (uint32_t i = 0; i < s->window; i++) {
		uint32_t at = probe(b, s, i);

		if (claim_free(b, at))
			return at;
	}
	return evict(b, s, now_ms);
}

/* ---- to make a new one ---- */

static void
reset(struct principal_slot *p, uint64_t now_ms)
{
	atomic_store(&p->last_ms, now_ms);
	atomic_store(&p->warned, 0);
	atomic_store(&p->bytes, 0);
	atomic_store(&p->active_s, 0);
	atomic_store(&p->active_until_ms, 0);
	atomic_store(&p->counted_ms, 0);
	for (size_t i = 0; i < N_PERIODS; i++) {
		atomic_store(&p->base_bytes[i], 0);
		atomic_store(&p->base_active_s[i], 0);
	}
	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++)
		atomic_store(&p->addresses[i], 0);
	memset(&p->up, 0, sizeof(p->up));	/* zeroed buckets are full */
	memset(&p->down, 0, sizeof(p->down));
}

static void
drop(struct board *b, uint32_t at)
{
	atomic_store(&b->principal_keys[at], KEY_NONE);
	atomic_store(&b->principals[at].last_ms, 0);
	atomic_store(&b->principals[at].state, PRINCIPAL_FREE);
}

/* Step 1: a candidate for all to see.  BOARD_NOBODY: there is no room. */
static uint32_t
stand(struct board *b, const struct search *s)
{
	uint64_t now_ms = clock_wall_ms();
	uint32_t at = take(b, s, now_ms);
	struct principal_slot *p;

	if (at == BOARD_NOBODY)
		return BOARD_NOBODY;
	p = &b->principals[at];
	atomic_store(&b->principal_keys[at], KEY_NONE);
	reset(p, now_ms);
	memset(p->name, 0, sizeof(p->name));
	memcpy(p->name, s->name, strnlen(s->name, sizeof(p->name) - 1));
	atomic_store(&b->principal_keys[at], s->key);
	return at;
}

/* Is x before y, as a search of the window meets them? */
static bool
is_before(const struct board *b, const struct search *s, uint32_t x,
    uint32_t y)
{
	uint32_t n = b->n.principals;

	return (x + n - s->first) % n < (y + n - s->first) % n;
}

/* Step 2: true if ours may become LOADING. */
static bool
wins(struct board *b, uint32_t ours, const struct search *s)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t other = look_up(b, s, ours);

		if (other == BOARD_NOBODY)
			return true;
		if (is_published(b, other))
			return false;
		if (is_before(b, s, other, ours))
			return false;
		if (!wait_for(b, other, s))
			return true;
	}
	return true;
}

/* Hold the slot, unless it went to another while we looked. */
static bool
hold(struct board *b, uint32_t at, const struct search *s)
{
	struct principal_slot *p = &b->principals[at];

	atomic_fetch_add(&p->holds, 1);
	if (is_published(b, at) && is_named(b, at, s)) {
		atomic_store(&p->last_ms, clock_wall_ms());
		return true;
	}
	slot_count_down(&p->holds, 1);
	return false;
}

/* One attempt; false: look again. */
static bool
find_or_make(struct board *b, const struct search *s, uint32_t *found)
{
	uint32_t at = look_up(b, s, BOARD_NOBODY);

	*found = at;
	if (at != BOARD_NOBODY && (is_published(b, at) ||
	    wait_for(b, at, s)))
		return hold(b, at, s);
	*found = at = stand(b, s);
	if (at == BOARD_NOBODY)
		return true;
	if (!wins(b, at, s)) {
		drop(b, at);
		return false;
	}
	atomic_fetch_add(&b->principals[at].holds, 1);
	atomic_store(&b->principals[at].state, PRINCIPAL_LOADING);
	atomic_fetch_add(&b->header->loading, 1);
	return true;
}

uint32_t
principal_find(struct board *b, const char *name)
{
	struct search s = search_for(b, name);
	uint32_t found;

	if (name[0] == '\0' || strnlen(name, BOARD_USER_SIZE) ==
	    BOARD_USER_SIZE)
		return BOARD_NOBODY;
	for (int i = 0; i < TRIES; i++)
		if (find_or_make(b, &s, &found))
			return found;
	return BOARD_NOBODY;
}

uint32_t
principal_peek(const struct board *b, const char *name)
{
	struct search s = search_for(b, name);
	uint32_t at = look_up(b, &s, BOARD_NOBODY);

	return at != BOARD_NOBODY && is_published(b, at) ? at : BOARD_NOBODY;
}

void
principal_release(struct board *b, uint32_t principal)
{
	if (principal < b->n.principals)
		slot_count_down(&b->principals[principal].holds, 1);
}

void
principal_of_address(char out[BOARD_USER_SIZE], const struct addr *client,
    bool shared)
{
	struct addr a = addr_client(client);
	char text[ADDR_TEXT_MAX];

	snprintf(out, BOARD_USER_SIZE, "ip:%s%s",
	    shared ? "*" : addr_format(&a, text),
	    !shared && a.family == ADDR_IPV6 ? "/64" : "");
}
