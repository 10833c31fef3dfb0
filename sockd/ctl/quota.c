/*
 * sockctl quota: what principals used of their limits, and what is left.
 */
#include <stdio.h>

#include "ctl.h"
#include "ledger.h"

static const char *
amount(uint64_t n, bool seconds, char buf[UNITS_TEXT_MAX])
{
	return seconds ? ctl_lasted(n, buf) : ctl_size(n, buf);
}

static void
print_name(int width, const char *name)
{
	char text[CTL_TEXT_MAX];

	printf("%-*s ", width, ctl_text(name, text, sizeof(text)));
}

static void
print_row(void *arg, const struct ledger_quota *r)
{
	char used[UNITS_TEXT_MAX], allowed[UNITS_TEXT_MAX];
	char left[UNITS_TEXT_MAX], resets[CTL_TEXT_MAX];
	unsigned *n = arg;

	if ((*n)++ == 0)
		printf("%-20s %-16s %-6s %12s %12s %12s  %s\n", "principal",
		    "limit", "period", "used", "allowed", "left", "resets");
	print_name(20, r->principal);
	print_name(16, r->limit);
	print_name(6, r->period);
	printf("%12s %12s %12s  %s\n",
	    amount(r->used > 0 ? (uint64_t)r->used : 0, r->seconds, used),
	    amount(r->allowed, r->seconds, allowed),
	    amount(r->left, r->seconds, left),
	    ctl_text(r->resets, resets, sizeof(resets)));
}

/* Those of one principal, NULL: of all. */
static bool
print_rows(struct ledger *l, const char *principal, unsigned *n)
{
	unsigned before = *n;

	if (!ledger_quotas(l, principal, print_row, n))
		return false;
	if (*n > before)
		return true;
	if (principal == NULL)
		printf("nobody has a quota that is counted\n");
	else
		printf("%s has no quota that is counted\n", principal);
	return true;
}

enum ctl_exit
ctl_quota(const struct conf *conf, int argc, char *argv[])
{
	struct ledger *l;
	char why[512];
	unsigned n = 0;
	bool ok;

	l = ledger_open(conf, why, sizeof(why));
	if (l == NULL) {
		fprintf(stderr, "sockctl: %s\n", why);
		return CTL_NO;
	}
	ok = argc > 0 || print_rows(l, NULL, &n);
	for (int i = 0; ok && i < argc; i++)
		ok = print_rows(l, argv[i], &n);
	ledger_close(l);
	return ok ? CTL_OK : CTL_NO;
}
