/*
 * Handing an idle tunnel to a keeper.
 */
#ifndef WORKER_PARK_H
#define WORKER_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "sockd/common/board.h"

struct session;

/*
 * After how many ms without an octet this tunnel is to be parked: park_after
 * while there are workers enough, else at once after its first wait of 10 ms.
 * UINT64_MAX: there is no keeper.
 */
uint64_t park_after_ms(const struct session *s);

/*
 * How many ms until it is asked again, for workers may run short meanwhile.
 * The more workers there are the longer: together they look about once a ms.
 */
uint64_t park_look_ms(const struct session *s);

/*
 * Hand the session over, with both its sockets.  Nothing of it may be in a
 * pipe or buffer.  half_closed: bit 0, the client's FIN was passed on; bit
 * 1, the target's.  True: it went, s->parked is set, the slot must not be
 * touched any more; our copies of the sockets are still ours to close.
 * False: no keeper takes it now; go on.
 */
bool	park(struct session *s, uint64_t idle_due_ms, uint16_t half_closed);

/*
 * The same for what is no tunnel: the client's socket goes first, then n
 * more (lent, at most CHANNEL_FDS_MAX - 1).  At due_ms a worker gets it back,
 * as whenever something happens: session_resume().
 */
bool	park_as(struct session *s, enum parked_kind kind, const int *more,
	    size_t n, uint64_t due_ms);

#endif
