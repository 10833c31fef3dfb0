/*
 * The accountant's front door.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

struct process;

/* Never returns to the caller's work: the master forks, calls, and exits. */
void	account_main(struct process *p);

#endif
