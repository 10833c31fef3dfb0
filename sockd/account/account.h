/*
 * The accountant's front door.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

struct process;

/* Be the accountant until its generation ends or the master is gone; never
 * returns. */
_Noreturn void account_main(struct process *p);

#endif
