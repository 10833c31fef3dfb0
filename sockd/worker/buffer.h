/*
 * Octets on their way: read from one side, not yet used or passed on.  A
 * worker has two, one a direction, for all its clients.
 */
#ifndef WORKER_BUFFER_H
#define WORKER_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BUFFER_SIZE = 256 * 1024 };

struct buffer {
	size_t	begin, end;		/* what is held: [begin, end) */
	uint8_t	octets[BUFFER_SIZE];
};

static inline const uint8_t *
buffer_data(const struct buffer *b)
{
	return b->octets + b->begin;
}

static inline size_t
buffer_held(const struct buffer *b)
{
	return b->end - b->begin;
}

static inline size_t
buffer_room(const struct buffer *b)
{
	return sizeof(b->octets) - b->end;
}

/* The first n of those held are used; an empty buffer starts anew. */
static inline void
buffer_use(struct buffer *b, size_t n)
{
	b->begin += n;
	if (b->begin == b->end)
		b->begin = b->end = 0;
}

/* The same, leaving none of them in memory (a password was among them). */
static inline void
buffer_wipe(struct buffer *b, size_t n)
{
	explicit_bzero(b->octets + b->begin, n);
	buffer_use(b, n);
}

#endif
