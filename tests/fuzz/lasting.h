/*
 * What every decoder owes (lib/decode.h), for the fuzz programs: a verdict
 * falls once and stays, and nothing beyond the octets given is read.
 */
#ifndef TESTS_LASTING_H
#define TESTS_LASTING_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Longer than any message, short enough to try every prefix of it. */
enum { LASTING_MAX = 640 };

/* A decoder that forgets its output: only the verdict. */
typedef ssize_t (*verdict_fn)(const uint8_t *buf, size_t len);

/* Abort if what must hold does not. */
static inline void
must(int holds)
{
	if (!holds)
		abort();
}

/* The verdict on an exact-size copy. */
static inline ssize_t
exact_verdict(verdict_fn decode, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	ssize_t n;

	must(copy != NULL || size == 0);
	if (size > 0)
		memcpy(copy, data, size);
	n = decode(copy, size);
	free(copy);
	return n;
}

/* Give one octet after the other; returns the verdict on the whole. */
static inline ssize_t
lasting_verdict(verdict_fn decode, const uint8_t *data, size_t size)
{
	ssize_t first = 0, n;

	for (size_t len = 0; len <= size && len <= LASTING_MAX; len++) {
		n = exact_verdict(decode, data, len);
		must(n <= (ssize_t)len);
		if (first == 0) {
			first = n;
			must(n <= 0 || n == (ssize_t)len);
		}
		must(n == first);
	}
	n = exact_verdict(decode, data, size);
	must(first == 0 || n == first);
	return n;
}

#endif
