/*
 * The life of a session, in a worker.  It opens no file, forks nothing, and
 * waits nowhere but in wait.c.  Whatever happens to a client, account() sees
 * it exactly once.
 */
#include "session.h"

#include <sys/socket.h>

#include "abuse.h"
#include "lib/elements.h"
#include "lib/text.h"
#include "park.h"
#include "refuse.h"
#include "relay.h"
#include "sockd/common/clock.h"
#include "sockd/common/fd.h"
#include "sockd/common/place.h"
#include "sockd/common/principal.h"
#include "sockd/common/slot.h"

enum { TOUCH_MS = 1000 };		/* active time, to the board */

/* The life of a session.  It only ever moves down this list. */
static bool (*const stages[])(struct session *) = {
	negotiate,	/* which version, which method */
	authenticate,	/* who: ask an auth helper */
	request,	/* what */
	authorize,	/* may they */
	serve,		/* connect, bind or udp: a table by command */
};

bool
session_fail(struct session *s, enum outcome why)
{
	s->outcome = why;
	return false;
}

static bool
needs_place(const struct conf *conf)
{
	return conf->sessions.max_per_address != 0 ||
	    conf->sessions.handshakes_per_address != 0 ||
	    conf->abuse.failures != 0;
}

/* The first of the four moments: a client that no rule could ever pass. */
static bool
may_come(struct session *s, unsigned listener, const struct addr *from)
{
	const struct policy *policy = &s->conf->policy;

	question_at_accept(&s->question, &s->worker->room, listener, from,
	    policy->has_hours ? clock_week_minute_now() : 0);
	s->question.first = policy_first_open(policy, &s->question);
	if (policy_decide(policy, &s->question).can_pass)
		return true;
	atomic_fetch_add(&s->board->header->counts.unpassable, 1);
	return false;
}

static bool
claim(struct session *s)
{
	const struct process *p = s->worker->process;
	int64_t slot;

	s->owner = owner_word(p->index, p->epoch, ++s->worker->serial);
	slot = slot_claim(s->board, s->owner);
	if (slot == -1) {
		atomic_fetch_add(&s->board->header->counts.unrecorded, 1);
		return false;
	}
	s->slot = (uint32_t)slot;
	s->shown = &s->board->sessions[slot];
	return true;
}

static void
show(struct session *s, unsigned listener, const struct addr *from)
{
	struct session_slot *shown = s->shown;

	shown->client = *from;
	shown->listener = listener;
	shown->generation = s->worker->process->generation;
	text_copy(shown->listen_name, sizeof(shown->listen_name),
	    s->listen->name);
	if (needs_place(s->conf))
		shown->place = place_find(s->board, from, s->accepted_ms);
}

static bool
begin(struct session *s, unsigned listener, const struct addr *from)
{
	atomic_fetch_add_explicit(&s->board->header->counts.accepted, 1,
	    memory_order_relaxed);
	if (!may_come(s, listener, from) || !claim(s))
		return false;
	show(s, listener, from);
	if (abuse_may_come(s))
		return true;
	atomic_fetch_add(&s->board->header->counts.refused, 1);
	slot_forget(s->board, s->slot);
	return false;
}

/* A reset, and a peer that answers no longer, are no orderly end. */
static bool
is_broken(const struct session *s)
{
	return s->outcome == OUTCOME_RESET ||
	    (s->outcome == OUTCOME_TIMEOUT &&
	    atomic_load(&s->board->states[s->slot]) == SLOT_LIVE);
}

