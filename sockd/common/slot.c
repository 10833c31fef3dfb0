/*
 * The life of a session slot, from claim to free.
 *
 * Two words beside the slot say who may touch it: its state and its owner.
 * A slot can be claimed when its state is FREE and its owner 0; the claim is
 * the compare-and-swap of the owner word, so that whoever dies right after
 * it has left its name there and slot_bury() finds it.  Everything below may
 * be cut short by SIGKILL at any point: what is undone is undone by atomic
 * exchange, hence once, and the order of steps leaves either the owner or
 * the state for those who clean up.
 */
#include "slot.h"

#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "principal.h"
#include "slot_inner.h"

static const uint64_t hint_index_mask = UINT32_MAX;

static bool
is_slot(const struct board *b, uint32_t slot)
{
	return slot < b->n.sessions;
}

/* ---- FREE to CLAIMED ---- */

/*
 * Nobody else looks at a slot in state FREE, but for a cut that comes late:
 * id and cut stay atomic throughout.
 *
 * It is read before it is written: to a process that reads a page of the
 * board the kernel gives its neighbours as well, to one that writes it only
 * this one, and a worker meets most slots of a busy board for the first time.
 */
static void
zero_slot(struct session_slot *s)
{
	const size_t rest = offsetof(struct session_slot, bytes_up);

	if (atomic_load(&s->cut) != 0)
		atomic_store(&s->cut, 0);
	memset((char *)s + rest, 0, sizeof(*s) - rest);
	atomic_init(&s->stop_at_bytes, UINT64_MAX);
	atomic_init(&s->rule, BOARD_NOBODY);
	atomic_init(&s->limit, BOARD_NOBODY);
	atomic_init(&s->reply, -1);
	atomic_init(&s->udp_block, BOARD_NOBODY);
	s->principal = BOARD_NOBODY;
	s->place = BOARD_NOBODY;
}

uint32_t
slot_high(const struct board *b)
{
	uint32_t high = atomic_load(&b->header->high);

	return high < b->n.sessions ? high : b->n.sessions;
}

/* Raise high to at least this. */
static void
raise_high(struct board_header *h, uint32_t at_least)
{
	uint32_t high = atomic_load(&h->high);

	while (high < at_least &&
	    !atomic_compare_exchange_weak(&h->high, &high, at_least))
		;
}

/*
 * Take this slot, if it is free.  The state is looked at again under the
 * owner word: it may have been claimed, ended and disowned since.
 */
static bool
claim_one(struct board *b, uint32_t slot, uint64_t owner)
{
	uint64_t nobody = 0;

	if (atomic_load_explicit(&b->states[slot], memory_order_relaxed) !=
	    SLOT_FREE)
		return false;
	raise_high(b->header, slot + 1);	/* slot_bury() looks below */
	if (!atomic_compare_exchange_strong(&b->owners[slot], &nobody, owner))
		return false;
	if (atomic_load(&b->states[slot]) == SLOT_FREE)
		return true;
	atomic_store(&b->owners[slot], 0);
	return false;
}

static int64_t
claim_between(struct board *b, uint32_t first, uint32_t end, uint64_t owner)
{
	for (uint32_t i = first; i < end; i++)
		if (claim_one(b, i, owner))
			return i;
	return -1;
}

int64_t
slot_take(struct board *b, uint64_t owner)
{
	struct board_header *h = b->header;
	uint64_t hint = atomic_load(&h->claim_hint);
	uint32_t first = (uint32_t)(hint & hint_index_mask);
	int64_t slot;

	if (first >= b->n.sessions)
		first = 0;
	slot = claim_between(b, first, b->n.sessions, owner);
	if (slot == -1)
		slot = claim_between(b, 0, first, owner);
	if (slot == -1)
		return -1;
	/* only if nothing was freed meanwhile: see lower_hint() */
	atomic_compare_exchange_strong(&h->claim_hint, &hint,
	    (hint & ~hint_index_mask) | (uint64_t)(slot + 1));
	zero_slot(&b->sessions[slot]);
	atomic_fetch_add(&h->used, 1);
	return slot;
}

int64_t
slot_claim(struct board *b, uint64_t owner)
{
	int64_t slot = slot_take(b, owner);

	if (slot == -1) {
		atomic_store(&b->header->full[FULL_SLOTS], 1);
		return -1;
	}
	b->sessions[slot].started_us = clock_wall_us();
	/* until here the slot has the id of the last session, so that a cut
	 * which is late finds that one gone */
	atomic_store(&b->sessions[slot].id,
	    atomic_fetch_add(&b->header->next_id, 1));
	atomic_store(&b->states[slot], SLOT_CLAIMED);
	return slot;
}

