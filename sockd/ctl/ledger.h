/*
 * The ledger, read only.
 */
#ifndef CTL_LEDGER_H
#define CTL_LEDGER_H

#include "sockd/common/conf.h"

struct ledger;

/* NULL with the reason in why. */
struct ledger *ledger_open(const struct conf *conf, char *why,
	    size_t why_size);
void	ledger_close(struct ledger *l);

/*
 * Octets or seconds that this principal used, metered, in the running period;
 * below 0: a credit that a hand has put there.  False: it cannot be read, and
 * stderr says why.
 */
bool	ledger_used(struct ledger *l, const char *principal,
	    enum units_period period, bool seconds, int64_t *used);

/* One row of the view quota. */
struct ledger_quota {
	const char	*principal, *limit, *period, *resets;
	int64_t		used;		/* below 0: a credit, left as well */
	uint64_t	allowed, left;
	bool		seconds;
};
typedef void ledger_quota_fn(void *arg, const struct ledger_quota *row);

/* Each row of this principal, NULL: of all; false: as above. */
bool	ledger_quotas(struct ledger *l, const char *principal,
	    ledger_quota_fn *fn, void *arg);

#endif
