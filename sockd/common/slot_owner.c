/*
 * Whose a session slot is, and who may end it from outside: the hand-over
 * from process to process, the cut, and the burial of what a dead process
 * owned.
 *
 * A tunnel on its way between two processes belongs to whoever swaps the
 * owner word first: the receiver, or the master that buries the sender.
 */
#include "slot.h"

#include "slot_inner.h"

bool
slot_pass(struct board *b, uint32_t slot, uint64_t old, uint64_t new_)
{
	return slot < b->n.sessions && old != 0 &&
	    atomic_compare_exchange_strong(&b->owners[slot], &old, new_);
}

void
slot_cut(struct board *b, uint32_t slot, uint64_t id, enum outcome why)
{
	struct session_slot *s;
	uint64_t cut;

	if (slot >= b->n.sessions || id == 0)
		return;
	s = &b->sessions[slot];
	cut = atomic_load(&s->cut);
	do {
		/* never over the cut of the session that is there now */
		if (atomic_load(&s->id) != id || cut == id)
			return;
		atomic_store(&s->cut_why, why);
	} while (!atomic_compare_exchange_weak(&s->cut, &cut, id));
	atomic_fetch_add(&b->header->cuts, 1);
}

enum outcome
slot_cut_why(const struct board *b, uint32_t slot)
{
	const struct session_slot *s;
	uint64_t cut;
	uint32_t why;

	if (slot >= b->n.sessions)
		return OUTCOME_NONE;
	s = &b->sessions[slot];
	cut = atomic_load_explicit(&s->cut, memory_order_acquire);
	if (cut == 0 || cut != atomic_load(&s->id))
		return OUTCOME_NONE;
	why = atomic_load(&s->cut_why);
	return why > OUTCOME_NONE && why < N_OUTCOMES ? why : OUTCOME_CUT;
}

/* Whose owner is dead; only now does nobody else touch it. */
static bool
bury_one(struct board *b, uint32_t slot)
{
	uint32_t state = atomic_load(&b->states[slot]);

	if (state == SLOT_FREE || state == SLOT_ENDED)
		return false;
	if (state == SLOT_CLAIMED && !b->sessions[slot].has_octets) {
		slot_forget(b, slot);
		return true;
	}
	/* the dead one may have come as far as the outcome */
	if (!slot_end(b, slot, OUTCOME_LOST))
		slot_finish(b, slot);
	atomic_fetch_add(&b->header->counts.lost, 1);
	return true;
}

static bool
is_owner(uint64_t owner, uint32_t process, uint32_t epoch)
{
	return owner != 0 && owner_process(owner) == process &&
	    owner_epoch(owner) == (epoch & 0xffffff);
}

bool
slot_owns_any(const struct board *b, uint32_t process, uint32_t epoch)
{
	uint32_t high = slot_high(b);

	for (uint32_t i = 0; i < high; i++)
		if (is_owner(atomic_load_explicit(&b->owners[i],
		    memory_order_relaxed), process, epoch) &&
		    atomic_load(&b->states[i]) != SLOT_ENDED)
			return true;
	return false;
}

unsigned
slot_bury(struct board *b, uint32_t process, uint32_t epoch)
{
	uint32_t high = slot_high(b);
	unsigned n = 0;

	for (uint32_t i = 0; i < high; i++) {
		uint64_t owner = atomic_load_explicit(&b->owners[i],
		    memory_order_relaxed);

		if (!is_owner(owner, process, epoch))
			continue;
		/* a tunnel on its way to another owner is lost by one side
		 * only: whoever swaps the word first */
		if (slot_pass(b, i, owner, 0))
			n += bury_one(b, i);
	}
	return n;
}
