/*
 * Memory that is there before the first client needs it.
 */
#ifndef WORKER_WARM_H
#define WORKER_WARM_H

struct worker;

/* Once, by a fresh worker before it is ready; w->board is mapped. */
void	warm_memory(struct worker *w);

#endif
