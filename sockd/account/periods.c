/*
 * The periods that run: which days they begin with, and when the next come.
 */
#include "periods.h"

#include <string.h>

void
periods_begin(struct periods *p, int32_t day)
{
	*p = (struct periods){ .day = day,
	    .day_begins_s = period_day_begins(day),
	    .day_ends_s = period_day_begins(day + 1) };
	for (int i = 0; i < PERIOD_EVER; i++)
		period_day_name(period_first_day((enum units_period)i, day),
		    p->first[i]);
}

const char *
periods_oldest(const struct periods *p)
{
	const char *week = p->first[PERIOD_WEEK];
	const char *month = p->first[PERIOD_MONTH];

	return strcmp(week, month) < 0 ? week : month;
}

unsigned
periods_turn(struct periods *p, uint64_t unix_s)
{
	struct periods next;
	unsigned turned = 0;
	int32_t day;

	if (unix_s < p->day_ends_s)
		return 0;
	day = period_day(unix_s);
	if (day <= p->day)
		return 0;
	periods_begin(&next, day);
	for (int i = 0; i < PERIOD_EVER; i++)
		if (strcmp(next.first[i], p->first[i]) != 0)
			turned |= 1U << i;
	*p = next;
	return turned;
}
