/*
 * This machine's addresses on the board.  The master alone writes them, when
 * one comes or goes; every process reads them, and nobody waits for a lock.
 */
#include "board.h"

#include <poll.h>
#include <string.h>

/* A writer is at it for a microsecond, or for longer if it has lost its CPU
 * in the middle of it. */
enum { SELF_TRIES = 200, SELF_TRIES_AT_ONCE = 100 };

static uint32_t
self_copy(const struct board *b, struct addr *out)
{
	uint32_t n = atomic_load_explicit(&b->header->n_self,
	    memory_order_relaxed);

	if (n > BOARD_SELF_MAX)
		n = BOARD_SELF_MAX;
	memcpy(out, b->header->self, n * sizeof(*out));
	return n;
}

/*
 * A sequence lock: the copy is good if the serial was even and the same on
 * both sides of it.
 */
static bool
self_try(const struct board *b, struct addr *out, uint32_t *n)
{
	const _Atomic uint32_t *serial = &b->header->self_serial;
	uint32_t before = atomic_load_explicit(serial, memory_order_acquire);

	*n = self_copy(b, out);
	atomic_thread_fence(memory_order_acquire);
	return before % 2 == 0 &&
	    before == atomic_load_explicit(serial, memory_order_relaxed);
}

/* A writer that was killed in between leaves what is better than nothing. */
size_t
board_self(const struct board *b, struct addr out[BOARD_SELF_MAX])
{
	uint32_t n = 0;

	for (int i = 0; i < SELF_TRIES && !self_try(b, out, &n); i++)
		if (i >= SELF_TRIES_AT_ONCE)
			poll(NULL, 0, 1);
	return n;
}

void
board_set_self(struct board *b, const struct addr *addrs, size_t n)
{
	struct board_header *h = b->header;

	if (n > BOARD_SELF_MAX)
		n = BOARD_SELF_MAX;
	atomic_fetch_or(&h->self_serial, 1);
	atomic_thread_fence(memory_order_release);
	memcpy(h->self, addrs, n * sizeof(*addrs));
	atomic_store(&h->n_self, (uint32_t)n);
	atomic_fetch_add(&h->self_serial, 1);
}
