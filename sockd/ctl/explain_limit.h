/*
 * The limit that applies to a principal, and what the ledger leaves of it.
 */
#ifndef CTL_EXPLAIN_LIMIT_H
#define CTL_EXPLAIN_LIMIT_H

#include "sockd/common/conf.h"

/*
 * limit may be NULL: none applies; and principal: it is not known, nor what it
 * has used.  False: nothing is left of a cap.
 */
bool	explain_limit_print(const struct conf *conf,
	    const struct limit *limit, const char *principal);

#endif
