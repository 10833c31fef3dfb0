/*
 * A list of chunks, each filled from its beginning.  What is larger than a
 * chunk gets one of its own.
 */
#include "arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_OCTETS = 64 * 1024 };

struct chunk {
	struct chunk		*next;
	size_t			size, used;
	alignas(max_align_t) unsigned char octets[];
};

struct arena {
	struct chunk	*chunks;	/* the one that is being filled first */
};

struct arena *
arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void
arena_free(struct arena *arena)
{
	struct chunk *next;

	if (arena == NULL)
		return;
	for (struct chunk *c = arena->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(arena);
}

static struct chunk *
add_chunk(struct arena *arena, size_t octets)
{
	size_t size = octets > CHUNK_OCTETS ? octets : CHUNK_OCTETS;
	struct chunk *c = calloc(1, sizeof(*c) + size);

	if (c == NULL)
		return NULL;
	c->size = size;
	c->next = arena->chunks;
	arena->chunks = c;
	return c;
}

void *
arena_array(struct arena *arena, size_t n, size_t size)
{
	enum { ALIGNMENT = alignof(max_align_t) };
	struct chunk *c = arena->chunks;
	size_t octets;
	void *p;

	if (size != 0 && n > (SIZE_MAX / 4) / size) {
		errno = ENOMEM;
		return NULL;
	}
	octets = (n * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (octets == 0)
		octets = ALIGNMENT;
	if (c == NULL || c->size - c->used < octets)
		c = add_chunk(arena, octets);
	if (c == NULL)
		return NULL;
	p = c->octets + c->used;
	c->used += octets;
	return p;
}

char *
arena_text(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_array(arena, size, 1);

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

void *
arena_grow(struct arena *arena, void *array, size_t n, size_t size)
{
	void *moved;

	if ((n & (n - 1)) != 0)
		return array;
	moved = arena_array(arena, n == 0 ? 1 : 2 * n, size);
	if (moved != NULL && n > 0)
		memcpy(moved, array, n * size);
	return moved;
}
