/*
 * The accountant's memory: arrays as long as the board's.  They are zeroed
 * pages until a slot is used.
 */
#include "books.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/text.h"
#include "sockd/common/clock.h"
#include "sockd/common/conf.h"
#include "sockd/common/slot.h"
#include "store.h"
#include "tally.h"

int
books_open(struct books *k, struct board *board, const struct conf *conf)
{
	*k = (struct books){ .board = board, .conf = conf,
	    .first_id = atomic_load(&board->header->next_id),
	    .known = calloc(board->n.sessions, sizeof(*k->known)),
	    .past = calloc(board->n.sessions, sizeof(*k->past)),
	    .told = calloc(board->n.sessions, sizeof(*k->told)),
	    .activities = calloc(board->n.principals,
		sizeof(*k->activities)),
	    .changes = calloc(board->n.sessions, sizeof(*k->changes)),
	    .tally = tally_new(),
	};
	if (k->known != NULL && k->past != NULL && k->told != NULL &&
	    k->activities != NULL && k->changes != NULL && k->tally != NULL)
		return 0;
	books_close(k);
	return -1;
}

void
books_close(struct books *k)
{
	store_close(k->store);
	free(k->known);
	free(k->past);
	free(k->told);
	free(k->activities);
	free(k->changes);
	free(k->tally);
	*k = (struct books){ 0 };
}

/* Nothing of one that began on the new day. */
static void
note_past(struct books *k, uint32_t slot)
{
	const struct session_slot *s = &k->board->sessions[slot];
	uint32_t at = s->principal;

	k->past[slot] = (struct known){ 0 };
	if (atomic_load(&k->board->states[slot]) < SLOT_REQUESTED ||
	    s->started_us / 1000000 >= k->periods.day_begins_s)
		return;
	k->past[slot] = (struct known){ .id = atomic_load(&s->id),
	    .bytes_up = atomic_load(&s->bytes_up),
	    .bytes_down = atomic_load(&s->bytes_down),
	    .active_ms = atomic_load(&s->active_ms) };
	if (at < k->board->n.principals)
		k->activities[at].turned_s =
		    atomic_load(&k->board->principals[at].active_s);
}

unsigned
books_turn(struct books *k, uint64_t unix_s)
{
	struct periods before = k->periods;
	unsigned turned = periods_turn(&k->periods, unix_s);
	uint32_t high = slot_high(k->board);

	if (turned == 0)
		return 0;
	text_copy(k->past_day, sizeof(k->past_day), before.first[PERIOD_DAY]);
	for (uint32_t slot = 0; slot < high; slot++)
		note_past(k, slot);
	return turned;
}

/* The clock went back, by more than what processes differ. */
static bool
is_ahead(const struct activity *a)
{
	uint64_t most_ms = clock_wall_ms() + CLOCK_DIFFER_MS;

	return a->until_ms[false] > most_ms || a->until_ms[true] > most_ms;
}

struct activity *
books_activity(struct books *k, uint32_t slot, const char *principal)
{
	uint32_t hash = hash_octets(HASH_BEGIN, principal, strlen(principal));
	struct activity *a = &k->activities[slot];

	if (a->name_hash != hash || is_ahead(a))
		*a = (struct activity){ .name_hash = hash, .board_s =
		    atomic_load(&k->board->principals[slot].active_s) };
	return a;
}

/* As principal_touch() does on the board: a gap counts up to a bound. */
static uint64_t
step(uint64_t *until, uint64_t to_ms, uint64_t most_ms)
{
	uint64_t gap;

	if (to_ms <= *until)
		return 0;
	gap = *until == 0 ? 0 : to_ms - *until;
	*until = to_ms;
	return gap < most_ms ? gap : most_ms;
}

uint64_t
activity_count(struct activity *a, bool metered, uint64_t from_ms,
    uint64_t to_ms, uint64_t gap_ms)
{
	uint64_t *until = &a->until_ms[metered];
	uint64_t ms = a->rest_ms[metered];

	ms += step(until, from_ms, gap_ms);
	ms += step(until, to_ms, gap_ms);
	a->rest_ms[metered] = (uint32_t)(ms % 1000);
	return ms / 1000;
}
