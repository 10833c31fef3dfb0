/*
 * Days, weeks and months of the ledger: local time, turning at midnight,
 * weeks on Monday.  They never run backwards, whatever the clock does.
 */
#ifndef ACCOUNT_PERIODS_H
#define ACCOUNT_PERIODS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/units.h"

enum { DAY_NAME_SIZE = 16 };

/*
 * A day is counted from 1970-01-01 by the local calendar.  first[] names the
 * first day of each running period as usage.day spells it; first[PERIOD_EVER]
 * sorts before every day.
 */
struct periods {
	int32_t		day;
	uint64_t	day_begins_s, day_ends_s;	/* unix time */
	char		first[N_PERIODS][DAY_NAME_SIZE];
};

/* The local day of this unix time. */
int32_t	period_day(uint64_t unix_s);

/* "YYYY-MM-DD". */
void	period_day_name(int32_t day, char out[DAY_NAME_SIZE]);

/* The unix time at which this local day begins. */
uint64_t period_day_begins(int32_t day);

/* The first day of the period that this day lies in, and of the next. */
int32_t	period_first_day(enum units_period period, int32_t day);
int32_t	period_next_day(enum units_period period, int32_t day);

/* Begin at this day. */
void	periods_begin(struct periods *p, int32_t day);

/* The first day that any period of p but ever counts. */
const char *periods_oldest(const struct periods *p);

/*
 * Go on to the day of this time, if that is a later one.  Returns a bit
 * (1 << period) for each period that turned, 0 on all but a few calls.
 */
unsigned periods_turn(struct periods *p, uint64_t unix_s);

#endif
