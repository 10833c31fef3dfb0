/*
 * The resolver's front door.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

struct process;

/* Never returns to the caller's work: the master forks, calls, and exits. */
void	resolver_main(struct process *p);

#endif
