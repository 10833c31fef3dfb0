/*
 * What holds sessions to their limits: quotas, hours, and what a reload
 * brought.  The accountant asks for all of them once a second.
 */
#ifndef ACCOUNT_ENFORCE_H
#define ACCOUNT_ENFORCE_H

#include "books.h"

struct enforcer;

/* generation is that of the configuration in k.  NULL: out of memory. */
struct enforcer *enforce_new(struct books *k, uint32_t generation);

/* This session has just been written: whose limit, and how near is it? */
void	enforce_note(struct enforcer *e, const struct row *row);

/* Look at every session that lives; cut what may not go on. */
void	enforce_run(struct enforcer *e, uint64_t now_us);

/* Tell the ledger who falls under which limit, where that is new.  STORE_OK,
 * STORE_ERROR.  Another ledger has nothing of it: there it is all new. */
int	enforce_write(struct enforcer *e);
void	enforce_write_anew(struct enforcer *e);

#endif
