/*
 * From the words of sockctl explain to the question that the rules are asked,
 * by the same functions, and in the same order, as in the worker.
 */
#include "explain.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "lib/socks5.h"
#include "sockd/common/own_addrs.h"

static void
find_self(struct board *b)
{
	struct addr addrs[BOARD_SELF_MAX];
	ssize_t n = own_addrs(addrs, BOARD_SELF_MAX);

	if (n != -1)
		board_set_self(b, addrs, n < BOARD_SELF_MAX ? (size_t)n :
		    BOARD_SELF_MAX);
}

static void
find_groups(struct explained *e)
{
	const struct passwd *pw = getpwnam(e->words.user);
	int n = NGROUPS_MAX;

	if (pw == NULL) {
		printf("user %s is not known here: no groups\n",
		    e->words.user);
		return;
	}
	if (getgrouplist(e->words.user, pw->pw_gid, e->gids, &n) == -1)
		n = NGROUPS_MAX;
	e->n_gids = (size_t)n;
}

/* Of a client that does not say, the listener may know. */
static enum who
who_comes(const struct explained *e)
{
	const struct explain_words *w = &e->words;

	if (w->user != NULL)
		return w->user[0] == '\0' ? WHO_ANONYMOUS : WHO_SOMEBODY;
	if (w->listen == NULL || e->conf->listens[w->listener].n_methods != 1)
		return WHO_UNKNOWN;
	return e->conf->listens[w->listener].methods[0] ==
	    SOCKS5_METHOD_NONE ? WHO_ANONYMOUS : WHO_SOMEBODY;
}

/* A BIND for anybody has no target before the peer is there. */
static void
ask_for_target(struct explained *e)
{
	const struct explain_words *w = &e->words;
	struct rule_question *q = &e->question;

	question_at_request(q, w->command, &w->to);
	if (!w->has_to)
		q->knows_target = false;
	else if (w->command == COMMAND_UDP)
		question_for_target(q, &w->to);
}

bool
explain_ask(struct explained *e)
{
	static const struct board_sizes small = { .processes = 1,
	    .session_max = 1, .principals = 1, .places = 1, .rules = 1 };
	const struct explain_words *w = &e->words;
	struct rule_question *q = &e->question;

	if (board_create_private(&e->board, &small) == -1)
		return false;
	find_self(&e->board);
	question_room_init(&e->room, &e->board, e->conf);
	question_at_accept(q, &e->room, w->listener,
	    w->has_from ? &w->from : NULL, w->minute);
	q->knows_listener = w->listen != NULL;
	question_at_greeting(q, w->version, who_comes(e));
	if (q->who == WHO_SOMEBODY && w->user != NULL) {
		find_groups(e);
		question_at_login(q, w->user, e->gids, e->n_gids);
	}
	ask_for_target(e);
	return true;
}
