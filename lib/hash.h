/*
 * FNV-1a, 32 bits: for small tables whose keys nobody gains by choosing.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

static const uint32_t HASH_BEGIN = 2166136261U;

/* Go on from HASH_BEGIN, or from what this returned, with len octets. */
static inline uint32_t
hash_octets(uint32_t hash, const void *octets, size_t len)
{
	const uint8_t *o = octets;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ o[i]) * 16777619U;
	return hash;
}

#endif
