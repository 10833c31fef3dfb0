/*
 * The worker's front door.
 */
#ifndef WORKER_H
#define WORKER_H

struct process;

/* Never returns to the caller's work: the master forks, calls, and exits. */
void	worker_main(struct process *p);

#endif
