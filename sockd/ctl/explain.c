/*
 * sockctl explain: what would become of a request.
 *
 * The question is put together by the same functions, and answered by the
 * same engine, as in the worker.  A name is asked about as a name first; if
 * that leaves the matter open, it is resolved, and each address asked about,
 * as the worker does before it connects.
 */
#include <grp.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "sockd/common/principal.h"
#include "sockd/common/process.h"
#include "sockd/common/question.h"

#include "ctl.h"
#include "explain_limit.h"
#include "explain_words.h"

struct explained {
	const struct conf	*conf;
	struct explain_words	words;
	struct board		board;		/* private: our addresses */
	struct question_room	room;
	struct rule_question	question;
	gid_t			gids[BOARD_GIDS_MAX];
	size_t			n_gids;
};

/* ---- what is known ---- */

static void
find_self(struct board *b)
{
	struct addr addrs[BOARD_SELF_MAX];
	struct ifaddrs *list = NULL;
	size_t n = 0;

	if (getifaddrs(&list) == -1)
		return;
	for (struct ifaddrs *i = list; i != NULL && n < BOARD_SELF_MAX;
	    i = i->ifa_next)
		if (i->ifa_addr != NULL && addr_from_sockaddr(&addrs[n],
		    i->ifa_addr, sizeof(struct sockaddr_storage)))
			n++;
	freeifaddrs(list);
	board_set_self(b, addrs, n);
}

static void
find_groups(struct explained *e)
{
	const struct passwd *pw = getpwnam(e->words.user);
	int n = BOARD_GIDS_MAX;

	if (pw == NULL) {
		printf("user %s is not known here: no groups\n",
		    e->words.user);
		return;
	}
	if (getgrouplist(e->words.user, pw->pw_gid, e->gids, &n) == -1)
		n = BOARD_GIDS_MAX;
	e->n_gids = (size_t)n;
}

static bool
put_question(struct explained *e)
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
	question_at_greeting(q, w->version, w->user == NULL ? WHO_UNKNOWN :
	    w->user[0] == '\0' ? WHO_ANONYMOUS : WHO_SOMEBODY);
	if (w->user != NULL && w->user[0] != '\0' && w->version == 5) {
		find_groups(e);
		question_at_login(q, w->user, e->gids, e->n_gids);
	}
	question_at_request(q, w->command, &w->to);
	if (w->command == COMMAND_UDP && w->has_to)
		question_for_target(q, &w->to);
	q->knows_target = w->has_to;
	return true;
}

/* ---- what the rules say ---- */

static void
print_rules(const struct explained *e)
{
	static const char *const answers[] = { [ANSWER_NO] = "no",
	    [ANSWER_NOT_YET] = "not yet", [ANSWER_YES] = "yes" };
	const struct policy *policy = &e->conf->policy;
	enum rule_condition condition;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rule *rule = &policy->rules[i];
		enum answer answer = rule_holds(rule, &e->question,
		    &condition);

		printf("  %-20s %-5s  %-7s  %s\n", rule->name,
		    rule->action == RULE_PASS ? "pass" : "block",
		    answers[answer], answer == ANSWER_YES ? "" :
		    rule_condition_name(condition));
	}
}

/* Refused whatever the rules say? */
static const char *
never_allowed(const struct explained *e, const struct addr *to)
{
	struct addr at = *to;
	struct listener own = { .fd = -1 };

	if (target_is_never_allowed(to))
		return "unspecified, multicast and broadcast targets never "
		    "are allowed";
	at.port = e->question.port;
	for (size_t i = 0; i < e->conf->n_listens; i++) {
		own.addr = e->conf->listens[i].addr;
		own.addr.port = e->conf->listens[i].port;
		if (own.addr.port != 0 &&
		    target_is_own(&e->board, &own, 1, &at))
			return "it is one of our own listeners";
	}
	return NULL;
}

static void
print_verdict(const struct explained *e, const struct rule_verdict *v)
{
	const char *name = v->rule >= 0 ?
	    e->conf->policy.rules[v->rule].name : NULL;

	switch (v->decision) {
	case DECISION_PASS:
		printf("pass: rule %s\n", name);
		break;
	case DECISION_BLOCK:
		printf("block: %s%s\n", name != NULL ? "rule " :
		    "no rule lets it pass", name != NULL ? name : "");
		break;
	case DECISION_OPEN:
		printf("open: not decided by what is known; it %s\n",
		    v->can_pass ? "may pass" : "cannot pass");
		break;
	}
}

/* One address; can it pass? */
static bool
decide(struct explained *e, const struct addr *to)
{
	const char *never = to == NULL ? NULL : never_allowed(e, to);
	struct rule_verdict v = policy_decide(&e->conf->policy,
	    &e->question);

	if (never != NULL) {
		printf("block: %s\n", never);
		return false;
	}
	print_verdict(e, &v);
	return v.can_pass;
}

/* The name, address by address: one that passes is enough. */
static bool
decide_addresses(struct explained *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *i;
	char text[ADDR_TEXT_MAX];
	bool passes = false;
	struct addr to;

	if (getaddrinfo(e->words.to.name, NULL, &hints, &list) != 0) {
		printf("%s does not resolve here\n", e->words.to.name);
		return true;
	}
	for (i = list; i != NULL; i = i->ai_next) {
		if (!addr_from_sockaddr(&to, i->ai_addr, i->ai_addrlen))
			continue;
		to.port = e->words.to.port;
		question_for_address(&e->question, &to);
		printf("%s is %s: ", e->words.to.name,
		    addr_format(&to, text));
		passes |= decide(e, &to);
	}
	freeaddrinfo(list);
	return passes;
}

static bool
decide_all(struct explained *e)
{
	struct rule_verdict v = policy_decide(&e->conf->policy,
	    &e->question);
	bool is_name = e->words.has_to && e->words.to.name[0] != '\0';

	if (!decide(e, e->words.has_to && !is_name ? &e->words.to.addr :
	    NULL))
		return false;
	if (v.decision == DECISION_OPEN && is_name)
		return decide_addresses(e);
	return true;
}

/* False: the limit leaves nothing. */
static bool
explain_limit(const struct explained *e)
{
	const struct explain_words *w = &e->words;
	bool shared = e->conf->accounting.anonymous == ANONYMOUS_SHARED;
	char name[BOARD_USER_SIZE];

	if (!w->has_from || w->user == NULL) {
		printf("limit: not known without from= and user=\n");
		return true;
	}
	if (e->question.who == WHO_USER)
		snprintf(name, sizeof(name), "%s", w->user);
	else
		principal_of_address(name, &w->from, shared);
	return explain_limit_print(e->conf, policy_limit(&e->conf->policy,
	    &e->question), name);
}

enum ctl_exit
ctl_explain(const struct conf *conf, int argc, char *argv[])
{
	struct explained e = { .conf = conf };
	bool passes;

	if (!explain_read(conf, argc, argv, &e.words))
		return CTL_USAGE;
	if (!put_question(&e)) {
		fprintf(stderr, "sockctl: out of memory\n");
		return CTL_NO;
	}
	print_rules(&e);
	passes = decide_all(&e);
	passes &= explain_limit(&e);
	board_unmap(&e.board);
	return passes ? CTL_OK : CTL_NO;
}
