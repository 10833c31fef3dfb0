/*
 * The conditions of rules and limits, one function each (lib/rule.c only).
 *
 * Each says whether its condition holds with what q knows: ANSWER_YES or
 * ANSWER_NO only when nothing that q may yet learn can turn it; ANSWER_YES
 * for an absent condition.  None of them can fail.
 */
#ifndef LIB_RULE_MATCH_H
#define LIB_RULE_MATCH_H

#include "rule.h"

/* Lists that rules and limits share.  addr NULL: not known yet. */
enum answer match_prefixes(const struct cidr *prefixes, size_t n,
	    const struct addr *addr);
enum answer match_users(const char *const *users, size_t n,
	    const struct rule_question *q);
enum answer match_groups(const struct rule_group *groups, size_t n,
	    const struct rule_question *q);

enum answer match_listen(const struct rule *rule,
	    const struct rule_question *q);
enum answer match_to(const struct rule *rule, const struct rule_question *q);
enum answer match_ports(const struct rule *rule,
	    const struct rule_question *q);
enum answer match_protocols(const struct rule *rule,
	    const struct rule_question *q);
enum answer match_commands(const struct rule *rule,
	    const struct rule_question *q);
enum answer match_hours(const struct rule *rule,
	    const struct rule_question *q);

#endif
