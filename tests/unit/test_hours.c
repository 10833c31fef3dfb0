/*
 * Windows of the week, beside a week that is marked minute by minute.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/hours.h"

enum { DAY = 24 * 60 };

struct good_window {
	const char	*text;
	unsigned	days, begin, end;
	const char	*written;
};

static const struct good_window good_windows[] = {
	{ "mon-fri 08:00-18:00", 0x1f, 480, 1080, "mon-fri 08:00-18:00" },
	{ "00:00-24:00", 0x7f, 0, 1440, "00:00-24:00" },
	{ "00:00-00:00", 0x7f, 0, 1440, "00:00-24:00" },
	{ "fri 22:00-06:00", 0x10, 1320, 360, "fri 22:00-06:00" },
	{ "fri 22:00-00:00", 0x10, 1320, 1440, "fri 22:00-24:00" },
	{ "sat,sun 10:00-12:00", 0x60, 600, 720, "sat-sun 10:00-12:00" },
	{ "fri-mon 10:00-12:00", 0x71, 600, 720, "fri-mon 10:00-12:00" },
	{ "sun,mon 10:00-12:00", 0x41, 600, 720, "sun-mon 10:00-12:00" },
	{ "mon,wed,fri 10:00-12:00", 0x15, 600, 720,
	    "mon,wed,fri 10:00-12:00" },
	{ "mon-tue,thu-fri,sun 10:00-12:00", 0x5b, 600, 720,
	    "thu-fri,sun-tue 10:00-12:00" },
	{ "mon-sun 08:00-18:00", 0x7f, 480, 1080, "08:00-18:00" },
	{ "tue-mon 08:00-18:00", 0x7f, 480, 1080, "08:00-18:00" },
	{ "tue-tue 08:00-18:00", 0x02, 480, 1080, "tue 08:00-18:00" },
	{ "MON-Fri 08:00-18:00", 0x1f, 480, 1080, "mon-fri 08:00-18:00" },
	{ "mon,mon 08:00-18:00", 0x01, 480, 1080, "mon 08:00-18:00" },
	{ "mon \t 08:00-18:00", 0x01, 480, 1080, "mon 08:00-18:00" },
	{ "mon 08:00-08:00", 0x01, 480, 480, "mon 08:00-08:00" },
	{ "sun 23:59-00:01", 0x40, 1439, 1, "sun 23:59-00:01" },
	{ "23:59-24:00", 0x7f, 1439, 1440, "23:59-24:00" },
};

struct bad_window {
	const char	*text, *why;	/* a word of it */
};

static const struct bad_window bad_windows[] = {
	{ "", "mon, tue" },
	{ " 08:00-18:00", "mon, tue" },
	{ "mo 08:00-18:00", "mon, tue" },
	{ "monday 08:00-18:00", "mon, tue" },
	{ "mon", "mon, tue" },
	{ "mon-", "mon, tue" },
	{ "mon- 08:00-18:00", "mon, tue" },
	{ "mon, 08:00-18:00", "mon, tue" },
	{ "mon,,tue 08:00-18:00", "mon, tue" },
	{ ",mon 08:00-18:00", "mon, tue" },
	{ "mon-wed-fri 08:00-18:00", "mon, tue" },
	{ "mon08:00-18:00", "mon, tue" },
	{ "mon,08:00-18:00", "mon, tue" },
	{ "mon ", "HH:MM" },
	{ "mon tue 08:00-18:00", "HH:MM" },
	{ "8:00-18:00", "HH:MM" },
	{ "08:0-18:00", "HH:MM" },
	{ "08-18", "HH:MM" },
	{ "08:00", "HH:MM" },
	{ "08:00-", "HH:MM" },
	{ "08:00 - 18:00", "HH:MM" },
	{ "08:00-18:00 ", "HH:MM" },
	{ "08:00-18:00,", "HH:MM" },
	{ "08:00-18:000", "HH:MM" },
	{ "08:00-18:00:00", "HH:MM" },
	{ "08.00-18.00", "HH:MM" },
	{ "0800-1800", "HH:MM" },
	{ "-1:00-18:00", "mon, tue" },
	{ "24:00-08:00", "24:00" },
	{ "08:00-24:01", "24:00" },
	{ "08:00-25:00", "24:00" },
	{ "08:60-18:00", "24:00" },
	{ "08:00-18:60", "24:00" },
	{ "99:99-99:99", "24:00" },
};

Test(hours, good)
{
	for (size_t i = 0; i < N_ELEMENTS(good_windows); i++) {
		const struct good_window *g = &good_windows[i];
		char *text = (char *)exact_copy(g->text, strlen(g->text) + 1);
		char *buf = malloc(48);
		const char *why;
		struct hours h;

		cr_assert(hours_parse(&h, text, &why), "%s: %s", text, why);
		cr_assert_eq(h.days, g->days, "%s", text);
		cr_assert_eq(h.begin, g->begin, "%s", text);
		cr_assert_eq(h.end, g->end, "%s", text);
		cr_assert_str_eq(hours_format(&h, buf), g->written);
		free(buf);
		free(text);
	}
}

