/*
 * What a session has told so far, in a worker that takes it up from a
 * keeper: rules are asked again for each datagram and each BIND peer, and
 * all that they want to know stands on the board.
 */
#include <string.h>

#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/slot.h"

bool
session_recall(struct session *s)
{
	struct session_slot copy;
	enum slot_state state;

	if (slot_read(s->board, s->slot, &copy, &state) != 1)
		return false;
	s->listen = conf_listen_named(s->conf, copy.listen_name);
	question_of_slot(&s->question, &s->worker->room, &copy,
	    clock_week_minute_now(), &s->recalled);
	memcpy(s->name, s->recalled.principal, sizeof(s->name));
	return true;
}
