/*
 * What the accountant says about quotas: who is near one or has reached it
 * (log), and who falls under which limit (the ledger's quota view).
 */
#ifndef ACCOUNT_QUOTA_H
#define ACCOUNT_QUOTA_H

#include "books.h"

struct limit;
struct quota;

struct quota *quota_new(struct books *k);	/* NULL: out of memory */

/* This principal moved or may move octets under this limit (an index,
 * BOARD_NOBODY: none). */
void	quota_mark(struct quota *q, uint32_t principal, uint32_t limit);

/* Tell the log what is new of those marked since the last call: once for
 * each period at 80 %, and once at the end; and of periods that stand still
 * because the clock was set back by days. */
void	quota_tell(struct quota *q);

/* Tell the ledger under which limit they are, where that is new.  STORE_OK,
 * STORE_ERROR.  Another ledger has nothing of it: there it is all new. */
int	quota_write(struct quota *q);
void	quota_write_anew(struct quota *q);

#endif
