/*
 * Sizes, rates and times as an administrator writes them.
 *
 * Runs where the configuration is read, and where figures are shown.  A value
 * is scaled in whole numbers, digit by digit, never through floating point;
 * what is left below one octet or one millisecond is dropped, so that a limit
 * never grows by rounding.
 */
#include "units.h"

#include <stdio.h>
#include <string.h>

#include "elements.h"

/* SQLite's integers have 63 bits; rates are also counted in bits, times in
 * nanoseconds, both in 64 bits. */
#define SIZE_LARGEST ((uint64_t)INT64_MAX)
#define RATE_LARGEST (UINT64_MAX / 16)
#define DURATION_LARGEST ((uint64_t)INT64_MAX / 1000000)

struct unit {
	const char	*name;
	uint64_t	scale;		/* octets, bits or milliseconds */
	unsigned	divisor;	/* 8 if scale is in bits, else 1 */
};

/* Units of one kind, from the largest to the smallest. */
struct kind {
	const struct unit *units;
	size_t		n_units;
	uint64_t	largest;
	bool		bit_or_octet;	/* is "M" a question of 8? */
};

static const struct unit size_units[] = {
	{ "PB", 1000000000000000, 1 },
	{ "PiB", (uint64_t)1 << 50, 1 },
	{ "TB", 1000000000000, 1 },
	{ "TiB", (uint64_t)1 << 40, 1 },
	{ "GB", 1000000000, 1 },
	{ "GiB", (uint64_t)1 << 30, 1 },
	{ "MB", 1000000, 1 },
	{ "MiB", (uint64_t)1 << 20, 1 },
	{ "kB", 1000, 1 },
	{ "KiB", (uint64_t)1 << 10, 1 },
	{ "B", 1, 1 },
	{ "KB", 1000, 1 },		/* read, never written */
};

static const struct unit rate_units[] = {
	{ "Tbit", 1000000000000, 8 },
	{ "Gbit", 1000000000, 8 },
	{ "Mbit", 1000000, 8 },
	{ "kbit", 1000, 8 },
	{ "B", 1, 1 },
	{ "bit", 1, 8 },		/* from here on: read, never written */
	{ "TB", 1000000000000, 1 },
	{ "TiB", (uint64_t)1 << 40, 1 },
	{ "GB", 1000000000, 1 },
	{ "GiB", (uint64_t)1 << 30, 1 },
	{ "MB", 1000000, 1 },
	{ "MiB", (uint64_t)1 << 20, 1 },
	{ "kB", 1000, 1 },
	{ "KB", 1000, 1 },
	{ "KiB", (uint64_t)1 << 10, 1 },
};

static const struct unit duration_units[] = {
	{ "d", 24 * 60 * 60 * 1000, 1 },
	{ "h", 60 * 60 * 1000, 1 },
	{ "m", 60 * 1000, 1 },
	{ "s", 1000, 1 },
	{ "ms", 1, 1 },
	{ "w", 7 * 24 * 60 * 60 * 1000, 1 },	/* read, never written */
};

static const struct kind size_kind = {
	size_units, N_ELEMENTS(size_units), SIZE_LARGEST, true,
};

static const struct kind rate_kind = {
	rate_units, N_ELEMENTS(rate_units), RATE_LARGEST, true,
};

static const struct kind duration_kind = {
	duration_units, N_ELEMENTS(duration_units), DURATION_LARGEST, false,
};

static const char *const period_names[N_PERIODS] = {
	[PERIOD_DAY] = "day",
	[PERIOD_WEEK] = "week",
	[PERIOD_MONTH] = "month",
	[PERIOD_EVER] = "ever",
};

/* A number as it stands in the text, cut into its parts. */
struct number {
	const char	*whole;
	size_t		n_whole;
	const char	*fraction;
	size_t		n_fraction;
	const char	*unit;
	size_t		n_unit;
};

static size_t
count_digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

static size_t
count_letters(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && ((text[n] >= 'a' && text[n] <= 'z') ||
	    (text[n] >= 'A' && text[n] <= 'Z')))
		n++;
	return n;
}

/* Cut "1.5GB" into "1", "5" and "GB"; false if it has another shape. */
static bool
split(struct number *n, const char *text, size_t len)
{
	size_t at;

	*n = (struct number){ .whole = text };
	n->n_whole = at = count_digits(text, len);
	if (at == 0)
		return false;
	if (at < len && text[at] == '.') {
		n->fraction = text + ++at;
		n->n_fraction = count_digits(text + at, len - at);
		if (n->n_fraction == 0)
			return false;
		at += n->n_fraction;
	}
	n->unit = text + at;
	n->n_unit = count_letters(text + at, len - at);
	return at + n->n_unit == len;
}

/* "M", "Mb", "b": nobody can tell whether bits or octets are meant. */
static bool
is_ambiguous(const char *unit, size_t len)
{
	if (len > 0 && unit[len - 1] == 'b')
		len--;
	return len == 0 || (len == 1 && strchr("kKmMgGtTpP", unit[0]) != NULL);
}

static enum units_fault
find_unit(const struct kind *kind, const struct number *n,
    const struct unit **found)
{
	if (n->n_unit == 0)
		return UNITS_NO_UNIT;
	for (size_t i = 0; i < kind->n_units; i++) {
		const struct unit *u = &kind->units[i];

		if (strlen(u->name) == n->n_unit &&
		    memcmp(u->name, n->unit, n->n_unit) == 0) {
			*found = u;
			return UNITS_OK;
		}
	}
	if (kind->bit_or_octet && is_ambiguous(n->unit, n->n_unit))
		return UNITS_AMBIGUOUS;
	return UNITS_UNKNOWN_UNIT;
}

