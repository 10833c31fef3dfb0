/*
 * Latencies: a histogram with an error of at most 1/64.
 */
#ifndef BENCH_LOAD_LATENCY_H
#define BENCH_LOAD_LATENCY_H

#include <stdint.h>

enum { LATENCY_BUCKETS = 64 * 64 };

struct latency {
	uint64_t	count;
	uint64_t	buckets[LATENCY_BUCKETS];
};

void	latency_add(struct latency *l, uint64_t ns);

/* The latency in µs that this share (0 to 1) did not exceed; 0 of none. */
double	latency_at(const struct latency *l, double share);

#endif
