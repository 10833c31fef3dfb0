/*
 * Days, weeks and months: where they begin, in zones where midnight is not
 * what it seems, and that they never run backwards.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/account/periods.h"

/* A zone that the machine does not know would be UTC. */
static void
set_zone(const char *zone)
{
	char file[128];

	snprintf(file, sizeof(file), "/usr/share/zoneinfo/%s", zone);
	if (strcmp(zone, "UTC") != 0 && access(file, F_OK) == -1)
		cr_skip_test("no zone %s here; tzdata has it", zone);
	setenv("TZ", zone, 1);
	tzset();
}

static uint64_t
utc(int year, int month, int mday, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
	    .tm_mday = mday, .tm_hour = hour, .tm_min = minute };

	return (uint64_t)timegm(&tm);
}

static const char *
name_of(int32_t day)
{
	static char name[DAY_NAME_SIZE];

	period_day_name(day, name);
	return name;
}

Test(periods, a_day_is_local)
{
	set_zone("Europe/Berlin");
	cr_assert_str_eq(name_of(period_day(utc(2026, 1, 31, 22, 59))),
	    "2026-01-31");
	cr_assert_str_eq(name_of(period_day(utc(2026, 1, 31, 23, 0))),
	    "2026-02-01");
	set_zone("Pacific/Kiritimati");		/* UTC+14 */
	cr_assert_str_eq(name_of(period_day(utc(2026, 1, 31, 10, 0))),
	    "2026-02-01");
	set_zone("America/New_York");
	cr_assert_str_eq(name_of(period_day(utc(2026, 2, 1, 4, 59))),
	    "2026-01-31");
}

Test(periods, where_they_begin_and_end)
{
	static const struct {
		int		year, month, mday;
		const char	*monday, *next_monday, *first, *next_first;
	} rows[] = {
		{ 2026, 11, 25, "2026-11-23", "2026-11-30", "2026-11-01",
		    "2026-12-01" },
		{ 2026, 11, 23, "2026-11-23", "2026-11-30", "2026-11-01",
		    "2026-12-01" },
		{ 2026, 11, 29, "2026-11-23", "2026-11-30", "2026-11-01",
		    "2026-12-01" },
		{ 2026, 12, 31, "2026-12-28", "2027-01-04", "2026-12-01",
		    "2027-01-01" },
		{ 2028, 2, 29, "2028-02-28", "2028-03-06", "2028-02-01",
		    "2028-03-01" },
		{ 1970, 1, 4, "1969-12-29", "1970-01-05", "1970-01-01",
		    "1970-02-01" },
	};

	set_zone("UTC");
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		int32_t day = period_day(utc(rows[i].year, rows[i].month,
		    rows[i].mday, 12, 0));

		cr_assert_eq(period_first_day(PERIOD_DAY, day), day);
		cr_assert_eq(period_next_day(PERIOD_DAY, day), day + 1);
		cr_assert_str_eq(name_of(period_first_day(PERIOD_WEEK, day)),
		    rows[i].monday);
		cr_assert_str_eq(name_of(period_next_day(PERIOD_WEEK, day)),
		    rows[i].next_monday);
		cr_assert_str_eq(name_of(period_first_day(PERIOD_MONTH, day)),
		    rows[i].first);
		cr_assert_str_eq(name_of(period_next_day(PERIOD_MONTH, day)),
		    rows[i].next_first);
	}
}

/* Every day of some years, in zones that do odd things at midnight. */
Test(periods, days_follow_each_other)
{
	static const char *const zones[] = { "UTC", "Europe/Berlin",
	    "America/Sao_Paulo",	/* midnight itself was skipped */
	    "America/Havana",		/* midnight came twice */
	    "Australia/Lord_Howe",	/* half an hour */
	    "Pacific/Apia",		/* a whole day was skipped */
	    "Asia/Kathmandu" };

	for (size_t i = 0; i < N_ELEMENTS(zones); i++) {
		set_zone(zones[i]);
		for (int32_t day = 12775; day < 18262; day++) {	/* 2005-19 */
			uint64_t begins = period_day_begins(day);
			uint64_t ends = period_day_begins(day + 1);

			if (begins == ends)
				continue;	/* Apia, 2011-12-30 */
			cr_assert_lt(begins, ends, "%s %d", zones[i], day);
			cr_assert_eq(period_day(begins), day, "%s %s",
			    zones[i], name_of(day));
			cr_assert_eq(period_day(ends - 1), day, "%s %s",
			    zones[i], name_of(day));
		}
	}
}

Test(periods, a_turn_tells_which)
{
	struct periods p;
	uint64_t now = utc(2026, 11, 28, 12, 0);	/* a Saturday */

	set_zone("Europe/Berlin");
	periods_begin(&p, period_day(now));
	cr_assert_str_eq(p.first[PERIOD_DAY], "2026-11-28");
	cr_assert_str_eq(p.first[PERIOD_WEEK], "2026-11-23");
	cr_assert_str_eq(p.first[PERIOD_MONTH], "2026-11-01");
	cr_assert_str_eq(p.first[PERIOD_EVER], "");
	cr_assert_str_eq(periods_oldest(&p), "2026-11-01");
	cr_assert_eq(periods_turn(&p, now), 0u);
	cr_assert_eq(periods_turn(&p, utc(2026, 11, 28, 22, 59)), 0u);
	cr_assert_eq(periods_turn(&p, utc(2026, 11, 28, 23, 0)),
	    1U << PERIOD_DAY);
	cr_assert_eq(periods_turn(&p, utc(2026, 11, 29, 23, 0)),
	    1U << PERIOD_DAY | 1U << PERIOD_WEEK);
	cr_assert_eq(periods_turn(&p, utc(2026, 11, 30, 23, 0)),
	    1U << PERIOD_DAY | 1U << PERIOD_MONTH);
	cr_assert_str_eq(periods_oldest(&p), "2026-11-30");
	cr_assert_eq(periods_turn(&p, utc(2026, 12, 31, 23, 0)),
	    1U << PERIOD_DAY | 1U << PERIOD_WEEK | 1U << PERIOD_MONTH);
}

Test(periods, they_never_run_backwards)
{
	struct periods p;

	set_zone("UTC");
	periods_begin(&p, period_day(utc(2026, 12, 1, 0, 1)));
	cr_assert_eq(periods_turn(&p, utc(2026, 11, 30, 23, 59)), 0u);
	cr_assert_eq(periods_turn(&p, utc(2026, 6, 1, 0, 0)), 0u);
	cr_assert_str_eq(p.first[PERIOD_DAY], "2026-12-01");
	cr_assert_eq(periods_turn(&p, utc(2026, 12, 1, 23, 59)), 0u);
	cr_assert_eq(periods_turn(&p, utc(2026, 12, 2, 0, 0)),
	    1U << PERIOD_DAY);
}

Test(periods, when_a_quota_starts_anew)
{
	static const struct {
		enum units_period	period;
		const char		*resets;
	} all[] = {
		{ PERIOD_DAY, "2027-01-01" },
		{ PERIOD_WEEK, "2027-01-04" },
		{ PERIOD_MONTH, "2027-01-01" },
		{ PERIOD_EVER, "never" },
	};
	const int32_t day = (int32_t)(utc(2026, 12, 31, 0, 0) / 86400);
	char name[DAY_NAME_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		period_reset_name(all[i].period, day, name);
		cr_assert_str_eq(name, all[i].resets);
	}
}