Test(hours, bad)
{
	struct hours h, before;

	memset(&h, 0xee, sizeof(h));
	before = h;
	for (size_t i = 0; i < N_ELEMENTS(bad_windows); i++) {
		const struct bad_window *b = &bad_windows[i];
		char *text = (char *)exact_copy(b->text, strlen(b->text) + 1);
		const char *why = NULL;

		cr_assert_not(hours_parse(&h, text, &why), "\"%s\"", text);
		cr_assert_not_null(strstr(why, b->why), "\"%s\": %s", text,
		    why);
		cr_assert_eq(memcmp(&h, &before, sizeof(h)), 0);
		free(text);
	}
}

/* No octet makes it read beyond its end; what it takes it writes again. */
Test(hours, every_octet_and_every_prefix)
{
	static const char good[] = "mon-wed,fri 08:00-18:00";
	struct hours h = { 0 }, again = { 0 };
	const char *why;
	char buf[HOURS_TEXT_MAX];

	for (size_t at = 0; at < sizeof(good) - 1; at++) {
		for (int c = 0; c < 256; c++) {
			char *text = (char *)exact_copy(good, sizeof(good));

			text[at] = (char)c;
			if (hours_parse(&h, text, &why)) {
				hours_format(&h, buf);
				cr_assert(hours_parse(&again, buf, &why));
				cr_assert_eq(memcmp(&h, &again, sizeof(h)), 0);
			}
			free(text);
		}
	}
}

/* Every set of days is written so that it reads the same. */
Test(hours, round_trip)
{
	static const uint16_t times[][2] = { { 0, 1440 }, { 0, 1 },
		{ 1439, 1440 }, { 1439, 1439 }, { 480, 1080 }, { 1080, 480 } };
	struct hours h = { 0 }, again = { 0 };
	const char *why;
	char *buf;

	for (unsigned days = 1; days < 0x80; days++) {
		for (size_t i = 0; i < N_ELEMENTS(times); i++) {
			h.days = (uint8_t)days;
			h.begin = times[i][0];
			h.end = times[i][1];
			buf = malloc(48);
			cr_assert(hours_parse(&again, hours_format(&h, buf),
			    &why), "%s: %s", buf, why);
			cr_assert_eq(memcmp(&h, &again, sizeof(h)), 0, "%s",
			    buf);
			free(buf);
		}
	}
}

/* The week minute by minute: what is inside, and where something turns. */
static void
mark_week(const struct hours *h, bool inside[WEEK_MINUTES],
    bool edge[WEEK_MINUTES])
{
	memset(inside, 0, WEEK_MINUTES);
	memset(edge, 0, WEEK_MINUTES);
	for (unsigned day = 0; day < 7; day++) {
		unsigned at = day * DAY + h->begin, left;

		if ((h->days & 1u << day) == 0)
			continue;
		left = h->end > h->begin ? (unsigned)(h->end - h->begin) :
		    (unsigned)(DAY - h->begin + h->end);
		edge[at % WEEK_MINUTES] = true;
		edge[(at + left) % WEEK_MINUTES] = true;
		for (; left > 0; left--)
			inside[at++ % WEEK_MINUTES] = true;
	}
}

Test(hours, minute_by_minute)
{
	static bool inside[WEEK_MINUTES], edge[WEEK_MINUTES];
	struct hours h;
	const char *why;

	for (size_t i = 0; i < N_ELEMENTS(good_windows); i++) {
		const char *text = good_windows[i].text;

		cr_assert(hours_parse(&h, text, &why));
		mark_week(&h, inside, edge);
		for (unsigned m = 0; m < WEEK_MINUTES; m++) {
			cr_assert_eq(hours_contain(&h, m), inside[m],
			    "%s, minute %u", text, m);
			cr_assert_eq(hours_has_edge(&h, m), edge[m],
			    "%s, minute %u", text, m);
		}
	}
}

Test(hours, minute_of_the_week)
{
	struct tm tm = { .tm_wday = 1 };

	cr_assert_eq(hours_minute(&tm), 0);
	tm.tm_wday = 0;
	tm.tm_hour = 23;
	tm.tm_min = 59;
	tm.tm_sec = 60;
	cr_assert_eq(hours_minute(&tm), WEEK_MINUTES - 1);
	tm.tm_wday = 6;
	tm.tm_hour = 12;
	tm.tm_min = 30;
	cr_assert_eq(hours_minute(&tm), 5 * DAY + 12 * 60 + 30);
}
