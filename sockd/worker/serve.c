/*
 * The fifth stage, in a worker: do what was asked, by command.
 */
#include "refuse.h"
#include "session.h"

static bool
serve_nothing(struct session *s)
{
	return refuse(s, SOCKS5_BAD_COMMAND, OUTCOME_BAD_REQUEST);
}

static bool (*const by_command[])(struct session *) = {
	[COMMAND_NONE] = serve_nothing,
	[COMMAND_CONNECT] = serve_connect,
	[COMMAND_BIND] = serve_bind,
	[COMMAND_UDP] = serve_udp,
};

bool
serve(struct session *s)
{
	return by_command[s->question.command](s);
}
