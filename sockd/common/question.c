/*
 * From what is known at each moment of a session to the question that the
 * rules are asked.  In the worker at every moment, in the accountant for
 * sessions that live.
 */
#include "question.h"

#include <string.h>

#include "conf.h"
#include "principal.h"
#include "process.h"
#include "slot.h"

/* No listener has this index, so no rule that names listeners holds. */
enum { NO_LISTENER = LISTENERS_MAX };

void
question_room_init(struct question_room *r, const struct board *b,
    const struct conf *conf)
{
	const struct policy *policy = &conf->policy;

	memset(r, 0, sizeof(*r));
	r->board = b;
	r->conf = conf;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rule *rule = &policy->rules[i];

		for (size_t j = 0; j < rule->n_to; j++)
			if (rule->to[j].kind == RULE_TO_SELF)
				r->wants_self = true;
	}
}

static void
refresh(struct question_room *r)
{
	uint32_t serial;

	if (!r->wants_self)
		return;
	/* read before the list: a change in between is taken up next time */
	serial = atomic_load(&r->board->header->self_serial);
	if (r->has_self && r->serial == serial)
		return;
	r->n_self = board_self(r->board, r->self);
	r->serial = serial;
	r->has_self = true;
}

static unsigned
protocol_of(unsigned version)
{
	switch (version) {
	case 4:
		return PROTOCOL_SOCKS4;
	case 5:
		return PROTOCOL_SOCKS5;
	}
	return 0;
}

void
question_at_accept(struct rule_question *q, struct question_room *r,
    unsigned listener, const struct addr *client, unsigned minute)
{
	refresh(r);
	memset(q, 0, sizeof(*q));
	q->knows_listener = true;
	q->listener = listener;
	q->from = client;
	q->knows_minute = true;
	q->minute = minute;
	q->self = r->self;
	q->n_self = r->n_self;
}

void
question_at_greeting(struct rule_question *q, unsigned version, enum who who)
{
	q->protocol = protocol_of(version);
	q->who = version == 4 ? WHO_ANONYMOUS : who;
}

void
question_at_login(struct rule_question *q, const char *user,
    const gid_t *gids, size_t n_gids)
{
	q->who = WHO_USER;
	q->user = user;
	q->gids = gids;
	q->n_gids = n_gids;
}

void
question_for_target(struct rule_question *q, const struct target *target)
{
	bool is_name = target->name[0] != '\0';

	q->knows_target = true;
	q->name = is_name ? target->name : NULL;
	q->to = is_name ? NULL : &target->addr;
	q->port = target->port;
}

void
question_for_address(struct rule_question *q, const struct addr *to)
{
	q->knows_target = true;
	q->to = to;
}

void
question_at_request(struct rule_question *q, enum command command,
    const struct target *target)
{
	q->command = command;
	q->any_port = command == COMMAND_BIND;
	if (command == COMMAND_UDP ||
	    (command == COMMAND_BIND && addr_is_unspecified(&target->addr)))
		return;
	question_for_target(q, target);
}

/* ---- from a slot alone ---- */

static unsigned
listener_of(const struct conf *conf, const struct session_slot *s)
{
	const struct conf_listen *l = conf_listen_named(conf, s->listen_name);

	return l == NULL ? NO_LISTENER : (unsigned)(l - conf->listens);
}

/* The target as the client asked: a literal is the address that it is. */
static void
set_target(struct rule_question *q, const struct session_slot *s,
    struct question_asked *asked)
{
	const char *host = slot_host(s);
	bool is_literal = addr_parse(&asked->to, host);

	if (s->target_addr.family != ADDR_NONE)
		asked->to = s->target_addr;
	else if (s->command == COMMAND_BIND && addr_is_unspecified(&asked->to))
		return;			/* anybody, who is not there yet */
	if (!is_literal && strlen(host) < sizeof(asked->name))
		memcpy(asked->name, host, strlen(host) + 1);
	q->knows_target = asked->name[0] != '\0' ||
	    asked->to.family != ADDR_NONE;
	q->name = asked->name[0] != '\0' ? asked->name : NULL;
	q->to = asked->to.family != ADDR_NONE ? &asked->to : NULL;
	q->port = s->target_port;
	q->any_port = s->command == COMMAND_BIND &&
	    s->target_addr.family == ADDR_NONE;
}

static void
set_who(struct rule_question *q, const struct session_slot *s,
    const struct board *b, struct question_asked *asked)
{
	if (!slot_principal_name(b, s, asked->principal))
		principal_of_address(asked->principal, &s->client, false);
	memcpy(asked->gids, s->gids, sizeof(asked->gids));
	if (s->auth == AUTH_PASSWORD)
		question_at_login(q, asked->principal, asked->gids, s->n_gids);
	else
		q->who = WHO_ANONYMOUS;
}

void
question_of_slot(struct rule_question *q, struct question_room *r,
    const struct session_slot *s, unsigned minute,
    struct question_asked *asked)
{
	memset(asked, 0, sizeof(*asked));
	asked->client = s->client;
	question_at_accept(q, r, listener_of(r->conf, s), &asked->client,
	    minute);
	q->protocol = protocol_of(s->protocol);
	set_who(q, s, r->board, asked);
	q->command = s->command;
	if (s->command != COMMAND_UDP)
		set_target(q, s, asked);
}

/* ---- our own listeners ---- */

/* Does a listener on all addresses of this machine take this one? */
static bool
is_ours(const struct board *b, const struct addr *to)
{
	struct addr self[BOARD_SELF_MAX];
	size_t n;

	if (addr_is_loopback(to))
		return true;
	n = board_self(b, self);
	for (size_t i = 0; i < n; i++)
		if (addr_equal(&self[i], to))
			return true;
	return false;
}

bool
target_is_own(const struct board *b, const struct listener *list, size_t n,
    const struct addr *to)
{
	for (size_t i = 0; i < n; i++) {
		const struct addr *a = &list[i].addr;

		if (a->port != to->port)
			continue;
		if (a->family == ADDR_NONE || addr_is_unspecified(a) ?
		    is_ours(b, to) : addr_equal(a, to))
			return true;
	}
	return false;
}
