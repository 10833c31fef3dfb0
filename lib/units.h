/*
 * Sizes, rates and times as an administrator writes them.
 *
 * Sizes carry their unit: "1500B", "50kB", "50GB" (5*10^10), "50GiB"
 * (50*2^30), up to PB and PiB.  Rates are per second: "64kbit", "20Mbit",
 * "1Gbit" (bits), "2MB" (octets).  Durations: "500ms", "90s", "5m", "2h",
 * "30d", "1w".  "Mb", a bare "M" and a bare number are errors, and
 * units_why() says which unit was probably meant.  Fractions ("1.5GB") are
 * read exactly; what is left below one octet or millisecond is dropped.  No
 * spaces; the case of a unit matters, but "KB" is "kB".
 */
#ifndef LIB_UNITS_H
#define LIB_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum units_fault {
	UNITS_OK,
	UNITS_NOT_A_NUMBER,
	UNITS_NO_UNIT,		/* a bare number */
	UNITS_AMBIGUOUS,	/* "20Mb", "20M": bit or octet? */
	UNITS_UNKNOWN_UNIT,
	UNITS_TOO_LARGE,
	UNITS_TOO_SMALL,	/* not 0, yet below one octet or 1 ms */
	UNITS_NO_PERIOD,	/* "20GB", "20GB/year" where a period belongs */
};

enum { UNITS_TEXT_MAX = 32 };

enum units_period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_EVER,
		    N_PERIODS };

/*
 * Read a size (at most 2^63-1 octets), a rate (at most 2^60-1 octets a
 * second) or a duration (so long that ns of it fit 63 bits, 292 years).  Each
 * writes its result only on UNITS_OK.
 */
enum units_fault units_size(const char *text, uint64_t *octets);
enum units_fault units_rate(const char *text, uint64_t *octets_per_s);
enum units_fault units_duration(const char *text, uint64_t *ms);

/*
 * "20GB/month", "8h/day": amount (octets or ms) and period.  Both are written
 * only on UNITS_OK; UNITS_NO_PERIOD if the amount is good and the rest not.
 */
enum units_fault units_size_per(const char *text, uint64_t *octets,
	    enum units_period *period);
enum units_fault units_duration_per(const char *text, uint64_t *ms,
	    enum units_period *period);

/*
 * A sentence for the fault, a constant: "a bare number has no unit; write
 * 20MB ...".
 */
const char *units_why(enum units_fault fault);

/* "day", "week", "month", "ever". */
const char *units_period_name(enum units_period period);

/*
 * Write in the largest unit that divides the value, so that the readers above
 * read the same value again.  Each returns buf.
 */
const char *units_format_size(uint64_t octets, char buf[UNITS_TEXT_MAX]);
const char *units_format_rate(uint64_t octets_per_s,
	    char buf[UNITS_TEXT_MAX]);
const char *units_format_duration(uint64_t ms, char buf[UNITS_TEXT_MAX]);

#endif
