/*
 * Days, weeks and months by the local calendar.
 *
 * A day is a number, so that a later one is a larger one and a week is seven.
 * Where midnight does not exist (a clock set forward at 00:00), mktime(3)
 * gives the first moment after it; where it comes twice, the first.
 */
#include "period.h"

#include <stdio.h>
#include <time.h>

enum { DAY_S = 24 * 60 * 60, WEEK_DAYS = 7,
       EPOCH_WEEKDAY = 3 };	/* 1970-01-01 was a Thursday; Monday is 0 */

/* The calendar's day as a number: what UTC would count. */
static int32_t
day_of(const struct tm *tm)
{
	struct tm date = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon,
	    .tm_mday = tm->tm_mday };

	return (int32_t)(timegm(&date) / DAY_S);
}

static struct tm
date_of(int32_t day)
{
	time_t t = (time_t)day * DAY_S;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	return tm;
}

int32_t
period_day(uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	return day_of(&tm);
}

void
period_day_name(int32_t day, char out[DAY_NAME_SIZE])
{
	struct tm tm = date_of(day);

	if (strftime(out, DAY_NAME_SIZE, "%Y-%m-%d", &tm) == 0)
		out[0] = '\0';
}

uint64_t
period_day_begins(int32_t day)
{
	struct tm date = date_of(day);
	struct tm local = { .tm_year = date.tm_year, .tm_mon = date.tm_mon,
	    .tm_mday = date.tm_mday, .tm_isdst = -1 };
	time_t t = mktime(&local);

	return t < 0 ? 0 : (uint64_t)t;
}

int32_t
period_first_day(enum units_period period, int32_t day)
{
	switch (period) {
	case PERIOD_DAY:
		return day;
	case PERIOD_WEEK:
		return day - (day + EPOCH_WEEKDAY) % WEEK_DAYS;
	case PERIOD_MONTH:
		return day - (date_of(day).tm_mday - 1);
	case PERIOD_EVER:
	case N_PERIODS:
		break;
	}
	return 0;
}

int32_t
period_next_day(enum units_period period, int32_t day)
{
	struct tm date;

	switch (period) {
	case PERIOD_DAY:
		return day + 1;
	case PERIOD_WEEK:
		return period_first_day(period, day) + WEEK_DAYS;
	case PERIOD_MONTH:
		date = date_of(day);
		date.tm_mon++;
		date.tm_mday = 1;
		return (int32_t)(timegm(&date) / DAY_S);
	case PERIOD_EVER:
	case N_PERIODS:
		break;
	}
	return INT32_MAX;
}

void
period_reset_name(enum units_period period, int32_t day,
    char out[DAY_NAME_SIZE])
{
	if (period == PERIOD_EVER)
		snprintf(out, DAY_NAME_SIZE, "never");
	else
		period_day_name(period_next_day(period, day), out);
}
