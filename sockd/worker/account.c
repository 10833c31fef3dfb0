/*
 * The last stage, in a worker: hand the session to the accountant by ending
 * its slot.  A client that sent nothing leaves a count and no row; refusals
 * before a login have at most ten rows a minute and address, the rest are
 * "repeats" of the last.
 */
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/place.h"
#include "sockd/common/slot.h"
#include "sockd/common/wake.h"

/* Refused before anybody was known to have a right to ask. */
static bool
is_early_refusal(const struct session *s)
{
	return !s->allowed && s->question.who != WHO_USER;
}

/* Add this refusal to the last one of its address, if that still waits. */
static bool
repeat(struct session *s, struct place_slot *place)
{
	uint64_t last = atomic_load(&place->refusal_slot);
	uint32_t slot = (uint32_t)(last >> 32);
	struct session_slot *shown;

	if (last == 0 || slot >= s->board->n.sessions)
		return false;
	shown = &s->board->sessions[slot];
	if ((uint32_t)atomic_load(&shown->id) != (uint32_t)last ||
	    atomic_load(&s->board->states[slot]) != SLOT_ENDED)
		return false;
	atomic_fetch_add(&shown->repeats, 1);
	return true;
}

/* May an early refusal have a row of its own? */
static bool
has_row(struct session *s)
{
	struct place_slot *place;
	uint64_t now_ms = clock_ms();

	if (s->shown->place == BOARD_NOBODY)
		s->shown->place = place_find(s->board, &s->shown->client,
		    now_ms);
	if (s->shown->place == BOARD_NOBODY)
		return true;
	place = &s->board->places[s->shown->place];
	if (!place_may_record(s->board, s->shown->place, now_ms)) {
		if (!repeat(s, place))
			atomic_fetch_add(&s->board->header->counts.unrecorded,
			    1);
		return false;
	}
	atomic_store(&place->refusal_slot, (uint64_t)s->slot << 32 |
	    (uint32_t)atomic_load(&s->shown->id));
	return true;
}

static bool
is_recorded(struct session *s)
{
	struct board_counts *counts = &s->board->header->counts;

	if (!s->shown->has_octets) {
		atomic_fetch_add(&counts->silent, 1);
		return false;
	}
	if (s->allowed)
		return true;
	atomic_fetch_add(&counts->refused, 1);
	if (is_early_refusal(s) && !has_row(s))
		return false;
	if (!slot_may_record(s->board)) {
		atomic_fetch_add(&counts->unrecorded, 1);
		return false;
	}
	return true;
}

void
account(struct session *s)
{
	if (is_recorded(s))
		slot_end(s->board, s->slot, s->outcome);
	else
		slot_forget(s->board, s->slot);
	s->slot = BOARD_NOBODY;
	if (wake_is_due(s->board))
		wake_accountant(s->board,
		    s->worker->process->account_wake_send);
}
