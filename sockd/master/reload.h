/*
 * SIGHUP: a new configuration, or one error line and nothing changed.
 */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

#include "state.h"

void	reload(struct master *m);

/* Tell that it is done, once it is: at each turn of the loop. */
void	reload_tell(struct master *m);

#endif
