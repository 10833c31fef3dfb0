/*
 * The second stage, in a worker: who is it?  With method password (RFC 1929)
 * an auth helper is asked; without one the client is its address.  The
 * password lives in the read buffer and in the question, and leaves both by
 * explicit_bzero on every path.  A failure is answered pam.fail_delay after
 * the password came, however long PAM took.
 */
#include "abuse.h"
#include "ask.h"
#include "handshake.h"
#include "lib/message.h"
#include "lib/quote.h"
#include "lib/text.h"
#include "lib/userpass.h"
#include "park.h"
#include "refuse.h"
#include "reply.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"
#include "wait.h"

enum {
	QUOTED_SIZE = 512,
	ANSWER_GRACE_MS = 1000,
	PARK_LEAST_MS = 20,
};

_Static_assert(BOARD_USER_SIZE - MESSAGE_USER_SIZE == 0,
    "what auth calls a user has room on the board");

static void
log_failure(const struct session *s)
{
	char client[ADDR_TEXT_MAX], user[QUOTED_SIZE];

	log_info("login failed client=%s user=%s service=%s",
	    addr_format_port(&s->shown->client, client),
	    quote_text(user, sizeof(user), slot_user(s->shown)),
	    s->listen->pam_service);
}

static bool
tell_success(struct session *s)
{
	uint8_t buf[USERPASS_REPLY_SIZE];

	userpass_reply_encode(buf, USERPASS_SUCCESS);
	return reply_octets(s, buf, sizeof(buf));
}

static bool
tell_failure(struct session *s, enum outcome why)
{
	uint8_t buf[USERPASS_REPLY_SIZE];

	userpass_reply_encode(buf, USERPASS_FAILURE);
	return refuse_octets(s, buf, sizeof(buf), why);
}

/* A keeper waits in our place, where there is one. */
static bool
park_failure(struct session *s, uint64_t due_ms, enum outcome why)
{
	if (due_ms < clock_ms() + PARK_LEAST_MS)
		return false;
	atomic_store(&s->shown->park_data[0], why);
	return park_as(s, PARKED_FAILURE, NULL, 0, due_ms);
}

static bool
fail_at(struct session *s, uint64_t due_ms, enum outcome why)
{
	struct pollfd fd = { .fd = s->client, .events = 0 };
	uint64_t began_ms = clock_ms();

	switch (wait_for(s, &fd, 1, due_ms, NULL)) {
	case WAIT_READY:
		return session_fail(s, why);
	case WAIT_CUT:
		return false;
	case WAIT_DUE:
		break;
	}
	s->excused_ms += clock_ms() - began_ms;
	return tell_failure(s, why);
}

/* The time of a failure tells nothing about the name. */
static bool
fail(struct session *s, uint64_t came_ms, enum outcome why)
{
	uint64_t due_ms = came_ms + s->conf->pam.fail_delay_ms;

	if (park_failure(s, due_ms, why))
		return session_fail(s, why);
	return fail_at(s, due_ms, why);
}

void
authenticate_resume(struct session *s, int *more, size_t n)
{
	uint32_t why = atomic_load(&s->shown->park_data[0]);

	(void)more;
	(void)n;
	fail_at(s, atomic_load(&s->shown->idle_due_ms),
	    why == OUTCOME_AUTH_FAILED ? OUTCOME_AUTH_FAILED : OUTCOME_ERROR);
}

static bool
fail_login(struct session *s, uint64_t came_ms)
{
	log_failure(s);
	abuse_count_failure(s);
	return fail(s, came_ms, OUTCOME_AUTH_FAILED);
}

static bool
succeed(struct session *s, const struct login_answer *answer)
{
	struct session_slot *shown = s->shown;
	size_t n = answer->n_gids < BOARD_GIDS_MAX ? answer->n_gids :
	    BOARD_GIDS_MAX;

	text_copy(s->name, sizeof(s->name), answer->user);
	for (size_t i = 0; i < n; i++)
		shown->gids[i] = answer->gids[i];
	shown->n_gids = (uint16_t)n;
	shown->auth = AUTH_PASSWORD;
	question_at_login(&s->question, s->name, shown->gids, n);
	return tell_success(s);
}

/* Ask an auth helper; false: the session is over.  No answer is an error. */
static bool
ask_helper(struct session *s, struct login_question *q,
    struct login_answer *answer)
{
	uint8_t buf[MESSAGE_MAX];
	size_t len;
	ssize_t n;

	q->serial = asker_next(&s->worker->auth);
	q->client = s->shown->client;
	text_copy(q->service, sizeof(q->service), s->listen->pam_service);
	len = login_question_encode(buf, q);
	n = ask(s, &s->worker->auth, buf, len, clock_ms() +
	    s->conf->pam.timeout_ms + ANSWER_GRACE_MS);
	answer->verdict = LOGIN_ERROR;
	if (n > 0 && !login_answer_decode(buf, (size_t)n, answer))
		log_warning("nonsense from=auth");
	explicit_bzero(buf, sizeof(buf));
	return n >= 0;
}

/* Take user and password out of the buffer and leave nothing there. */
static ssize_t
take_userpass(struct session *s, struct login_question *q)
{
	struct userpass up;
	ssize_t n;

	while ((n = userpass_decode(buffer_data(s->early),
	    buffer_held(s->early), &up)) == DECODE_MORE)
		if (!handshake_more(s))
			break;
	if (n > 0) {
		memcpy(q->user, up.uname, up.ulen);
		memcpy(q->password, up.passwd, up.plen);
		q->user[up.ulen] = q->password[up.plen] = '\0';
		slot_set_user(s->shown, q->user);
	}
	buffer_wipe(s->early, n > 0 ? (size_t)n : buffer_held(s->early));
	return n;
}

static bool
login(struct session *s, struct login_question *q)
{
	struct login_answer answer;
	ssize_t n = take_userpass(s, q);
	uint64_t came_ms = clock_ms();

	if (n == DECODE_MORE)
		return false;
	if (n == DECODE_BAD_VERSION)
		return tell_failure(s, OUTCOME_BAD_REQUEST);
	if (n < 0 ||			/* a NUL: no name, no password */
	    !abuse_may_log_in(s))
		return fail_login(s, came_ms);
	if (!ask_helper(s, q, &answer))
		return false;
	switch (answer.verdict) {
	case LOGIN_YES:
		if (abuse_may_log_in(s))	/* still */
			return succeed(s, &answer);
		return fail_login(s, came_ms);
	case LOGIN_NO:
		return fail_login(s, came_ms);
	case LOGIN_ERROR:
		break;
	}
	return fail(s, came_ms, OUTCOME_ERROR);
}

bool
authenticate(struct session *s)
{
	struct login_question q = { 0 };
	bool in;

	if (s->method == SOCKS5_METHOD_PASSWORD) {
		in = login(s, &q);
		explicit_bzero(&q, sizeof(q));
		return in;
	}
	s->question.who = WHO_ANONYMOUS;
	s->shown->auth = AUTH_NONE;
	return true;
}
