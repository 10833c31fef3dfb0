/*
 * Datagrams that an association dropped, as the log tells them.
 */
#ifndef COMMON_DROPS_H
#define COMMON_DROPS_H

#include "board.h"

/* One line for the session with this id, if anything was dropped. */
void	drops_log(uint64_t id, const uint32_t drops[N_UDP_DROPS]);

#endif
