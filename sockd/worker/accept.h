/*
 * Where a worker waits for its next client: a new one on a listener, or a
 * tunnel that wakes in a keeper.
 */
#ifndef WORKER_ACCEPT_H
#define WORKER_ACCEPT_H

#include <stdbool.h>

struct worker;

/*
 * Wait for one client and serve it, whole.  False: this worker is to end
 * (the master is gone, its generation is over, it is one too many).
 */
bool	accept_and_serve(struct worker *w);

#endif
