/*
 * The table of principals: how a name finds its slot, in every process at
 * once and without a lock.
 *
 * A name stands within WINDOW slots from where its hash points; the keys
 * have an array of their own, so that a search reads few cache lines.
 */
#include "principal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "lib/text.h"
#include "principal_inner.h"
#include "slot_inner.h"

enum { WINDOW = 512, TRIES = 8, PATIENCE_MS = 20 };

static struct search
search_for(const struct board *b, const char *name)
{
	uint64_t hash = board_hash(b, name, strnlen(name, BOARD_USER_SIZE));
	struct search s = { .name = name, .window = WINDOW };

	s.member = (hash < KEY_LEAST ? KEY_LEAST : hash) | 1;
	s.candidate = s.member - 1;
	s.first = (uint32_t)(hash % b->n.principals);
	if (s.window > b->n.principals)
		s.window = b->n.principals;
	return s;
}

static bool
is_named(const struct board *b, uint32_t at, const struct search *s)
{
	return (atomic_load(&b->principal_keys[at]) | 1) == s->member &&
	    strncmp(b->principals[at].name, s->name, BOARD_USER_SIZE) == 0;
}

static bool
is_member(const struct board *b, uint32_t at, const struct search *s)
{
	return atomic_load(&b->principal_keys[at]) == s->member;
}

/*
 * The first slot of this name, candidate or member, but for one
 * (BOARD_NOBODY: all); BOARD_NOBODY if there is none.
 */
static uint32_t
look_up(const struct board *b, const struct search *s, uint32_t but)
{
	for (uint32_t i = 0; i < s->window; i++) {
		uint32_t at = search_at(b, s, i);

		if (atomic_load(&b->principal_keys[at]) == KEY_NEVER)
			break;
		if (at != but && is_named(b, at, s))
			return at;
	}
	return BOARD_NOBODY;
}

/*
 * Wait until a candidate is a member or gone.  One that takes too long was
 * killed: what it was filling goes, what it had made leave stays.
 */
static void
settle(struct board *b, uint32_t at, const struct search *s)
{
	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (is_member(b, at, s) || !is_named(b, at, s))
			return;
		poll(NULL, 0, 1);
	}
	if (atomic_load(&b->principals[at].state) == PRINCIPAL_CLAIMED)
		key_swap(b, at, s->candidate, KEY_NONE);
	else
		key_swap(b, at, s->candidate, s->member);
}

/* ---- a new one ---- */

/*
 * Two processes that add one name at the same time end with one slot:
 *   1. each takes a slot, writes the name, then the key of a candidate;
 *   2. each looks through the window again.  If there is a member, or a
 *      candidate before ours, ours goes.  For a candidate behind ours we
 *      wait: it has seen us and goes, or it had not and is a member soon;
 *   3. ours becomes a member.
 * All steps are sequentially consistent, so of two candidates at least one
 * sees the other; and only the first in the window waits for later ones, so
 * there is no circle.  Who waits longer than PATIENCE_MS takes the other for
 * dead and decides for it, by the same swap of the key.
 */

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
	atomic_store(&b->principals[at].state, PRINCIPAL_FREE);
}

/* Step 1: a candidate for all to see.  BOARD_NOBODY: there is no room. */
static uint32_t
stand(struct board *b, const struct search *s)
{
	uint64_t now_ms = clock_wall_ms();
	uint32_t at = principal_take(b, s, now_ms);
	struct principal_slot *p;

	if (at == BOARD_NOBODY)
		return BOARD_NOBODY;
	p = &b->principals[at];
	reset(p, now_ms);
	memset(p->name, 0, sizeof(p->name));
	text_copy(p->name, sizeof(p->name), s->name);
	atomic_store(&b->principal_keys[at], s->candidate);
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

/* Step 2: may ours become a member? */
static bool
wins(struct board *b, uint32_t ours, const struct search *s)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t other = look_up(b, s, ours);

		if (other == BOARD_NOBODY)
			return true;
		if (is_member(b, other, s) || is_before(b, s, other, ours))
			return false;
		settle(b, other, s);
	}
	return false;
}

/* Step 3, with a hold; false: somebody took us for dead, and it is gone. */
static bool
join(struct board *b, uint32_t at, const struct search *s)
{
	struct principal_slot *p = &b->principals[at];

	atomic_fetch_add(&p->holds, 1);
	/* from here on whoever waits in vain makes it a member itself */
	atomic_store(&p->state, PRINCIPAL_LOADING);
	atomic_fetch_add(&b->header->loading, 1);
	if (key_swap(b, at, s->candidate, s->member) || is_member(b, at, s))
		return true;
	slot_count_down(&p->holds, 1);
	return false;
}

/* ---- to find it ---- */

/* Hold the slot, unless it goes to another at this moment. */
static bool
hold(struct board *b, uint32_t at, const struct search *s)
{
	struct principal_slot *p = &b->principals[at];

	atomic_fetch_add(&p->holds, 1);
	if (is_member(b, at, s) && is_named(b, at, s)) {
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
	if (at != BOARD_NOBODY) {
		settle(b, at, s);
		return hold(b, at, s);
	}
	*found = at = stand(b, s);
	if (at == BOARD_NOBODY)
		return true;
	if (wins(b, at, s) && join(b, at, s))
		return true;
	drop(b, at);
	return false;
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

	return at != BOARD_NOBODY && is_member(b, at, &s) ? at : BOARD_NOBODY;
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
