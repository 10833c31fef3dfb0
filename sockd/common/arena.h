/*
 * Memory that is taken piece by piece and given back as a whole: what was
 * read together lives and dies together.  For the configuration, and in the
 * process that reads it alone.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stddef.h>

struct arena;

/* NULL and errno (ENOMEM), as for all that follow. */
struct arena *arena_new(void);

/* Everything taken from it is gone.  NULL is nothing to free. */
void	arena_free(struct arena *arena);

/* n zeroed elements of size octets; n may be 0 (the pointer is not NULL). */
void	*arena_array(struct arena *arena, size_t n, size_t size);

/* A copy of text, NUL included. */
char	*arena_text(struct arena *arena, const char *text);

/*
 * Room for one more behind the n elements at array (NULL while n is 0).
 * Returns where the elements are from now on; they move when n is a power of
 * two.  What they leave behind stays in the arena.
 */
void	*arena_grow(struct arena *arena, void *array, size_t n, size_t size);

#endif
