/*
 * Memory that is there before the first client needs it.  A fresh process
 * has most of its memory as a promise: the kernel keeps it page by page, at
 * the first touch, and each takes it some microseconds.  A tunnel that wakes
 * in a fresh worker, or a client that comes to it, need not wait for that.
 *
 * Runs in workers.  What it leaves out is only slower, once.
 */
#include "config.h"
#include "warm.h"

#include <stddef.h>
#include <stdint.h>

#include "session.h"
#include "sockd/common/board.h"
#include "sockd/common/conf.h"

enum {
	PAGE = 4096,
	STACK = 4 * PAGE,	/* what a session needs of it */
	SLOTS_MAX = 1024,	/* of an array of the board: the first ones */
};

/* A child does not inherit where the code is mapped.  What serves stands from
 * here on; all of it is one mapping. */
static void
read_code(void)
{
#ifdef HAVE_ETEXT
	extern const char etext[];		/* end(3) */
	const volatile char *end = etext;
	const volatile char *at =
	    (const volatile char *)(uintptr_t)warm_memory;

	for (; at < end; at += PAGE)
		(void)*at;
#endif
}

/* With a page of the board that is read the kernel gives its neighbours, with
 * one that is written only this one. */
static void
read_slots(const volatile void *slots, size_t n, size_t size)
{
	const volatile uint8_t *octets = slots;
	const size_t end = (n < SLOTS_MAX ? n : SLOTS_MAX) * size;

	for (size_t at = 0; at < end; at += PAGE)
		(void)octets[at];
}

/* The tunnels that may wake in us are those of now.  A principal stands
 * anywhere in its table, and the first look at a new part of it costs more
 * than all else here: the kernel makes a table for it too. */
static void
read_principals(const struct board *b)
{
	for (uint32_t i = 0; i < b->n.sessions && i < SLOTS_MAX; i++) {
		uint32_t principal;

		if (atomic_load(&b->states[i]) != SLOT_LIVE)
			continue;
		principal = b->sessions[i].principal;
		if (principal < b->n.principals)
			read_slots(&b->principals[principal], 1,
			    sizeof(*b->principals));
	}
}

static void
write_stack(void)
{
	volatile uint8_t octets[STACK];

	for (size_t at = 0; at < sizeof(octets); at += PAGE)
		octets[at] = 0;
}

void
warm_memory(struct worker *w)
{
	const struct board *b = w->board;

	read_code();
	write_stack();
	for (int side = SIDE_UP; side <= SIDE_DOWN; side++)
		w->buffers[side].begin = w->buffers[side].end = 0;
	read_slots(b->states, b->n.sessions, sizeof(*b->states));
	read_slots(b->owners, b->n.sessions, sizeof(*b->owners));
	read_slots(b->sessions, b->n.sessions, sizeof(*b->sessions));
	read_principals(b);
	read_slots(b->rules, w->conf->policy.n_rules, sizeof(*b->rules));
}
