/*
 * Days, weeks and months of the ledger: local time, turning at midnight,
 * weeks on Monday.  They never run backwards, whatever the clock does.
 */
#ifndef ACCOUNT_PERIODS_H
#define ACCOUNT_PERIODS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockd/common/period.h"

/* How far a running day may be ahead of the clock, and still be the last run's
 * with a clock set back; beyond that the clock was wrong before. */
enum { PERIODS_AHEAD_DAYS = 2 };

/*
 * first[] names the first day of each running period as usage.day spells it;
 * first[PERIOD_EVER] sorts before every day.
 */
struct periods {
	int32_t		day;
	uint64_t	day_begins_s, day_ends_s;	/* unix time */
	char		first[N_PERIODS][DAY_NAME_SIZE];
};

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
