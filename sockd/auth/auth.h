/*
 * The auth's front door.
 */
#ifndef AUTH_H
#define AUTH_H

struct process;

/* Never returns to the caller's work: the master forks, calls, and exits. */
void	auth_main(struct process *p);

#endif
