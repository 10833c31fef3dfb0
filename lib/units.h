/*
 * Sizes, rates and times as an administrator writes them.
 *
 * Sizes carry their unit: "1500B", "50kB", "50GB" (5*10^10), "50GiB"
 * (50*2^30).  Rates are per second: "20Mbit" (bits), "2MB" (octets); also
 * "64kbit", "1Gbit".  Durations: "500ms", "90s", "5m", "2h", "30d", "1w".
 * "Mb", a bare "M" and a bare number are errors, and why() says which unit
 * was probably meant.  Fractions ("1.5GB") are read exactly.
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

/* Each writes its result only on UNITS_OK. */
enum units_fault units_size(const char *text, uint64_t *octets);
enum units_fault units_rate(const char *text, uint64_t *octets_per_s);
enum units_fault units_duration(const char *text, uint64_t *ms);

/* "20GB/month", "8h/day": amount (octets or ms) and period. */
enum units_fault units_size_per(const char *text, uint64_t *octets,
	    enum units_period *period);
enum units_fault units_duration_per(const char *text, uint64_t *ms,
	    enum units_period *period);

/* A sentence for the fault: "a bare number has no unit; write 20MB, ...". */
const char *units_why(enum units_fault fault);

/* "day", "week", "month", "ever". */
const char *units_period_name(enum units_period period);

/* Write so that the readers above read the same value again. */
const char *units_format_size(uint64_t octets, char buf[UNITS_TEXT_MAX]);
const char *units_format_rate(uint64_t octets_per_s,
	    char buf[UNITS_TEXT_MAX]);
const char *units_format_duration(uint64_t ms, char buf[UNITS_TEXT_MAX]);

#endif
