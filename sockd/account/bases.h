/*
 * The bases of the principals on the board, from which what they used in a
 * running period follows: used = total - base.  Only the accountant writes
 * them, and makes them agree with the ledger:
 *
 *	base = total - what the ledger has yet to be told - what it says
 */
#ifndef ACCOUNT_BASES_H
#define ACCOUNT_BASES_H

#include "books.h"

struct policy;

struct bases {
	uint64_t	*totals, *untold;	/* by principal slot */
	uint64_t	*since;		/* the same: untold, since the day
					 * turned */
	unsigned	turned;		/* periods that turned then (bits) */
	bool		ever;		/* some limit counts for ever */
	bool		loading;	/* a principal may be LOADING */
	uint32_t	next;		/* to be brought into agreement */
};

/* -1: out of memory. */
int	bases_open(struct bases *s, const struct board *b,
	    const struct policy *policy);
void	bases_close(struct bases *s);

/* Everyone who used something in the running periods gets a slot, LOADING,
 * as far as half of the table holds them. */
int	bases_preload(struct bases *s, struct books *k);

/*
 * Load who is LOADING; then they are READY.  STORE_ERROR: some had to stay
 * as they are.
 */
int	bases_load(struct bases *s, struct books *k);

/* There is no ledger to ask: whoever is LOADING used nothing, until
 * bases_refresh() knows better. */
void	bases_load_blind(struct bases *s, struct books *k);

/* Begin to bring everybody into agreement with the ledger. */
void	bases_refresh(struct bases *s);
/* A portion of that; true if more can be done at once. */
bool	bases_go_on(struct bases *s, struct books *k);

/* These periods (bits) turned: everybody begins them at nothing. */
void	bases_turn(struct bases *s, struct books *k, unsigned turned);

#endif
