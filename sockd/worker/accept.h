/*
 * Where a worker waits for its next client: a new one on a listener, or a
 * tunnel that wakes in a keeper.
 */
#ifndef WORKER_ACCEPT_H
#define WORKER_ACCEPT_H

#include <stdbool.h>

struct worker;

/*
 * Make the set of what is waited for, of this process alone: it was made
 * after the fork, and of many workers a connection wakes one.  -1 and errno.
 */
int	accept_open(struct worker *w);

/*
 * Wait for one client and serve it, whole.  False: this worker is to end
 * (the master is gone, its generation is over, it is one too many).
 */
bool	accept_and_serve(struct worker *w);

#endif