static void
reset(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (fd != -1)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void
end(struct session *s)
{
	if (!s->parked) {
		if (is_broken(s)) {
			reset(s->client);
			reset(s->target);
		}
		account(s);
		if (s->refused)
			refuse_close(s);
	}
	fd_shut(&s->target);
	fd_shut(&s->client);
}

static void
open_session(struct session *s, struct worker *w, int *client)
{
	*s = (struct session){ .worker = w, .conf = w->conf,
		.board = w->board, .slot = BOARD_NOBODY, .client = *client,
		.target = -1, .accepted_ms = clock_ms(),
		.blocked_by = -1,
		.early = &w->buffers[SIDE_UP],
		.outcome = OUTCOME_ERROR };

	*client = -1;
	for (int i = 0; i < 2; i++)
		w->buffers[i].begin = w->buffers[i].end = 0;
}

void
session_serve(struct worker *w, const struct listener *on, int *client,
    const struct addr *from)
{
	struct session s;

	open_session(&s, w, client);
	s.listen = &w->conf->listens[on->index];
	if (begin(&s, on->index, from)) {
		for (size_t i = 0; i < N_ELEMENTS(stages); i++)
			if (!stages[i](&s))
				break;		/* s.outcome tells why */
		end(&s);
	}
	fd_shut(&s.client);
}

/* ---- back from a keeper ---- */

static void
relay_resume(struct session *s, int *more, size_t n)
{
	(void)n;
	s->target = more[0];
	more[0] = -1;
	relay(s);
}

/* By what was parked: how many descriptors beside the client's, and who goes
 * on. */
static const struct {
	size_t	least, most;
	bool	allowed;		/* authorize had said yes */
	void	(*go_on)(struct session *s, int *more, size_t n);
} by_kind[] = {
	[PARKED_NOTHING] = { 1, 1, true, relay_resume },
	[PARKED_TUNNEL] = { 1, 1, true, relay_resume },
	[PARKED_BIND] = { 1, 3, true, bind_resume },
	[PARKED_UDP] = { 1, 3, true, udp_resume },
	[PARKED_FAILURE] = { 0, 0, false, authenticate_resume },
};

void
session_resume(struct worker *w, uint32_t slot, uint64_t owner, int *fds,
    size_t n)
{
	struct session s;
	uint32_t kind;

	open_session(&s, w, &fds[0]);
	s.slot = slot;
	s.shown = &w->board->sessions[slot];
	s.owner = owner;
	kind = atomic_exchange(&s.shown->parked_kind, PARKED_NOTHING);
	if (kind < N_ELEMENTS(by_kind) &&
	    n - 1 >= by_kind[kind].least && n - 1 <= by_kind[kind].most) {
		s.allowed = by_kind[kind].allowed;
		by_kind[kind].go_on(&s, fds + 1, n - 1);
	}
	for (size_t i = 0; i < n; i++)
		fd_shut(&fds[i]);
	end(&s);
}

void
session_use_rule(struct session *s, unsigned rule)
{
	const struct rule *r = &s->conf->policy.rules[rule];
	struct rule_slot *shared = &s->board->rules[rule];

	/* Of an older configuration: index and rates mean nothing there. */
	if (process_is_old(s->worker->process, s->board))
		return;
	atomic_store(&s->shown->rule, rule);
	atomic_store(&shared->rate_up, r->rate_up);
	atomic_store(&shared->rate_down, r->rate_down);
}

void
session_grant(struct session *s, unsigned rule, const struct addr *target,
    const struct addr *source)
{
	const struct rule *r = &s->conf->policy.rules[rule];
	struct session_slot *shown = s->shown;

	session_use_rule(s, rule);
	if (!r->metered)
		atomic_store(&shown->stop_at_bytes, UINT64_MAX);
	shown->metered = r->metered;
	shown->logged = r->log;
	shown->target_addr = *target;
	shown->source = *source;
	text_copy(shown->rule_name, sizeof(shown->rule_name), r->name);
	slot_advance(s->board, s->slot, SLOT_LIVE);
	atomic_fetch_add_explicit(&s->board->header->counts.granted, 1,
	    memory_order_relaxed);
}

void
session_touch(struct session *s, uint64_t *touched_ms, uint64_t now_ms)
{
	if (*touched_ms != 0 && now_ms - *touched_ms < TOUCH_MS)
		return;
	*touched_ms = now_ms;
	if (s->shown->metered)
		principal_touch(s->board, s->shown->principal,
		    clock_wall_ms(), s->conf->accounting.time_idle_ms);
}
