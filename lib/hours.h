/*
 * Windows of the week in local time: "mon-fri 08:00-18:00", "00:00-24:00",
 * "fri 22:00-06:00" (ends on Saturday: the day named is the one on which a
 * window begins), "sat,sun 10:00-12:00".  Without days: every day.
 *
 * A moment is a minute of the week as the wall clock shows it, Monday 00:00
 * being 0; who changes the clock changes the answer.
 */
#ifndef LIB_HOURS_H
#define LIB_HOURS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	WEEK_MINUTES = 7 * 24 * 60,
	HOURS_TEXT_MAX = 48,	/* four runs of days, two times, and a NUL */
};

struct hours {
	uint8_t		days;		/* bit 0: Monday ... bit 6: Sunday */
	uint16_t	begin;		/* minute of the day, 0-1439 */
	uint16_t	end;		/* 1-1440; <= begin: the next day */
};

/*
 * Read a window: days (names and ranges with commas between, "fri-mon" goes
 * round the end of the week, case does not matter), a space, two times of
 * HH:MM.  A window that ends when it begins or earlier ends on the next day;
 * an end of 00:00 is 24:00.  False, with *h left alone, for what is no
 * window; *why, a constant, then says what would be right.
 */
bool	hours_parse(struct hours *h, const char *text, const char **why);

/* The minute of the week that this local time shows. */
unsigned hours_minute(const struct tm *local);

/* Does a window of h hold this minute of the week (0-10079)? */
bool	hours_contain(const struct hours *h, unsigned minute);

/*
 * Does a window of h begin or end at this minute of the week?  Where one
 * ends as the next begins that is an edge too.
 */
bool	hours_has_edge(const struct hours *h, unsigned minute);

/* Write as hours_parse() reads, days in ranges.  Returns buf. */
const char *hours_format(const struct hours *h, char buf[HOURS_TEXT_MAX]);

#endif
