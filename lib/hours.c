/*
 * Windows of the week: reading, asking, writing.
 *
 * Runs wherever the configuration is read or its rules are asked.  Knows no
 * clock and no time zone: the caller brings the minute that the wall shows.
 */
#include "hours.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DAYS = 7, DAY_MINUTES = 24 * 60, EVERY_DAY = 0x7f, DAY_LEN = 3 };

static const char day_names[DAYS][DAY_LEN + 1] = {
	"mon", "tue", "wed", "thu", "fri", "sat", "sun",
};

static const char why_day[] =
    "a day is mon, tue, wed, thu, fri, sat or sun; "
    "write mon-fri, or sat,sun, before a space and the times";
static const char why_time[] =
    "times are two of HH:MM, such as 08:00-18:00";
static const char why_range[] =
    "a window begins between 00:00 and 23:59 and ends by 24:00";

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Take one day's name at *at; -1 for anything else. */
static int
take_day(const char **at)
{
	for (int day = 0; day < DAYS; day++) {
		if (strncasecmp(*at, day_names[day], DAY_LEN) == 0) {
			*at += DAY_LEN;
			return day;
		}
	}
	return -1;
}

/* Take "fri" or "fri-mon" at *at; its days, or 0. */
static unsigned
take_day_range(const char **at)
{
	int first = take_day(at), last = first;
	unsigned days;

	if (first == -1)
		return 0;
	if (**at == '-') {
		(*at)++;
		last = take_day(at);
		if (last == -1)
			return 0;
	}
	days = 1u << last;
	for (int day = first; day != last; day = (day + 1) % DAYS)
		days |= 1u << day;
	return days;
}

/* Take "mon-wed,sat " at *at; its days, or 0. */
static unsigned
take_days(const char **at)
{
	unsigned days = 0, more;

	for (;;) {
		more = take_day_range(at);
		if (more == 0)
			return 0;
		days |= more;
		if (**at != ',')
			break;
		(*at)++;
	}
	if (!is_space(**at))
		return 0;
	while (is_space(**at))
		(*at)++;
	return days;
}

/* Take two digits at *at; -1 for anything else. */
static int
take_two_digits(const char **at)
{
	const char *s = *at;

	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	*at += 2;
	return (s[0] - '0') * 10 + (s[1] - '0');
}

/* Take "HH:MM" at *at; the minute of the day, or -1.  24:00 is 1440. */
static int
take_time(const char **at)
{
	int hour, minute;

	hour = take_two_digits(at);
	if (hour == -1 || **at != ':')
		return -1;
	(*at)++;
	minute = take_two_digits(at);
	if (minute == -1)
		return -1;
	return minute > 59 ? DAY_MINUTES + 1 : hour * 60 + minute;
}

bool
hours_parse(struct hours *h, const char *text, const char **why)
{
	const char *at = text;
	unsigned days = EVERY_DAY;
	int begin, end;

	*why = why_day;
	if (*at < '0' || *at > '9')
		days = take_days(&at);
	if (days == 0)
		return false;
	*why = why_time;
	begin = take_time(&at);
	if (begin == -1 || *at != '-')
		return false;
	at++;
	end = take_time(&at);
	if (end == -1 || *at != '\0')
		return false;
	*why = why_range;
	if (begin >= DAY_MINUTES || end > DAY_MINUTES)
		return false;
	h->days = (uint8_t)days;
	h->begin = (uint16_t)begin;
	h->end = (uint16_t)(end == 0 ? DAY_MINUTES : end);
	return true;
}

unsigned
hours_minute(const struct tm *local)
{
	const int day = (local->tm_wday + 6) % DAYS;	/* from Monday */

	return (unsigned)(day * DAY_MINUTES + local->tm_hour * 60 +
	    local->tm_min);
}

static bool
has_day(const struct hours *h, unsigned day)
{
	return (h->days & 1u << day % DAYS) != 0;
}

bool
hours_contain(const struct hours *h, unsigned minute)
{
	const unsigned today = minute / DAY_MINUTES;
	const unsigned now = minute % DAY_MINUTES;

	if (h->end > h->begin)
		return has_day(h, today) && now >= h->begin && now < h->end;
	return (has_day(h, today) && now >= h->begin) ||
	    (has_day(h, today + DAYS - 1) && now < h->end);
}

bool
hours_has_edge(const struct hours *h, unsigned minute)
{
	const unsigned today = minute / DAY_MINUTES;
	const unsigned now = minute % DAY_MINUTES;
	const bool ends_next_day = h->end <= h->begin || h->end == DAY_MINUTES;
	const unsigned began = ends_next_day ? today + DAYS - 1 : today;

	return (has_day(h, today) && now == h->begin) ||
	    (has_day(h, began) && now == h->end % DAY_MINUTES);
}

/* Append the run of days that begins with first; returns the new length. */
static int
format_run(const struct hours *h, unsigned first, char *buf, int len)
{
	unsigned last = first;

	while (has_day(h, last + 1))
		last++;
	len += snprintf(buf + len, 5, "%s%s", len == 0 ? "" : ",",
	    day_names[first]);
	if (last > first)
		len += snprintf(buf + len, 5, "-%s", day_names[last % DAYS]);
	return len;
}

const char *
hours_format(const struct hours *h, char buf[HOURS_TEXT_MAX])
{
	int len = 0;

	if ((h->days & EVERY_DAY) != EVERY_DAY) {
		for (unsigned day = 0; day < DAYS; day++)
			if (has_day(h, day) && !has_day(h, day + DAYS - 1))
				len = format_run(h, day, buf, len);
		buf[len++] = ' ';
	}
	snprintf(buf + len, 16, "%02u:%02u-%02u:%02u",
	    h->begin / 60u % 100, h->begin % 60u, h->end / 60u % 100,
	    h->end % 60u);
	return buf;
}
