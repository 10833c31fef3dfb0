/*
 * From the board to the ledger, once every interval, in one transaction.  A
 * session that began and ended since the last sweep is one insert; one that
 * lives is put when something of it has changed.
 *
 * Ids follow the clock: before each sweep the next id is raised to the time
 * in us, so that a range of ids is a range of time, and the ledger needs no
 * index on it.
 */
#include "sweep.h"

#include "end_line.h"
#include "entry.h"
#include "sockd/common/clock.h"
#include "sockd/common/drops.h"
#include "sockd/common/log.h"
#include "sockd/common/place.h"
#include "sockd/common/slot.h"
#include "store.h"
#include "tally.h"

/* ---- what there is to do ---- */

static bool
has_moved(const struct session_slot *s, const struct known *known)
{
	return atomic_load(&s->bytes_up) != known->bytes_up ||
	    atomic_load(&s->bytes_down) != known->bytes_down ||
	    atomic_load(&s->datagrams_up) +
	    atomic_load(&s->datagrams_down) != known->datagrams ||
	    atomic_load(&s->reply) != known->reply;
}

/* A refusal may yet be repeated in this minute; at the end nobody waits. */
static bool
waits_for_repeats(const struct books *k, uint32_t slot, uint64_t id)
{
	return atomic_load(&k->board->header->stopping) == 0 &&
	    place_may_repeat(k->board, slot, id, clock_ms());
}

/* Is there anything new in a slot, without a copy of it? */
static bool
has_news(const struct books *k, uint32_t slot)
{
	uint32_t state = atomic_load_explicit(&k->board->states[slot],
	    memory_order_acquire);
	struct session_slot *s = &k->board->sessions[slot];
	const struct known *known = &k->known[slot];
	uint64_t id;

	if (state < SLOT_REQUESTED)
		return false;
	id = atomic_load(&s->id);
	if (!k->writing && (state != SLOT_ENDED || k->told[slot] == id))
		return false;
	if (known->id != id || k->anew)
		return true;
	if (known->ended)
		return known->repeats != atomic_load(&s->repeats) ||
		    !waits_for_repeats(k, slot, id);
	return state == SLOT_ENDED || has_moved(s, known) ||
	    (state == SLOT_LIVE && !known->granted && known->reply == 0);
}

/* ---- slot by slot ---- */

static void
reject(struct books *k, uint32_t slot, const char *why)
{
	uint64_t id = atomic_load(&k->board->sessions[slot].id);

	if (k->told[slot] != id || id == 0) {
		log_warning("board slot bad slot=%u id=%llu what=%s", slot,
		    (unsigned long long)id, why);
		k->told[slot] = id;
		k->bad++;
		atomic_fetch_add(&k->board->header->counts.unrecorded, 1);
	}
	slot_free(k->board, slot);	/* if it has ended */
}

/* Of an association that ended while it was parked. */
static void
tell_drops(const struct books *k, const struct row *r)
{
	const struct udp_block *block = slot_udp_peek_block(k->board, r->slot);
	uint32_t drops[N_UDP_DROPS];

	if (r->copy.command != COMMAND_UDP || block == NULL)
		return;
	for (int i = 0; i < N_UDP_DROPS; i++)
		drops[i] = atomic_load(&block->drops[i]);
	drops_log(r->id, drops);
}

static void
tell(struct books *k, const struct row *r)
{
	if (!r->ended || k->told[r->slot] == r->id)
		return;
	k->told[r->slot] = r->id;
	end_line_log(r);
	tell_drops(k, r);
}

static int
visit(struct books *k, uint32_t slot, uint64_t now_us, struct row *r)
{
	const char *why;

	switch (row_read(k->board, slot, now_us, r, &why)) {
	case ROW_NOTHING:
		return STORE_NONE;
	case ROW_BAD:
		reject(k, slot, why);
		return STORE_NONE;
	case ROW_OK:
		break;
	}
	tell(k, r);
	if (!k->writing)
		return STORE_NONE;
	return entry_put(k, r, r->ended && (r->granted ||
	    !waits_for_repeats(k, slot, r->id)));
}

/* The first news opens the transaction; without a store ends are told all
 * the same. */
static int
sweep_slots(struct books *k, uint64_t now_us, sweep_note_fn *note, void *arg)
{
	uint32_t high = slot_high(k->board);
	bool began = false;
	struct row row;
	int rc;

	k->writing = k->store != NULL && !k->left;
	for (uint32_t slot = 0; slot < high; slot++) {
		if (!has_news(k, slot))
			continue;
		if (k->writing && !began) {
			began = true;
			k->writing = store_begin(k->store) == STORE_OK;
		}
		rc = visit(k, slot, now_us, &row);
		if (rc == STORE_ERROR)
			return STORE_ERROR;
		if (rc == STORE_OK)
			note(arg, &row);
	}
	if (!began)
		return STORE_NONE;
	return k->writing ? STORE_OK : STORE_ERROR;
}

/* ---- the transaction ---- */

/* The store has it: remember, and give the slots back. */
static void
keep_changes(struct books *k)
{
	for (size_t i = 0; i < k->n_changes; i++) {
		const struct change *c = &k->changes[i];

		k->known[c->slot] = c->known;
		if (c->principal != BOARD_NOBODY)
			k->activities[c->principal].board_s = atomic_load(
			    &k->board->principals[c->principal].active_s);
		if (c->free)
			slot_free(k->board, c->slot);
	}
	k->n_changes = 0;
}

static void
drop_changes(struct books *k)
{
	for (size_t i = k->n_changes; i > 0; i--) {
		const struct change *c = &k->changes[i - 1];

		if (c->principal != BOARD_NOBODY)
			k->activities[c->principal] = c->before;
	}
	k->n_changes = 0;
	tally_forget(k->tally);
	store_roll_back(k->store);
}

int
sweep_run(struct books *k, uint64_t now_us, sweep_note_fn *note, void *arg)
{
	int rc;

	board_raise_id(k->board, now_us);
	log_hold();
	rc = sweep_slots(k, now_us, note, arg);
	log_release();
	if (rc == STORE_OK && tally_flush(k->tally, k->store) != STORE_OK)
		rc = STORE_ERROR;
	if (rc == STORE_OK)
		rc = store_commit(k->store, now_us);
	if (rc == STORE_OK)
		keep_changes(k);
	else if (rc == STORE_ERROR)
		drop_changes(k);
	if (rc != STORE_ERROR && k->store != NULL && !k->left)
		k->anew = false;
	return rc;
}
