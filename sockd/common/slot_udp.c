/*
 * The pool of UDP blocks: what an association needs beside its session slot.
 *
 * The slot names a block before it takes it, so that a holder which was
 * killed at any point is told from one that holds; such a block is taken
 * over by the next who needs one.
 */
#include "slot.h"

#include <string.h>

#include "slot_inner.h"

/* Nobody but its holder and who frees it for him looks into a block. */
static void
clear_block(struct udp_block *block)
{
	const size_t rest = sizeof(block->holder);

	memset((char *)block + rest, 0, sizeof(*block) - rest);
}

/* Does the slot that a block names still name this block? */
static bool
is_held(const struct board *b, uint32_t index, uint32_t holder)
{
	uint32_t slot = holder - 1;

	return slot < b->n.sessions &&
	    atomic_load(&b->states[slot]) != SLOT_FREE &&
	    atomic_load(&b->sessions[slot].udp_block) == index;
}

static bool
take_block(struct board *b, uint32_t slot, uint32_t index)
{
	struct udp_block *block = &b->udp[index];
	uint32_t holder = atomic_load(&block->holder);

	if (holder != 0 && is_held(b, index, holder))
		return false;
	atomic_store(&b->sessions[slot].udp_block, index);
	if (!atomic_compare_exchange_strong(&block->holder, &holder,
	    slot + 1)) {
		atomic_store(&b->sessions[slot].udp_block, BOARD_NOBODY);
		return false;
	}
	clear_block(block);
	return true;
}

struct udp_block *
slot_udp_block(struct board *b, uint32_t slot)
{
	uint32_t index;

	if (slot >= b->n.sessions)
		return NULL;
	index = atomic_load(&b->sessions[slot].udp_block);
	if (index < b->n.udp && atomic_load(&b->udp[index].holder) == slot + 1)
		return &b->udp[index];
	for (uint32_t i = 0; i < b->n.udp; i++) {
		index = (slot + i) % b->n.udp;
		if (take_block(b, slot, index))
			return &b->udp[index];
	}
	return NULL;
}

struct udp_count *
slot_udp(struct board *b, uint32_t slot)
{
	struct udp_block *block = slot_udp_block(b, slot);

	return block == NULL ? NULL : block->counts;
}

const struct udp_block *
slot_udp_peek_block(const struct board *b, uint32_t slot)
{
	uint32_t index;

	if (slot >= b->n.sessions)
		return NULL;
	index = atomic_load(&b->sessions[slot].udp_block);
	if (index >= b->n.udp ||
	    atomic_load(&b->udp[index].holder) != slot + 1)
		return NULL;
	return &b->udp[index];
}

const struct udp_count *
slot_udp_peek(const struct board *b, uint32_t slot)
{
	const struct udp_block *block = slot_udp_peek_block(b, slot);

	return block == NULL ? NULL : block->counts;
}

void
slot_udp_release(struct board *b, uint32_t slot)
{
	uint32_t index = atomic_load(&b->sessions[slot].udp_block);
	uint32_t holder = slot + 1;

	if (index >= b->n.udp || atomic_load(&b->udp[index].holder) != holder)
		return;
	clear_block(&b->udp[index]);
	atomic_compare_exchange_strong(&b->udp[index].holder, &holder, 0);
	atomic_store(&b->sessions[slot].udp_block, BOARD_NOBODY);
}
