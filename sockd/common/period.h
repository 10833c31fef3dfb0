/*
 * Days, weeks and months of the local calendar: days turn at midnight, weeks
 * on Monday.  A day is counted from 1970-01-01.
 */
#ifndef COMMON_PERIOD_H
#define COMMON_PERIOD_H

#include <stdint.h>

#include "lib/units.h"

enum { DAY_NAME_SIZE = 16 };

/* The local day of this unix time. */
int32_t	period_day(uint64_t unix_s);

/* "YYYY-MM-DD". */
void	period_day_name(int32_t day, char out[DAY_NAME_SIZE]);

/* The unix time at which this local day begins. */
uint64_t period_day_begins(int32_t day);

/* The first day of the period that this day lies in, and of the next. */
int32_t	period_first_day(enum units_period period, int32_t day);
int32_t	period_next_day(enum units_period period, int32_t day);

/*
 * When a quota of this period starts anew, this day being today: the next
 * period's first day, or "never".
 */
void	period_reset_name(enum units_period period, int32_t day,
	    char out[DAY_NAME_SIZE]);

#endif
