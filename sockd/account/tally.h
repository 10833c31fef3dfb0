/*
 * The usage of one sweep, summed up by principal and day before it goes to
 * the store: a thousand short sessions of one user are one statement.
 */
#ifndef ACCOUNT_TALLY_H
#define ACCOUNT_TALLY_H

#include "store.h"

struct tally;

struct tally *tally_new(void);		/* NULL: out of memory */

/* Add; an entry in the way goes to the store.  STORE_OK, STORE_ERROR. */
int	tally_add(struct tally *t, struct store *s,
	    const struct store_usage *u);
/* Everything goes to the store. */
int	tally_flush(struct tally *t, struct store *s);
/* The transaction failed: forget. */
void	tally_forget(struct tally *t);

#endif
