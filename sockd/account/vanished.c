/*
 * Sessions of an earlier board: the machine crashed, or the board was removed,
 * while they lived.  No slot will ever tell how they ended.
 */
#include "vanished.h"

#include <stdlib.h>

#include "sockd/common/log.h"
#include "sockd/common/slot.h"
#include "store.h"

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The ids on the board, sorted; NULL: out of memory. */
static uint64_t *
ids_on_board(const struct board *b, size_t *n)
{
	uint32_t high = slot_high(b);
	uint64_t *ids = calloc((size_t)high + 1, sizeof(*ids));

	*n = 0;
	if (ids == NULL)
		return NULL;
	for (uint32_t slot = 0; slot < high; slot++)
		if (atomic_load(&b->states[slot]) != SLOT_FREE)
			ids[(*n)++] = atomic_load(&b->sessions[slot].id);
	qsort(ids, *n, sizeof(*ids), compare_ids);
	return ids;
}

struct losing {
	struct store	*store;
	const uint64_t	*ids;		/* on the board */
	size_t		n;
	unsigned	lost;
};

static int
lose_unless_there(void *arg, uint64_t id)
{
	struct losing *l = arg;

	if (bsearch(&id, l->ids, l->n, sizeof(id), compare_ids) != NULL)
		return STORE_OK;
	l->lost++;
	return store_lose(l->store, id);
}

static int
lose_those_without(struct books *k, const uint64_t *ids, size_t n)
{
	struct losing l = { .store = k->store, .ids = ids, .n = n };
	int rc = store_live(k->store, lose_unless_there, &l);

	if (rc == STORE_OK && l.lost > 0)
		log_warning("sessions that no board has closed as lost "
		    "count=%u", l.lost);
	return rc;
}

int
vanished_lose(struct books *k, uint64_t now_us)
{
	size_t n;
	uint64_t *ids = ids_on_board(k->board, &n);
	int rc;

	if (ids == NULL)
		return STORE_ERROR;
	rc = store_begin(k->store);
	if (rc == STORE_OK)
		rc = lose_those_without(k, ids, n);
	if (rc == STORE_OK)
		rc = store_commit(k->store, now_us);
	if (rc != STORE_OK)
		store_roll_back(k->store);
	free(ids);
	return rc;
}
