/*
 * Sizes, rates, durations: read, refused, written and read again.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/units.h"

struct value_case {
	const char		*text;
	enum units_fault	fault;
	uint64_t		value;
};

typedef enum units_fault (*read_fn)(const char *text, uint64_t *value);

static const struct value_case sizes[] = {
	{ "1500B", UNITS_OK, 1500 },
	{ "0B", UNITS_OK, 0 },
	{ "0.0GB", UNITS_OK, 0 },
	{ "50kB", UNITS_OK, 50000 },
	{ "50KB", UNITS_OK, 50000 },
	{ "50KiB", UNITS_OK, 51200 },
	{ "1MB", UNITS_OK, 1000000 },
	{ "1MiB", UNITS_OK, 1048576 },
	{ "50GB", UNITS_OK, 50000000000 },
	{ "50GiB", UNITS_OK, 53687091200 },
	{ "2TB", UNITS_OK, 2000000000000 },
	{ "2TiB", UNITS_OK, 2199023255552 },
	{ "9PB", UNITS_OK, 9000000000000000 },
	{ "8191PiB", UNITS_OK, 9222246136947933184 },
	{ "1.5GB", UNITS_OK, 1500000000 },
	{ "0.1GB", UNITS_OK, 100000000 },
	{ "1.000000001GB", UNITS_OK, 1000000001 },
	{ "1.0000000019GB", UNITS_OK, 1000000001 },
	{ "0.5KiB", UNITS_OK, 512 },
	{ "1.9B", UNITS_OK, 1 },
	{ "007B", UNITS_OK, 7 },
	{ "0.33333333333333333333333333333333333333MB", UNITS_OK, 333333 },
	{ "9223372036854775807B", UNITS_OK, INT64_MAX },
	{ "9223372036854775808B", UNITS_TOO_LARGE, 0 },
	{ "18446744073709551616B", UNITS_TOO_LARGE, 0 },
	{ "18446744073709551615.9B", UNITS_TOO_LARGE, 0 },
	{ "99999999999999999999999999B", UNITS_TOO_LARGE, 0 },
	{ "8192PiB", UNITS_TOO_LARGE, 0 },
	{ "9223.372036854775808PB", UNITS_TOO_LARGE, 0 },
	{ "0.9B", UNITS_TOO_SMALL, 0 },
	{ "0.0001kB", UNITS_TOO_SMALL, 0 },
	{ "50", UNITS_NO_UNIT, 0 },
	{ "0", UNITS_NO_UNIT, 0 },
	{ "1.5", UNITS_NO_UNIT, 0 },
	{ "50M", UNITS_AMBIGUOUS, 0 },
	{ "50Mb", UNITS_AMBIGUOUS, 0 },
	{ "50mb", UNITS_AMBIGUOUS, 0 },
	{ "50k", UNITS_AMBIGUOUS, 0 },
	{ "50g", UNITS_AMBIGUOUS, 0 },
	{ "50b", UNITS_AMBIGUOUS, 0 },
	{ "50Mbit", UNITS_UNKNOWN_UNIT, 0 },
	{ "50gB", UNITS_UNKNOWN_UNIT, 0 },
	{ "50Gib", UNITS_UNKNOWN_UNIT, 0 },
	{ "50GBB", UNITS_UNKNOWN_UNIT, 0 },
	{ "50s", UNITS_UNKNOWN_UNIT, 0 },
	{ "50EB", UNITS_UNKNOWN_UNIT, 0 },
	{ "", UNITS_NOT_A_NUMBER, 0 },
	{ "GB", UNITS_NOT_A_NUMBER, 0 },
	{ "-1GB", UNITS_NOT_A_NUMBER, 0 },
	{ "+1GB", UNITS_NOT_A_NUMBER, 0 },
	{ ".5GB", UNITS_NOT_A_NUMBER, 0 },
	{ "5.GB", UNITS_NOT_A_NUMBER, 0 },
	{ "1.2.3GB", UNITS_NOT_A_NUMBER, 0 },
	{ "1,5GB", UNITS_NOT_A_NUMBER, 0 },
	{ "5 GB", UNITS_NOT_A_NUMBER, 0 },
	{ " 5GB", UNITS_NOT_A_NUMBER, 0 },
	{ "5GB ", UNITS_NOT_A_NUMBER, 0 },
	{ "5GB/day", UNITS_NOT_A_NUMBER, 0 },
	{ "0x10B", UNITS_NOT_A_NUMBER, 0 },
	{ "1e3B", UNITS_NOT_A_NUMBER, 0 },
	{ "infB", UNITS_NOT_A_NUMBER, 0 },
	{ "\xc2\xbd" "GB", UNITS_NOT_A_NUMBER, 0 },
};

static const struct value_case rates[] = {
	{ "1kbit", UNITS_OK, 125 },
	{ "64kbit", UNITS_OK, 8000 },
	{ "20Mbit", UNITS_OK, 2500000 },
	{ "10Gbit", UNITS_OK, 1250000000 },
	{ "1.5Mbit", UNITS_OK, 187500 },
	{ "14.4kbit", UNITS_OK, 1800 },
	{ "8bit", UNITS_OK, 1 },
	{ "15bit", UNITS_OK, 1 },
	{ "2MB", UNITS_OK, 2000000 },
	{ "2MiB", UNITS_OK, 2097152 },
	{ "100B", UNITS_OK, 100 },
	{ "0bit", UNITS_OK, 0 },
	{ "1152921504606846975B", UNITS_OK, UINT64_MAX / 16 },
	{ "1152921504606846976B", UNITS_TOO_LARGE, 0 },
	{ "7bit", UNITS_TOO_SMALL, 0 },
	{ "99999999999Tbit", UNITS_TOO_LARGE, 0 },
	{ "20", UNITS_NO_UNIT, 0 },
	{ "20M", UNITS_AMBIGUOUS, 0 },
	{ "20Mb", UNITS_AMBIGUOUS, 0 },
	{ "20mbit", UNITS_UNKNOWN_UNIT, 0 },
	{ "20Mbps", UNITS_UNKNOWN_UNIT, 0 },
	{ "20Mbit/s", UNITS_NOT_A_NUMBER, 0 },
};

static const struct value_case durations[] = {
	{ "500ms", UNITS_OK, 500 },
	{ "90s", UNITS_OK, 90000 },
	{ "0s", UNITS_OK, 0 },
	{ "1.5s", UNITS_OK, 1500 },
	{ "5m", UNITS_OK, 300000 },
	{ "2h", UNITS_OK, 7200000 },
	{ "30d", UNITS_OK, 2592000000 },
	{ "1w", UNITS_OK, 604800000 },
	{ "400d", UNITS_OK, 34560000000 },
	{ "9223372036854ms", UNITS_OK, 9223372036854 },
	{ "9223372036855ms", UNITS_TOO_LARGE, 0 },
	{ "106752d", UNITS_TOO_LARGE, 0 },
	{ "0.0001s", UNITS_TOO_SMALL, 0 },
	{ "0.5ms", UNITS_TOO_SMALL, 0 },
	{ "30", UNITS_NO_UNIT, 0 },
	{ "0", UNITS_NO_UNIT, 0 },
	{ "30M", UNITS_UNKNOWN_UNIT, 0 },
	{ "30min", UNITS_UNKNOWN_UNIT, 0 },
	{ "30S", UNITS_UNKNOWN_UNIT, 0 },
	{ "1h30m", UNITS_NOT_A_NUMBER, 0 },
	{ "-1s", UNITS_NOT_A_NUMBER, 0 },
	{ "", UNITS_NOT_A_NUMBER, 0 },
};

static void
check_values(read_fn read, const struct value_case *cases, size_t n)
{
	static const uint64_t untouched = 0xeeeeeeeeeeeeeeee;
	uint64_t value;

	for (size_t i = 0; i < n; i++) {
		char *text = (char *)exact_copy(cases[i].text,
		    strlen(cases[i].text) + 1);

		value = untouched;
		cr_assert_eq(read(text, &value), cases[i].fault, "\"%s\"",
		    text);
		cr_assert_eq(value, cases[i].fault == UNITS_OK ?
		    cases[i].value : untouched, "\"%s\"", text);
		free(text);
	}
}

Test(units, sizes)
{
	check_values(units_size, sizes, N_ELEMENTS(sizes));
}

Test(units, rates)
{
	check_values(units_rate, rates, N_ELEMENTS(rates));
}

Test(units, durations)
{
	check_values(units_duration, durations, N_ELEMENTS(durations));
}

struct per_case {
	const char		*text;
	enum units_fault	fault;
	uint64_t		value;
	enum units_period	period;
};

static const struct per_case pers[] = {
	{ "20GB/month", UNITS_OK, 20000000000, PERIOD_MONTH },
	{ "2GB/day", UNITS_OK, 2000000000, PERIOD_DAY },
	{ "1.5GiB/week", UNITS_OK, 1610612736, PERIOD_WEEK },
	{ "1TB/ever", UNITS_OK, 1000000000000, PERIOD_EVER },
	{ "20GB", UNITS_NO_PERIOD, 0, PERIOD_DAY },
	{ "20GB/", UNITS_NO_PERIOD, 0, PERIOD_DAY },
	{ "20GB/year", UNITS_NO_PERIOD, 0, PERIOD_DAY },
	{ "20GB/days", UNITS_NO_PERIOD, 0, PERIOD_DAY },
	{ "20GB/Day", UNITS_NO_PERIOD, 0, PERIOD_DAY },
	{ "20GB/day/day", UNITS_NO_PERIOD, 0, PERIOD_DAY },
	{ "20/day", UNITS_NO_UNIT, 0, PERIOD_DAY },
	{ "20G/day", UNITS_AMBIGUOUS, 0, PERIOD_DAY },
	{ "8h/day", UNITS_UNKNOWN_UNIT, 0, PERIOD_DAY },
	{ "/day", UNITS_NOT_A_NUMBER, 0, PERIOD_DAY },
	{ "20GB /day", UNITS_NOT_A_NUMBER, 0, PERIOD_DAY },
};

Test(units, per_period)
{
	for (size_t i = 0; i < N_ELEMENTS(pers); i++) {
		char *text = (char *)exact_copy(pers[i].text,
		    strlen(pers[i].text) + 1);
		enum units_period period = PERIOD_DAY;
		uint64_t value = 0;

		cr_assert_eq(units_size_per(text, &value, &period),
		    pers[i].fault, "\"%s\"", text);
		cr_assert_eq(value, pers[i].value, "\"%s\"", text);
		cr_assert_eq(period, pers[i].period, "\"%s\"", text);
		free(text);
	}
}

Test(units, duration_per_period)
{
	enum units_period period = PERIOD_EVER;
	uint64_t ms = 0;

	cr_assert_eq(units_duration_per("8h/day", &ms, &period), UNITS_OK);
	cr_assert_eq(ms, 8 * 3600 * 1000);
	cr_assert_eq(period, PERIOD_DAY);
	cr_assert_eq(units_duration_per("8GB/day", &ms, &period),
	    UNITS_UNKNOWN_UNIT);
	cr_assert_eq(units_duration_per("8h", &ms, &period), UNITS_NO_PERIOD);
	cr_assert_eq(ms, 8 * 3600 * 1000);
}

Test(units, words)
{
	static const char *const names[] = { "day", "week", "month", "ever" };

	for (int i = 0; i < N_PERIODS; i++)
		cr_assert_str_eq(units_period_name((enum units_period)i),
		    names[i]);
	for (int i = UNITS_OK; i <= UNITS_NO_PERIOD; i++) {
		const char *why = units_why((enum units_fault)i);

		cr_assert_gt(strlen(why), 5);
		for (int j = UNITS_OK; j < i; j++)
			cr_assert_str_neq(why,
			    units_why((enum units_fault)j));
	}
	cr_assert_not_null(strstr(units_why(UNITS_AMBIGUOUS), "Mbit"));
	cr_assert_not_null(strstr(units_why(UNITS_NO_UNIT), "20MB"));
}

struct format_case {
	uint64_t	value;
	const char	*size, *rate, *duration;
};

static const struct format_case formats[] = {
	{ 0, "0B", "0B", "0s" },
	{ 1, "1B", "1B", "1ms" },
	{ 1500, "1500B", "12kbit", "1500ms" },
	{ 1000, "1kB", "8kbit", "1s" },
	{ 1024, "1KiB", "1024B", "1024ms" },
	{ 60000, "60kB", "480kbit", "1m" },
	{ 1250000, "1250kB", "10Mbit", "1250s" },
	{ 3600000, "3600kB", "28800kbit", "1h" },
	{ 604800000, "604800kB", "4838400kbit", "7d" },
	{ 1048576, "1MiB", "1048576B", "1048576ms" },
	{ 50000000000, "50GB", "400Gbit", "50000000s" },
	{ 53687091200, "50GiB", "53687091200B", "53687091200ms" },
};

Test(units, format)
{
	char buf[UNITS_TEXT_MAX];

	for (size_t i = 0; i < N_ELEMENTS(formats); i++) {
		const struct format_case *f = &formats[i];

		cr_assert_str_eq(units_format_size(f->value, buf), f->size);
		cr_assert_str_eq(units_format_rate(f->value, buf), f->rate);
		cr_assert_str_eq(units_format_duration(f->value, buf),
		    f->duration);
	}
}

static void
check_round_trip(uint64_t value)
{
	char *buf = malloc(UNITS_TEXT_MAX);
	uint64_t again = ~value;

	cr_assert_eq(units_size(units_format_size(value, buf), &again),
	    UNITS_OK, "%s", buf);
	cr_assert_eq(again, value, "%s", buf);
	if (value <= UINT64_MAX / 16) {
		cr_assert_eq(units_rate(units_format_rate(value, buf),
		    &again), UNITS_OK, "%s", buf);
		cr_assert_eq(again, value, "%s", buf);
	}
	if (value <= INT64_MAX / 1000000) {
		cr_assert_eq(units_duration(units_format_duration(value, buf),
		    &again), UNITS_OK, "%s", buf);
		cr_assert_eq(again, value, "%s", buf);
	}
	free(buf);
}

/* Around every power of 2 and 10, and multiples that end in zeros. */
Test(units, round_trip)
{
	for (unsigned bit = 0; bit < 63; bit++) {
		const uint64_t power = (uint64_t)1 << bit;

		check_round_trip(power - 1);
		check_round_trip(power);
		check_round_trip(power + 1);
	}
	for (uint64_t power = 1; power < INT64_MAX / 100; power *= 10)
		for (uint64_t n = 1; n < 100; n++)
			check_round_trip(n * power);
	check_round_trip(INT64_MAX);
	check_round_trip(UINT64_MAX / 16);
	check_round_trip(INT64_MAX / 1000000);
}
