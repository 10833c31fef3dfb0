/*
 * The sessions of the last run, brought over to the board of this one.
 *
 * Only the master runs this, before its first fork and after the last
 * process of the old run is gone.  The old file is hostile like any slot:
 * everything goes through slot_read().  Each slot is ended, copied and freed
 * in this order, so that whoever is killed in between and begins again
 * imports nothing twice but under the same id.
 */
#include "board.h"

#include <string.h>

#include "clock.h"
#include "log.h"
#include "principal.h"
#include "slot.h"
#include "slot_inner.h"

/* No process has this index: who claims for an import. */
static const uint64_t import_owner = UINT64_MAX;

static void
copy_counts(struct board *to, uint32_t slot, const struct board *from,
    uint32_t old)
{
	const struct udp_count *source = slot_udp_peek(from, old);
	struct udp_count *counts;

	if (source == NULL)
		return;
	counts = slot_udp(to, slot);
	for (size_t i = 0; counts != NULL && i < UDP_TARGETS_MAX; i++) {
		struct udp_count *c = &counts[i];

		c->addr = source[i].addr;
		c->source = source[i].source;
		memcpy(c->name, source[i].name, sizeof(c->name));
		c->name[sizeof(c->name) - 1] = '\0';
		atomic_store(&c->datagrams, atomic_load(&source[i].datagrams));
		atomic_store(&c->bytes, atomic_load(&source[i].bytes));
		atomic_store(&c->first_us, atomic_load(&source[i].first_us));
	}
}

/* What an ended session is; indexes of the old run mean nothing here. */
static void
copy_fields(struct session_slot *to, const struct session_slot *from)
{
	memcpy(to, from, sizeof(*to));
	atomic_store(&to->cut, 0);
	atomic_store(&to->gauges, 0);
	atomic_store(&to->rule, BOARD_NOBODY);
	atomic_store(&to->limit, BOARD_NOBODY);
	atomic_store(&to->udp_block, BOARD_NOBODY);
	to->principal = BOARD_NOBODY;
	to->place = BOARD_NOBODY;
}

/* An ENDED slot of the older board; false: no room, or nonsense. */
static bool
copy_slot(struct board *to, const struct board *from, uint32_t slot)
{
	struct session_slot copy;
	enum slot_state state;
	char name[BOARD_USER_SIZE];
	int64_t new_;

	if (slot_read(from, slot, &copy, &state) != 1 || state != SLOT_ENDED)
		return false;
	new_ = slot_take(to, import_owner);
	if (new_ == -1)
		return false;
	copy_fields(&to->sessions[new_], &copy);
	copy_counts(to, (uint32_t)new_, from, slot);
	if (slot_principal_name(from, &copy, name) &&
	    !slot_set_principal(to, (uint32_t)new_, name,
	    copy.principal_kind)) {
		atomic_store(&to->states[new_], SLOT_CLAIMED);
		slot_forget(to, (uint32_t)new_);
		return false;
	}
	if (atomic_load(&copy.reply) != 0)
		slot_gauge(to, (uint32_t)new_, GAUGE_REFUSED, 0);
	atomic_store(&to->states[new_], SLOT_ENDED);
	return true;
}

/*
 * When was the last sign of life?  What was alive then is said to have ended
 * then, and not at this start, perhaps days later.
 */
static uint64_t
last_sign_us(const struct board *b)
{
	uint64_t now = clock_wall_us(), last = 0;

	for (uint32_t i = 0; i < b->n.sessions; i++) {
		const struct session_slot *s = &b->sessions[i];
		uint64_t signs[] = { s->started_us,
		    atomic_load(&s->active_ms) * 1000,
		    atomic_load(&s->ended_us) };

		if (atomic_load(&b->states[i]) == SLOT_FREE)
			continue;
		for (size_t j = 0; j < 3; j++)
			if (signs[j] > last && signs[j] <= now)
				last = signs[j];
	}
	return last == 0 ? now : last;
}

/* The books of one old slot are closed: ENDED, or FREE if it is no row. */
static void
close_one(struct board *b, uint32_t slot, uint64_t when_us,
    struct log_condition *bad)
{
	struct session_slot *s = &b->sessions[slot];
	struct session_slot copy;
	enum slot_state state;
	int sound = slot_read(b, slot, &copy, &state);

	if (sound == 0 || (sound == 1 && state == SLOT_ENDED))
		return;
	if (sound == -1)
		log_starts(bad, "slot=%u what=import", slot);
	if (sound == -1 || (state == SLOT_CLAIMED && !copy.has_octets)) {
		atomic_store(&b->states[slot], SLOT_FREE);
		return;
	}
	if (atomic_load(&s->ended_us) == 0)
		atomic_store(&s->ended_us, when_us);
	if (atomic_load(&s->outcome) == OUTCOME_NONE)
		atomic_store(&s->outcome, OUTCOME_LOST);
	atomic_store(&b->states[slot], SLOT_ENDED);
}

unsigned
board_import(struct board *to, struct board *from)
{
	struct log_condition bad = { .what = "board slot bad" };
	uint64_t when_us = last_sign_us(from);
	unsigned n = 0;

	board_seed_id(to, atomic_load(&from->header->next_id));
	for (uint32_t i = 0; i < from->n.sessions; i++) {
		if (atomic_load(&from->states[i]) == SLOT_FREE)
			continue;
		close_one(from, i, when_us, &bad);
		if (!copy_slot(to, from, i))
			continue;
		atomic_store(&from->states[i], SLOT_FREE);
		n++;
	}
	log_ends(&bad);
	return n;
}

unsigned
board_waiting(const struct board *b)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < b->n.sessions; i++)
		n += atomic_load(&b->states[i]) != SLOT_FREE;
	return n;
}
