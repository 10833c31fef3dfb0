/*
 * Processes of the load generator: they share counters, and end together.
 */
#ifndef BENCH_LOAD_PROCESS_H
#define BENCH_LOAD_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One to a cache line, so that counting disturbs nobody. */
struct tally {
	_Alignas(64) _Atomic uint64_t n;
};

/* Zeroed memory that every process forked later shares. */
void	*process_share(size_t size);

/* fork(); the child dies with its parent.  True in the child. */
bool	process_fork(void);

/* The sum of n counters. */
uint64_t tally_sum(struct tally *tallies, unsigned n);

/*
 * Wait until the counter is want or more, looking every millisecond; false
 * if it is not within so many seconds.
 */
bool	tally_wait(struct tally *t, uint64_t want, unsigned seconds);

/*
 * Tell the driver where we are and wait for its nod, so that what it reads of
 * the server (CPU, memory) belongs to this moment.
 */
void	mark(const char *name);

/* Monotonic nanoseconds, and sleep until then or for so long. */
uint64_t now_ns(void);
void	sleep_until(uint64_t ns);
void	sleep_ms(unsigned ms);

#endif
