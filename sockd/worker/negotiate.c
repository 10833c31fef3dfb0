/*
 * The first stage, in a worker: which protocol does the client speak, and
 * with SOCKS5, by which method will it say who it is (RFC 1928, section 3)?
 * The first octet decides.  What is no SOCKS is closed at once.
 */
#include "handshake.h"
#include "lib/sniff.h"
#include "lib/socks4.h"
#include "lib/socks5.h"
#include "method.h"
#include "refuse.h"
#include "reply.h"
#include "session.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"

/* Could some rule pass a client that is this? */
static bool
can_pass(const struct session *s, enum who who)
{
	struct rule_question q = s->question;

	q.who = who;
	return policy_decide(&s->conf->policy, &q).can_pass;
}

static void
speaks(struct session *s, uint8_t version, enum who who)
{
	s->shown->protocol = version;
	question_at_greeting(&s->question, version, who);
	slot_advance(s->board, s->slot, SLOT_NEGOTIATED);
}

/* A USERID proves nothing: a SOCKS4 client is one with method none. */
static bool
negotiate_socks4(struct session *s)
{
	speaks(s, SOCKS4_VERSION, WHO_ANONYMOUS);
	s->method = SOCKS5_METHOD_NONE;
	if (!(s->listen->protocols & PROTOCOL_SOCKS4))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED);
	return true;
}

static bool
tell_method(struct session *s)
{
	const uint8_t answer[2] = { SOCKS5_VERSION, s->method };

	if (s->method != SOCKS5_METHOD_UNACCEPTABLE)
		return reply_octets(s, answer, sizeof(answer));
	/* a client that did not wait may have sent its password */
	buffer_wipe(s->early, buffer_held(s->early));
	return refuse_octets(s, answer, sizeof(answer), OUTCOME_BLOCKED);
}

static bool
negotiate_socks5(struct session *s)
{
	struct socks5_greeting greeting;
	ssize_t n;

	speaks(s, SOCKS5_VERSION, WHO_UNKNOWN);
	s->method = SOCKS5_METHOD_UNACCEPTABLE;
	if (!(s->listen->protocols & PROTOCOL_SOCKS5))
		return tell_method(s);
	while ((n = socks5_greeting_decode(buffer_data(s->early),
	    buffer_held(s->early), &greeting)) == DECODE_MORE)
		if (!handshake_more(s))
			return false;
	if (n < 0)
		return session_fail(s, OUTCOME_BAD_REQUEST);
	buffer_use(s->early, (size_t)n);
	s->method = method_choose(s->listen, &greeting,
	    can_pass(s, WHO_ANONYMOUS), can_pass(s, WHO_SOMEBODY));
	return tell_method(s);
}

static bool
negotiate_nothing(struct session *s)
{
	char client[ADDR_TEXT_MAX];

	log_info("not socks client=%s listen=%s looks=%s",
	    addr_format_port(&s->shown->client, client), s->listen->name,
	    sniff(buffer_data(s->early), buffer_held(s->early)));
	return session_fail(s, OUTCOME_BAD_REQUEST);
}

bool
negotiate(struct session *s)
{
	if (!handshake_more(s))
		return false;
	switch (*buffer_data(s->early)) {
	case SOCKS4_VERSION:
		return negotiate_socks4(s);
	case SOCKS5_VERSION:
		return negotiate_socks5(s);
	default:
		return negotiate_nothing(s);
	}
}
