/*
 * What is worth waking a worker for, by what is parked.
 */
#ifndef KEEPER_WATCH_H
#define KEEPER_WATCH_H

#include "sockd/common/board.h"

/*
 * The events of poll(2) for the fd-th descriptor of this session, in
 * the order in which they were handed over (0: the client's).  Errors and
 * hang-ups are always told.
 */
short	watch_events(const struct session_slot *s, unsigned fd);

#endif
