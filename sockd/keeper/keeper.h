/*
 * The keeper's front door.
 */
#ifndef KEEPER_H
#define KEEPER_H

struct process;

/* Never returns to the caller's work: the master forks, calls, and exits. */
void	keeper_main(struct process *p);

#endif
