/*
 * Latencies: each power of two is cut into 64 equal buckets, so adding is a
 * shift, and any percentile is right to 1/64 of itself.
 */
#include "load_latency.h"

enum { SUB_BITS = 6, SUB = 1 << SUB_BITS };

static unsigned
bucket(uint64_t ns)
{
	unsigned shift;

	if (ns < SUB)
		return (unsigned)ns;
	shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	return (shift + 1) * SUB + (unsigned)(ns >> shift) - SUB;
}

/* The middle of a bucket, in ns. */
static double
middle(unsigned i)
{
	unsigned shift = i / SUB ? i / SUB - 1 : 0;
	uint64_t low = i < SUB ? i : (uint64_t)(i % SUB + SUB) << shift;

	return (double)low + (double)((uint64_t)1 << shift) / 2;
}

void
latency_add(struct latency *l, uint64_t ns)
{
	l->count++;
	l->buckets[bucket(ns)]++;
}

double
latency_at(const struct latency *l, double share)
{
	double want = share * (double)l->count;
	uint64_t seen = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		seen += l->buckets[i];
		if (seen > 0 && (double)seen >= want)
			return middle(i) / 1000;
	}
	return 0;
}
