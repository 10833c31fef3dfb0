/*
 * The table of a keeper: a free list, a queue of what is ready, and the
 * earliest moment at which a deadline can have passed (a lower bound, so
 * that nothing is sorted).
 */
#include "held.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int
held_init(struct held_table *t, uint32_t size, uint32_t fds_max)
{
	*t = (struct held_table){
		.list = calloc(size, sizeof(*t->list)),
		.size = size,
		.fds_max = fds_max,
		.free = HELD_NONE,
		.ready_first = HELD_NONE,
		.ready_last = HELD_NONE,
		.least_due_ms = UINT64_MAX,
	};
	return t->list == NULL ? -1 : 0;
}

bool
held_is_full(const struct held_table *t)
{
	return t->n == t->size || t->fds + CHANNEL_FDS_MAX > t->fds_max;
}

uint32_t
held_add(struct held_table *t, const struct held *h)
{
	uint32_t i = t->free;

	if (i != HELD_NONE)
		t->free = t->list[i].next;
	else
		i = t->high++;
	t->list[i] = *h;
	t->list[i].state = HELD_WAITING;
	t->list[i].next = HELD_NONE;
	t->n++;
	t->fds += h->n_fds;
	if (h->due_ms != 0 && h->due_ms < t->least_due_ms)
		t->least_due_ms = h->due_ms;
	return i;
}

void
held_make_ready(struct held_table *t, uint32_t i)
{
	t->list[i].state = HELD_READY;
	t->list[i].next = HELD_NONE;
	if (t->ready_first == HELD_NONE)
		t->ready_first = i;
	else
		t->list[t->ready_last].next = i;
	t->ready_last = i;
}

void
held_drop(struct held_table *t, uint32_t i)
{
	struct held *h = &t->list[i];

	for (unsigned k = 0; k < h->n_fds; k++)
		close(h->fds[k]);
	t->fds -= h->n_fds;
	h->n_fds = 0;
	if (h->state == HELD_READY) {
		if (i != t->ready_first)
			return;
		t->ready_first = h->next;
	}
	*h = (struct held){ .state = HELD_FREE, .next = t->free };
	t->free = i;
	t->n--;
}

int
held_patience_ms(const struct held_table *t, uint64_t now_ms, int max_ms)
{
	if (t->least_due_ms <= now_ms)
		return 0;
	if (t->least_due_ms - now_ms < (uint64_t)max_ms)
		return (int)(t->least_due_ms - now_ms);
	return max_ms;
}
