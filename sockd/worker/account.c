/*
 * The last stage, in a worker: hand the session to the accountant by ending
 * its slot.  A client that sent nothing leaves a count and no row; refusals
 * before a login have at most ten rows a minute and address, the rest are
 * "repeats" of the last.
 */
#include "lib/socks5.h"
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

/* An early refusal's row of its own; false: it is a repeat, and counted. */
static bool
claim_row(struct session *s)
{
	struct session_slot *shown = s->shown;
	uint64_t now_ms = clock_ms();

	if (shown->place == BOARD_NOBODY)
		shown->place = place_find(s->board, &shown->client, now_ms);
	if (!place_may_record(s->board, shown->place, now_ms)) {
		if (!place_repeat(s->board, shown->place))
			atomic_fetch_add(&s->board->header->counts.unrecorded,
			    1);
		return false;
	}
	place_record(s->board, shown->place, s->slot,
	    atomic_load(&shown->id));
	return true;
}

/* As the view "refused" has it: never granted, whatever was in the way. */
static bool
is_refused(const struct session *s)
{
	return !s->allowed ||
	    (atomic_load(&s->board->states[s->slot]) != SLOT_LIVE &&
	    atomic_load(&s->shown->reply) != SOCKS5_SUCCEEDED);
}

/* Will the ledger have it?  If not it is counted as what it was. */
static bool
decide_record(struct session *s)
{
	struct board_counts *counts = &s->board->header->counts;

	if (!s->shown->has_octets) {
		atomic_fetch_add(&counts->silent, 1);
		return false;
	}
	if (is_refused(s))
		atomic_fetch_add(&counts->refused, 1);
	if (s->allowed)
		return true;
	if (is_early_refusal(s) && !claim_row(s))
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
	if (decide_record(s))
		slot_end(s->board, s->slot, s->outcome);
	else
		slot_forget(s->board, s->slot);
	s->slot = BOARD_NOBODY;
	if (wake_is_due(s->board))
		wake_accountant(s->board,
		    s->worker->process->account_wake_send);
}
