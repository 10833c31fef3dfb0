/*
 * Octets in an allocation of exactly their size, so that AddressSanitizer
 * sees the first one that is read beyond them; and what every decoder owes
 * (lib/decode.h).
 */
#ifndef TESTS_EXACT_H
#define TESTS_EXACT_H

#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* A decoder that forgets its output: only the verdict. */
typedef ssize_t (*verdict_fn)(const uint8_t *buf, size_t len);

/* The caller frees it. */
static inline uint8_t *
exact_copy(const void *octets, size_t len)
{
	uint8_t *copy = malloc(len);

	cr_assert(copy != NULL || len == 0);
	if (len > 0)
		memcpy(copy, octets, len);
	return copy;
}

static inline ssize_t
exact_verdict(verdict_fn decode, const void *octets, size_t len)
{
	uint8_t *copy = exact_copy(octets, len);
	ssize_t n = decode(copy, len);

	free(copy);
	return n;
}

/* Good octets: every prefix says more, and what follows does not matter. */
static inline void
assert_whole(verdict_fn decode, const uint8_t *octets, size_t len)
{
	uint8_t longer[2048];

	for (size_t n = 0; n < len; n++)
		cr_assert_eq(exact_verdict(decode, octets, n), 0,
		    "the first %zu of %zu octets are no beginning", n, len);
	cr_assert_eq(exact_verdict(decode, octets, len), (ssize_t)len,
	    "%zu octets are not taken as a whole", len);
	for (int fill = 0; fill <= 0xff; fill += 0xff) {
		memset(longer, fill, sizeof(longer));
		memcpy(longer, octets, len);
		cr_assert_eq(exact_verdict(decode, longer, len + 9),
		    (ssize_t)len, "octets X'%02x' behind change it", fill);
	}
}

/* Any octets: the first verdict stays, however many more come. */
static inline void
assert_lasting(verdict_fn decode, const uint8_t *octets, size_t len)
{
	ssize_t first = 0, n;

	for (size_t i = 0; i <= len; i++) {
		n = exact_verdict(decode, octets, i);
		if (first == 0)
			first = n;
		cr_assert_eq(n, first, "%zd at %zu octets, %zd before", n, i,
		    first);
		cr_assert_leq(n, (ssize_t)i);
	}
}

/* The fault comes with the last octet, not before, and it stays. */
static inline void
assert_fault(verdict_fn decode, const uint8_t *octets, size_t len,
    ssize_t fault)
{
	uint8_t longer[2048] = { 0 };

	for (size_t n = 0; n < len; n++)
		cr_assert_eq(exact_verdict(decode, octets, n), 0,
		    "a verdict at %zu octets already, not at %zu", n, len);
	cr_assert_eq(exact_verdict(decode, octets, len), fault);
	memcpy(longer, octets, len);
	assert_lasting(decode, longer, len + 600);
}

#endif
