/*
 * The end: nobody is accepted, sessions finish or are cut, books are closed.
 */
#ifndef MASTER_STOP_H
#define MASTER_STOP_H

#include "state.h"

/* SIGTERM or SIGINT; a second one cuts at once. */
void	stop_asked(struct master *m);

/* One step; called at every turn of the loop while a stop is under way. */
void	stop_step(struct master *m);

#endif