static bool
is_zero(const struct number *n)
{
	for (size_t i = 0; i < n->n_whole; i++)
		if (n->whole[i] != '0')
			return false;
	for (size_t i = 0; i < n->n_fraction; i++)
		if (n->fraction[i] != '0')
			return false;
	return true;
}

/* floor(0.fraction * scale), from the last digit to the first. */
static uint64_t
scale_fraction(const struct number *n, uint64_t scale)
{
	uint64_t sum = 0;

	for (size_t i = n->n_fraction; i-- > 0;)
		sum = ((uint64_t)(n->fraction[i] - '0') * scale + sum) / 10;
	return sum;
}

static bool
scale_whole(const struct number *n, uint64_t scale, uint64_t *scaled)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n->n_whole; i++) {
		if (value > (UINT64_MAX / scale - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(n->whole[i] - '0');
	}
	*scaled = value * scale;
	return true;
}

static enum units_fault
read_value(const struct kind *kind, const char *text, size_t len,
    uint64_t *value)
{
	const struct unit *unit;
	enum units_fault fault;
	struct number n;
	uint64_t whole, part;

	if (!split(&n, text, len))
		return UNITS_NOT_A_NUMBER;
	fault = find_unit(kind, &n, &unit);
	if (fault != UNITS_OK)
		return fault;
	if (!scale_whole(&n, unit->scale, &whole))
		return UNITS_TOO_LARGE;
	part = scale_fraction(&n, unit->scale);
	if (whole > UINT64_MAX - part ||
	    (whole + part) / unit->divisor > kind->largest)
		return UNITS_TOO_LARGE;
	if ((whole + part) / unit->divisor == 0 && !is_zero(&n))
		return UNITS_TOO_SMALL;
	*value = (whole + part) / unit->divisor;
	return UNITS_OK;
}

static bool
read_period(const char *text, enum units_period *period)
{
	for (int i = 0; i < N_PERIODS; i++) {
		if (strcmp(text, period_names[i]) == 0) {
			*period = (enum units_period)i;
			return true;
		}
	}
	return false;
}

static enum units_fault
read_per(const struct kind *kind, const char *text, uint64_t *value,
    enum units_period *period)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	enum units_fault fault;
	uint64_t amount;

	fault = read_value(kind, text, len, &amount);
	if (fault != UNITS_OK)
		return fault;
	if (slash == NULL || !read_period(slash + 1, period))
		return UNITS_NO_PERIOD;
	*value = amount;
	return UNITS_OK;
}

enum units_fault
units_size(const char *text, uint64_t *octets)
{
	return read_value(&size_kind, text, strlen(text), octets);
}

enum units_fault
units_rate(const char *text, uint64_t *octets_per_s)
{
	return read_value(&rate_kind, text, strlen(text), octets_per_s);
}

enum units_fault
units_duration(const char *text, uint64_t *ms)
{
	return read_value(&duration_kind, text, strlen(text), ms);
}

enum units_fault
units_size_per(const char *text, uint64_t *octets, enum units_period *period)
{
	return read_per(&size_kind, text, octets, period);
}

enum units_fault
units_duration_per(const char *text, uint64_t *ms, enum units_period *period)
{
	return read_per(&duration_kind, text, ms, period);
}

const char *
units_why(enum units_fault fault)
{
	switch (fault) {
	case UNITS_OK:
		return "it is right";
	case UNITS_NOT_A_NUMBER:
		return "write a number and, without a space, its unit, "
		    "such as 20MB, 1.5GiB, 20Mbit or 90s";
	case UNITS_NO_UNIT:
		return "a bare number has no unit; write 20MB for octets, "
		    "20Mbit for bits a second, 90s for a time";
	case UNITS_AMBIGUOUS:
		return "bits or octets? write Mbit for bits (20Mbit), "
		    "MB for octets (20MB)";
	case UNITS_UNKNOWN_UNIT:
		return "no such unit here; sizes take B kB MB GB TB KiB MiB "
		    "GiB TiB, rates (a second) bit kbit Mbit Gbit or those "
		    "of sizes, times ms s m h d w";
	case UNITS_TOO_LARGE:
		return "the value is too large";
	case UNITS_TOO_SMALL:
		return "the value is below the smallest, one octet "
		    "or one millisecond";
	case UNITS_NO_PERIOD:
		return "it has no period; write /day, /week, /month or "
		    "/ever behind the amount";
	}
	return "it is wrong";
}

const char *
units_period_name(enum units_period period)
{
	return (unsigned)period < N_PERIODS ? period_names[period] : "?";
}

static const char *
format(const struct kind *kind, const char *zero, uint64_t value,
    char buf[UNITS_TEXT_MAX])
{
	const struct unit *u = kind->units;

	if (value == 0) {
		snprintf(buf, UNITS_TEXT_MAX, "0%s", zero);
		return buf;
	}
	/* The smallest unit divides everything. */
	while (value % (u->scale / u->divisor) != 0)
		u++;
	snprintf(buf, UNITS_TEXT_MAX, "%llu%s",
	    (unsigned long long)(value / (u->scale / u->divisor)), u->name);
	return buf;
}

const char *
units_format_size(uint64_t octets, char buf[UNITS_TEXT_MAX])
{
	return format(&size_kind, "B", octets, buf);
}

const char *
units_format_rate(uint64_t octets_per_s, char buf[UNITS_TEXT_MAX])
{
	return format(&rate_kind, "B", octets_per_s, buf);
}

const char *
units_format_duration(uint64_t ms, char buf[UNITS_TEXT_MAX])
{
	return format(&duration_kind, "s", ms, buf);
}
