/*
 * The keeper's front door.
 */
#ifndef KEEPER_H
#define KEEPER_H

struct process;

/* Be a keeper until the run ends or the master is gone; never returns. */
_Noreturn void keeper_main(struct process *p);

#endif