void
slot_advance(struct board *b, uint32_t slot, enum slot_state state)
{
	uint32_t now;

	if (!is_slot(b, slot) || state >= SLOT_ENDED)
		return;
	now = atomic_load(&b->states[slot]);
	while (now != SLOT_FREE && now < state &&
	    !atomic_compare_exchange_weak(&b->states[slot], &now, state))
		;
}

/* ---- to ENDED ---- */

void
slot_finish(struct board *b, uint32_t slot)
{
	struct session_slot *s = &b->sessions[slot];
	uint32_t state = atomic_load(&b->states[slot]);

	if (atomic_load(&s->ended_us) == 0)
		atomic_store(&s->ended_us, clock_wall_us());
	slot_ungauge(b, slot, ~(uint32_t)GAUGE_REFUSED);
	if (atomic_load(&s->reply) != 0 &&
	    !(atomic_fetch_or(&s->gauges, GAUGE_REFUSED) & GAUGE_REFUSED))
		atomic_fetch_add(&b->header->refused_waiting, 1);
	while (state != SLOT_FREE && state != SLOT_ENDED &&
	    !atomic_compare_exchange_weak(&b->states[slot], &state,
	    SLOT_ENDED))
		;
}

bool
slot_end(struct board *b, uint32_t slot, enum outcome outcome)
{
	uint32_t none = OUTCOME_NONE, state;

	if (!is_slot(b, slot))
		return false;
	state = atomic_load(&b->states[slot]);
	if (state == SLOT_FREE || state == SLOT_ENDED)
		return false;
	if (outcome == OUTCOME_NONE)
		outcome = OUTCOME_ERROR;
	if (!atomic_compare_exchange_strong(&b->sessions[slot].outcome, &none,
	    outcome))
		return false;
	slot_finish(b, slot);
	return true;
}

/* ---- to FREE ---- */

/*
 * The claims begin at this index again.  The count of frees in the word
 * makes a claimer's update fail whose search began before this slot was
 * free: it might have passed it by.
 */
static void
lower_hint(struct board *b, uint32_t slot)
{
	uint64_t hint = atomic_load(&b->header->claim_hint);
	uint64_t frees, index;

	do {
		frees = (hint >> 32) + 1;
		index = hint & hint_index_mask;
		if (slot < index)
			index = slot;
	} while (!atomic_compare_exchange_weak(&b->header->claim_hint, &hint,
	    frees << 32 | index));
}

static void
let_go(struct board *b, uint32_t slot)
{
	struct session_slot *s = &b->sessions[slot];
	uint32_t principal = s->principal;

	slot_ungauge(b, slot, ~(uint32_t)0);
	slot_udp_release(b, slot);
	/* whoever dies in between leaves a hold, never a hold too few */
	s->principal = BOARD_NOBODY;
	principal_release(b, principal);
}

/* The last step of a slot's life: it may be claimed from now on. */
static void
count_free(struct board *b, uint32_t slot)
{
	slot_count_down(&b->header->used, 1);
	lower_hint(b, slot);
}

/*
 * The owner word stays until the end: if the owner dies in here, slot_bury()
 * finds the slot by it and goes on.
 */
void
slot_forget(struct board *b, uint32_t slot)
{
	uint32_t state;

	if (!is_slot(b, slot))
		return;
	state = atomic_load(&b->states[slot]);
	if (state == SLOT_FREE || state == SLOT_ENDED)
		return;
	let_go(b, slot);
	atomic_store(&b->states[slot], SLOT_FREE);
	atomic_store(&b->owners[slot], 0);
	count_free(b, slot);
}

/*
 * Here the state comes last: an accountant that dies in between leaves an
 * ENDED slot, which the next one writes again (under the same id) and frees.
 * A state that is none is a stolen worker's, and goes the same way.
 */
void
slot_free(struct board *b, uint32_t slot)
{
	uint32_t state;

	if (!is_slot(b, slot))
		return;
	state = atomic_load(&b->states[slot]);
	if (state < SLOT_ENDED)
		return;
	let_go(b, slot);
	atomic_store(&b->owners[slot], 0);
	if (atomic_compare_exchange_strong(&b->states[slot], &state,
	    SLOT_FREE))
		count_free(b, slot);
}

bool
slot_may_record(const struct board *b)
{
	uint32_t room = b->n.sessions - b->session_max;

	return atomic_load(&b->header->refused_waiting) < room / 2;
}
