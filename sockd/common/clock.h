/*
 * The clocks: monotonic for deadlines, the wall's for the ledger.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);	/* CLOCK_MONOTONIC */
uint64_t clock_ns(void);	/* CLOCK_MONOTONIC */
uint64_t clock_wall_us(void);	/* CLOCK_REALTIME */
uint64_t clock_wall_ms(void);
/* The minute of the week, local time, at this unix time. */
unsigned clock_week_minute(uint64_t unix_s);

#endif
