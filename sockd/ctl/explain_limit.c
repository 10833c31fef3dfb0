/*
 * A limit as its section in the configuration reads, each cap with what is
 * used and left of it.
 */
#include "explain_limit.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl.h"
#include "ledger.h"

/* False: nothing is left. */
static bool
print_cap(struct ledger *l, const char *principal,
    const struct limit_cap *cap, bool seconds)
{
	char allowed[UNITS_TEXT_MAX], used_text[UNITS_TEXT_MAX];
	char left_text[UNITS_TEXT_MAX];
	const char *(*text)(uint64_t, char[UNITS_TEXT_MAX]) =
	    seconds ? ctl_lasted : ctl_size;
	int64_t used;
	uint64_t left;

	printf("  %s %s/%s", seconds ? "time" : "bytes",
	    text(cap->amount, allowed), units_period_name(cap->period));
	if (l == NULL || !ledger_used(l, principal, cap->period, seconds,
	    &used)) {
		printf(": used is not known\n");
		return true;
	}
	left = used < (int64_t)cap->amount ? cap->amount - (uint64_t)used : 0;
	printf(": %s used, %s left%s\n",
	    text(used > 0 ? (uint64_t)used : 0, used_text),
	    text(left, left_text), left > 0 ? "" : " (used up)");
	return left > 0;
}

static void
print_rates(const struct limit *limit)
{
	char text[UNITS_TEXT_MAX];

	if (limit->rate_up != 0)
		printf("  rate_up %s\n", units_format_rate(limit->rate_up,
		    text));
	if (limit->rate_down != 0)
		printf("  rate_down %s\n", units_format_rate(
		    limit->rate_down, text));
	if (limit->sessions != 0)
		printf("  sessions %u at once\n", limit->sessions);
	if (limit->addresses != 0)
		printf("  addresses %u at once\n", limit->addresses);
}

bool
explain_limit_print(const struct conf *conf, const struct limit *limit,
    const char *principal)
{
	const char *to = principal == NULL ? "" : " to ";
	const char *whom = principal == NULL ? "" : principal;
	struct ledger *l = NULL;
	bool left = true;
	char why[512];

	if (limit == NULL) {
		printf("limit: none applies%s%s\n", to, whom);
		return true;
	}
	printf("limit: %s applies%s%s\n", limit->name, to, whom);
	if (limit->n_bytes + limit->n_time > 0 && principal != NULL) {
		l = ledger_open(conf, why, sizeof(why));
		if (l == NULL)
			printf("  (%s)\n", why);
	}
	for (size_t i = 0; i < limit->n_bytes; i++)
		left &= print_cap(l, principal, &limit->bytes[i], false);
	for (size_t i = 0; i < limit->n_time; i++)
		left &= print_cap(l, principal, &limit->time[i], true);
	print_rates(limit);
	ledger_close(l);
	return left;
}
