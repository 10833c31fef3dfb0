/*
 * The process slots of the board.  The master alone claims and frees them; a
 * process sets the state of its own.
 */
#include "board.h"

#include "clock.h"

/* An epoch fits the 24 bits of the owner word and is never 0. */
static uint32_t
epoch_after(uint32_t epoch)
{
	epoch = (epoch + 1) & 0xffffff;
	return epoch == 0 ? 1 : epoch;
}

uint32_t
process_claim(struct board *b, unsigned index, enum process_kind kind,
    uint32_t generation)
{
	struct process_slot *p = &b->processes[index];
	uint32_t epoch = epoch_after(atomic_load(&p->epoch));

	atomic_store(&p->pid, 0);
	atomic_store(&p->kind, kind);
	atomic_store(&p->generation, generation);
	atomic_store(&p->served, 0);
	atomic_store(&p->epoch, epoch);
	process_set_state(b, index, PROCESS_STARTING);
	return epoch;
}

void
process_free(struct board *b, unsigned index)
{
	if (index >= b->n.processes)
		return;
	atomic_store(&b->processes[index].pid, 0);
	atomic_store(&b->processes[index].kind, PROCESS_NONE);
	process_set_state(b, index, PROCESS_FREE);
}

void
process_set_state(struct board *b, unsigned index, enum process_state state)
{
	if (index >= b->n.processes)
		return;
	atomic_store(&b->processes[index].since_ms, clock_ms());
	atomic_store(&b->processes[index].state, state);
}
