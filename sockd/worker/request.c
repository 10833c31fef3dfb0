/*
 * The third stage, in a worker: what does the client want?  (RFC 1928,
 * section 4, and the SOCKS4 memo.)  A wrong octet is answered as soon as it
 * is there.
 */
#include "handshake.h"
#include "lib/socks4.h"
#include "lib/socks5.h"
#include "refuse.h"
#include "session.h"
#include "sockd/common/slot.h"

static enum socks5_rep
rep_of_fault(ssize_t fault)
{
	switch (fault) {
	case DECODE_BAD_COMMAND:
		return SOCKS5_BAD_COMMAND;
	case DECODE_BAD_ATYP:
		return SOCKS5_BAD_ATYP;
	default:
		return SOCKS5_FAILURE;
	}
}

static bool
request_socks4(struct session *s, enum command *command)
{
	struct socks4_request req;
	ssize_t n;

	while ((n = socks4_request_decode(buffer_data(s->early),
	    buffer_held(s->early), &req)) == DECODE_MORE)
		if (!handshake_more(s))
			return false;
	if (n < 0)
		return refuse(s, rep_of_fault(n), OUTCOME_BAD_REQUEST);
	buffer_use(s->early, (size_t)n);
	s->asked = req.target;
	*command = req.command;
	if (req.userid[0] != '\0')
		s->shown->auth = AUTH_USERID;
	slot_set_user(s->shown, req.userid);
	return true;
}

static bool
request_socks5(struct session *s, enum command *command)
{
	struct socks5_request req;
	ssize_t n;

	while ((n = socks5_request_decode(buffer_data(s->early),
	    buffer_held(s->early), &req)) == DECODE_MORE)
		if (!handshake_more(s))
			return false;
	if (n < 0)
		return refuse(s, rep_of_fault(n), OUTCOME_BAD_REQUEST);
	buffer_use(s->early, (size_t)n);
	s->asked = req.target;
	*command = req.command;
	return true;
}

/* What an association asks for is shown with its first datagram. */
static void
show(struct session *s, enum command command)
{
	const struct target *t = &s->asked;
	char text[ADDR_TEXT_MAX];

	if (command != COMMAND_UDP) {
		slot_set_host(s->shown, t->name[0] != '\0' ? t->name :
		    addr_format(&t->addr, text));
		s->shown->target_port = t->port;
	}
	s->shown->command = (uint8_t)command;
	slot_ungauge(s->board, s->slot, GAUGE_HANDSHAKE);
}

bool
request(struct session *s)
{
	enum command command = COMMAND_NONE;
	bool whole = s->shown->protocol == SOCKS4_VERSION ?
	    request_socks4(s, &command) : request_socks5(s, &command);

	if (!whole)
		return false;
	show(s, command);
	question_at_request(&s->question, command, &s->asked);
	if (command == COMMAND_CONNECT && s->asked.port == 0)
		return refuse(s, SOCKS5_FAILURE, OUTCOME_BAD_REQUEST);
	return true;
}
