/*
 * sockctl explain: what would become of a request.
 *
 * It is answered by the same engine as in the worker: first the listener,
 * then the request as it was sent; a name that may pass is resolved, and each
 * address asked about.  Only what there is at this moment is not asked about:
 * how many sessions live, who failed to log in.
 */
#include "explain.h"

#include <netdb.h>
#include <stdio.h>

#include "ctl.h"
#include "explain_limit.h"
#include "lib/socks5.h"
#include "sockd/common/principal.h"
#include "sockd/common/process.h"

/* ---- the listener ---- */

/* Refused before a rule is asked?  Which listener it is must be known. */
static const char *
listener_refuses(const struct explained *e)
{
	const struct conf_listen *l = &e->conf->listens[e->words.listener];
	const struct rule_question *q = &e->question;

	if (e->words.listen == NULL)
		return NULL;
	if (!(l->protocols & q->protocol))
		return "the listener does not speak this protocol";
	if (q->who == WHO_ANONYMOUS &&
	    !conf_listen_offers(l, SOCKS5_METHOD_NONE))
		return "the listener wants a login";
	if (q->who == WHO_USER &&
	    !conf_listen_offers(l, SOCKS5_METHOD_PASSWORD))
		return "the listener takes no login";
	return NULL;
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

static bool
is_own_listener(const struct explained *e, const struct addr *to)
{
	struct listener own = { .fd = -1 };
	struct addr at = *to;

	at.port = e->question.port;
	for (size_t i = 0; i < e->conf->n_listens; i++) {
		own.addr = e->conf->listens[i].addr;
		own.addr.port = e->conf->listens[i].port;
		if (own.addr.port != 0 &&
		    target_is_own(&e->board, &own, 1, &at))
			return true;
	}
	return false;
}

/* Refused whatever the rules say?  Of a BIND's peer the port is its own. */
static const char *
never_allowed(const struct explained *e, const struct addr *to)
{
	if (target_is_never_allowed(to))
		return "unspecified, multicast and broadcast targets are "
		    "never allowed";
	if (e->words.command != COMMAND_BIND && is_own_listener(e, to))
		return "it is one of our own listeners";
	return NULL;
}

static void
print_verdict(const struct explained *e, const struct rule_verdict *v)
{
	const struct policy *policy = &e->conf->policy;
	int rule = v->decision == DECISION_BLOCK ?
	    policy_first_yes(policy, &e->question) : v->rule;
	const char *name = rule >= 0 ? policy->rules[rule].name : NULL;

	switch (v->decision) {
	case DECISION_PASS:
		printf("pass: %s%s\n", name != NULL ? "rule " :
		    "each rule that may decide lets it pass",
		    name != NULL ? name : "");
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

/* ---- the target ---- */

/* What is known now is one way to pass, if it can. */
static void
count_way(struct explained *e)
{
	const struct policy *policy = &e->conf->policy;

	e->passes |= policy_decide(policy, &e->question).can_pass;
	e->free |= policy_can_pass_free(policy, &e->question);
}

/* to is NULL where there is no address to ask about. */
static void
decide(struct explained *e, const struct addr *to)
{
	const char *never = to == NULL ? NULL : never_allowed(e, to);
	struct rule_verdict v = policy_decide(&e->conf->policy,
	    &e->question);

	if (never != NULL) {
		printf("block: %s\n", never);
		return;
	}
	print_verdict(e, &v);
	count_way(e);
}

/* Address by address: one that passes is enough. */
static void
decide_addresses(struct explained *e, const struct addrinfo *list)
{
	char text[ADDR_TEXT_MAX];
	struct addr to;

	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		if (!addr_from_sockaddr(&to, i->ai_addr, i->ai_addrlen))
			continue;
		to.port = e->words.to.port;
		question_for_address(&e->question, &to);
		printf("%s is %s: ", e->words.to.name,
		    addr_format(&to, text));
		decide(e, &to);
	}
	e->question.to = NULL;
}

static void
decide_name(struct explained *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	struct rule_verdict v = policy_decide(&e->conf->policy,
	    &e->question);

	print_verdict(e, &v);
	if (!v.can_pass)
		return;
	if (getaddrinfo(e->words.to.name, NULL, &hints, &list) != 0) {
		printf("%s does not resolve here; its addresses are not asked "
		    "about\n", e->words.to.name);
		count_way(e);
		return;
	}
	decide_addresses(e, list);
	freeaddrinfo(list);
}

static void
decide_all(struct explained *e)
{
	const struct target *to = &e->words.to;
	const char *refused = listener_refuses(e);

	if (refused != NULL)
		printf("block: %s\n", refused);
	else if (!e->question.knows_target)
		decide(e, NULL);
	else if (to->name[0] != '\0')
		decide_name(e);
	else
		decide(e, &to->addr);
}

/* ---- the limit ---- */

/* NULL: what was said does not tell who it is. */
static const char *
principal_name(const struct explained *e, char name[BOARD_USER_SIZE])
{
	bool shared = e->conf->accounting.anonymous == ANONYMOUS_SHARED;

	if (e->question.who == WHO_USER)
		return e->words.user;
	if (e->question.who != WHO_ANONYMOUS ||
	    (!e->words.has_from && !shared))
		return NULL;
	principal_of_address(name, &e->words.from, shared);
	return name;
}

/* False: the limit leaves nothing. */
static bool
explain_limit(const struct explained *e)
{
	const struct policy *policy = &e->conf->policy;
	const struct explain_words *w = &e->words;
	char name[BOARD_USER_SIZE];

	if (policy_knows_limit(policy, &e->question))
		return explain_limit_print(e->conf, policy_limit(policy,
		    &e->question), principal_name(e, name));
	printf("limit: not known without %s%s%s\n",
	    w->has_from ? "" : "from=",
	    w->has_from || w->user != NULL ? "" : " and ",
	    w->user != NULL ? "" : "user=");
	return true;
}

enum ctl_exit
ctl_explain(const struct conf *conf, int argc, char *argv[])
{
	struct explained e = { .conf = conf };

	if (!explain_read(conf, argc, argv, &e.words))
		return CTL_USAGE;
	if (!explain_ask(&e)) {
		fprintf(stderr, "sockctl: out of memory\n");
		return CTL_NO;
	}
	print_rules(&e);
	decide_all(&e);
	if (!explain_limit(&e) && e.passes) {
		printf("  nothing is left: %s\n", e.free ?
		    "it passes if its rule is not metered" :
		    "it is refused until that resets");
		e.passes = e.free;
	}
	board_unmap(&e.board);
	return e.passes ? CTL_OK : CTL_NO;
}
