/*
 * The clocks: monotonic for deadlines, the wall's for the ledger.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC: never goes back, means nothing after a restart. */
uint64_t clock_ms(void);
uint64_t clock_ns(void);

/*
 * How far apart two processes may be in what they take for now: each looks
 * at the clock, and acts a little later.  If it is more, the clock was set.
 */
enum { CLOCK_DIFFER_MS = 2000 };

/* CLOCK_REALTIME, since 1970: goes back when somebody sets it. */
uint64_t clock_wall_us(void);
uint64_t clock_wall_ms(void);

/*
 * The minute of the week that the local clock shows at this unix time,
 * Monday 00:00 being 0 (lib/hours.h).
 */
unsigned clock_week_minute(uint64_t unix_s);
unsigned clock_week_minute_now(void);

/* Which of two due times comes first. */
static inline uint64_t
clock_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t
clock_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
