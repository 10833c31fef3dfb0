/*
 * The worker's front door.
 */
#ifndef WORKER_H
#define WORKER_H

struct process;

/* Be a worker until its generation ends or the master is gone; never
 * returns. */
_Noreturn void worker_main(struct process *p);

#endif
