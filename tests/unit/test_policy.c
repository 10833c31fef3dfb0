/*
 * The verdict of many rules, while some are still open.
 */
#include <criterion/criterion.h>

#include "lib/rule.h"
#include "rule_values.h"

static const struct rule_question asked = { .protocol = PROTOCOL_SOCKS5 };

/*
 * A policy as letters, a rule each: capitals pass, small letters block; for
 * what is asked y says yes, m ("maybe") not yet, n no.
 */
static struct policy
policy_of(const char *letters, struct rule rules[8])
{
	struct policy policy = { .rules = rules };

	for (const char *c = letters; *c != '\0'; c++) {
		struct rule *r = &rules[policy.n_rules++];

		*r = (struct rule){ .metered = true,
		    .action = *c <= 'Z' ? RULE_PASS : RULE_BLOCK };
		if ((*c | 0x20) == 'n')
			r->protocols = PROTOCOL_SOCKS4;
		if ((*c | 0x20) == 'm')
			r->commands = COMMANDS(COMMAND_CONNECT);
	}
	return policy;
}

Test(policy, decides_when_all_that_may_decide_agree)
{
	static const struct {
		const char	rules[8];
		enum decision	decision;
		int		rule;
	} rows[] = {
		{ "",		DECISION_BLOCK, -1 },
		{ "nN",		DECISION_BLOCK, -1 },
		{ "y",		DECISION_BLOCK, 0 },
		{ "Y",		DECISION_PASS, 0 },
		{ "nYy",	DECISION_PASS, 1 },
		{ "NyY",	DECISION_BLOCK, 1 },
		{ "m",		DECISION_BLOCK, -1 },	/* or the end: alike */
		{ "mm",		DECISION_BLOCK, -1 },
		{ "my",		DECISION_BLOCK, -1 },
		{ "ym",		DECISION_BLOCK, 0 },
		{ "M",		DECISION_OPEN, -1 },	/* or the end */
		{ "mM",		DECISION_OPEN, -1 },
		{ "MY",		DECISION_PASS, -1 },	/* either passes */
		{ "nMNMYm",	DECISION_PASS, -1 },
		{ "YM",		DECISION_PASS, 0 },
		{ "mY",		DECISION_OPEN, -1 },
		{ "My",		DECISION_OPEN, -1 },
		{ "mMY",	DECISION_OPEN, -1 },
		{ "NmyM",	DECISION_BLOCK, -1 },	/* M comes too late */
		{ "nyMY",	DECISION_BLOCK, 1 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct rule rules[8];
		struct policy policy = policy_of(rows[i].rules, rules);
		struct rule_verdict v;

		v = policy_decide(&policy, &asked);
		cr_assert_eq(v.decision, rows[i].decision, "\"%s\": %d",
		    rows[i].rules, v.decision);
		cr_assert_eq(v.rule, rows[i].rule, "\"%s\": rule %d",
		    rows[i].rules, v.rule);
		cr_assert_eq(v.can_pass, v.decision != DECISION_BLOCK,
		    "\"%s\"", rows[i].rules);
	}
}

Test(policy, knows_whether_a_free_rule_can_pass)
{
	static const struct {
		const char	rules[8];
		size_t		free;	/* this one is not metered */
		bool		can;
	} rows[] = {
		{ "Y", 0, true }, { "M", 0, true }, { "N", 0, false },
		{ "y", 0, false }, { "YY", 1, false }, { "yY", 1, false },
		{ "MY", 1, true }, { "mnY", 2, true }, { "NMY", 1, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct rule rules[8];
		struct policy policy = policy_of(rows[i].rules, rules);

		cr_assert_not(policy_can_pass_free(&policy, &asked));
		rules[rows[i].free].metered = false;
		cr_assert_eq(policy_can_pass_free(&policy, &asked),
		    rows[i].can, "\"%s\"", rows[i].rules);
	}
}
