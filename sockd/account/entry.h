/*
 * One session into the ledger: its row, its usage, its targets.
 */
#ifndef ACCOUNT_ENTRY_H
#define ACCOUNT_ENTRY_H

#include "books.h"

/*
 * Put the row within the transaction that runs, and remember in k->changes
 * what is to be believed, and whether the slot is to be freed, once it is
 * committed.  STORE_OK, STORE_ERROR.
 */
int	entry_put(struct books *k, const struct row *row, bool free_slot);

#endif
