/*
 * Sessions that the ledger takes for living and that are on no slot.
 */
#ifndef ACCOUNT_VANISHED_H
#define ACCOUNT_VANISHED_H

#include "books.h"

/*
 * End them as lost.  To be called after a sweep that succeeded.  STORE_OK or
 * STORE_ERROR: then nothing was done.
 */
int	vanished_lose(struct books *k, uint64_t now_us);

#endif
