/*
 * CONNECT, in a worker (RFC 1928, section 4): reach the target, tell the
 * client from where, and relay until both are done.
 */
#include "dial.h"
#include "refuse.h"
#include "relay.h"
#include "resolve.h"
#include "session.h"

bool
serve_connect(struct session *s)
{
	struct addr addrs[MESSAGE_ADDRS_MAX];
	struct reply_failure failure;
	struct dialed d;
	size_t n;

	if (!resolve(s, &s->asked, addrs, &n))
		return false;
	if (!dial(s, addrs, n, &d, &failure))
		return failure.outcome == OUTCOME_NONE ? false :
		    refuse(s, failure.rep, failure.outcome);
	s->target = d.fd;
	session_grant(s, d.rule, &d.target, &d.source);
	if (!reply_send(s, SOCKS5_SUCCEEDED, &d.source))
		return false;
	relay(s);
	return true;
}
