/*
 * Names in datagrams, in a worker: one is asked for at a time, while the
 * association goes on; what was sent to it meanwhile is kept, a little.
 */
#include "udp.h"

#include <string.h>

#include "dial.h"
#include "lib/text.h"
#include "sockd/common/asker.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"

enum {
	ANSWER_GRACE_MS = 500,
	PATIENCE_MS = 1000,		/* while other names wait */
	RETRY_MS = 5000,		/* a name that was not found */
};

static struct asker *
asker_of(const struct udp *u)
{
	return &u->session->worker->resolver;
}

static bool
is_queued(const struct udp *u, const struct udp_target *t)
{
	for (unsigned i = 0; i < u->names.n; i++)
		if (u->names.queue[i] == t)
			return true;
	return false;
}

bool
udp_name_keep(struct udp *u, struct udp_target *t, const uint8_t *data,
    size_t len)
{
	struct udp_waiting *w;

	if (!is_queued(u, t)) {
		if (u->names.n == UDP_WAITING_MAX) {
			t->state = TARGET_NEW;
			return false;
		}
		u->names.queue[u->names.n++] = t;
	}
	if (u->n_waiting == UDP_WAITING_MAX)
		return false;
	w = &u->waiting[u->order[u->n_waiting++]];
	w->target = t;
	w->len = len;
	memcpy(w->octets, data, len);
	return true;
}

/* ---- asking ---- */

static uint64_t
give_up_ms(const struct udp *u)
{
	return u->names.asked_ms + ANSWER_GRACE_MS +
	    u->session->conf->resolver.timeout_ms;
}

/* One that takes its time lets the others go first, once. */
static bool
can_postpone(const struct udp *u)
{
	return u->names.n > 1 && !u->names.queue[0]->postponed;
}

int
udp_name_fd(const struct udp *u)
{
	return u->names.asked ? asker_fd(asker_of(u)) : -1;
}

uint64_t
udp_name_due_ms(const struct udp *u)
{
	uint64_t patience_ms = u->names.asked_ms + PATIENCE_MS;

	if (!u->names.asked)
		return u->names.n > 0 ? u->now_ms : UINT64_MAX;
	if (!u->names.glanced)
		return u->names.asked_ms + ASKER_GLANCE_MS;
	return can_postpone(u) ? clock_earlier(patience_ms, give_up_ms(u)) :
	    give_up_ms(u);
}

static bool
ask_first(struct udp *u)
{
	struct asker *asker = asker_of(u);
	struct resolve_question q = { .serial = asker_next(asker) };
	uint8_t buf[MESSAGE_MAX];

	text_copy(q.name, sizeof(q.name), u->names.queue[0]->asked.name);
	u->names.asked_ms = u->now_ms;
	u->names.glanced = false;
	u->names.asked = asker_ask(asker, buf,
	    resolve_question_encode(buf, &q)) == 0;
	if (!u->names.asked)
		asker_give_up(asker);
	return u->names.asked;
}

static struct udp_target *
take_first(struct udp *u)
{
	struct udp_target *t = u->names.queue[0];

	u->names.asked = false;
	memmove(&u->names.queue[0], &u->names.queue[1],
	    --u->names.n * sizeof(u->names.queue[0]));
	return t;
}

/* The first of the queue has its addresses, or none. */
static bool
answer_first(struct udp *u, const struct resolve_answer *answer)
{
	struct udp_target *t = u->names.queue[0];
	struct addr addrs[MESSAGE_ADDRS_MAX];
	size_t n = dial_order(addrs, answer->addrs, answer->n_addrs,
	    u->session->conf->resolver.prefer);

	for (size_t i = 0; i < n; i++)
		addrs[i].port = t->asked.port;
	take_first(u);
	t->postponed = false;
	t->retry_ms = u->now_ms + RETRY_MS;
	return udp_judge_addrs(u, t, addrs, n);
}

/* False: it is not time for that. */
static bool
postpone_first(struct udp *u)
{
	struct udp_target *t;

	if (!can_postpone(u) || u->now_ms < u->names.asked_ms + PATIENCE_MS)
		return false;
	asker_give_up(asker_of(u));
	t = take_first(u);
	t->postponed = true;
	u->names.queue[u->names.n++] = t;
	return true;
}

/* 1: an answer; 0: none yet; -1: there will be none. */
static int
take_answer(struct udp *u, struct resolve_answer *answer)
{
	uint8_t buf[MESSAGE_MAX];
	ssize_t n = asker_take(asker_of(u), buf, sizeof(buf));

	u->names.glanced = true;
	if (n > 0 && !resolve_answer_decode(buf, (size_t)n, answer)) {
		log_warning("nonsense from=resolver");
		return -1;
	}
	if (n == 0 && u->now_ms >= give_up_ms(u)) {
		asker_give_up(asker_of(u));
		return -1;
	}
	return n > 0 ? 1 : (int)n;
}

bool
udp_name_turn(struct udp *u, bool readable)
{
	struct resolve_answer none = { 0 };

	while (u->names.n > 0) {
		struct resolve_answer answer = { 0 };
		int came;

		if (!u->names.asked) {
			readable = false;
			if (!ask_first(u) && !answer_first(u, &none))
				return false;
			continue;
		}
		if (!readable && u->now_ms < udp_name_due_ms(u))
			return true;
		came = take_answer(u, &answer);
		if (came == 0 && !postpone_first(u))
			return true;
		if (came != 0 && !answer_first(u, came > 0 ? &answer : &none))
			return false;
	}
	return true;
}

void
udp_name_stop(struct udp *u)
{
	if (u->names.asked)
		asker_give_up(asker_of(u));
	u->names.asked = false;
	u->names.n = 0;
}
