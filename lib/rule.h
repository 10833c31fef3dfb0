/*
 * Rules and limits, and the three-valued question whether one holds.
 *
 * With what is known so far each condition says yes, no or not yet.  The
 * same engine is asked at accept, at the greeting, at the request, for each
 * address, datagram and peer, again at every edge of hours and after a
 * reload, and by sockctl explain.  It allocates nothing and knows no clock.
 */
#ifndef LIB_RULE_H
#define LIB_RULE_H

#include <sys/types.h>

#include "addr.h"
#include "cidr.h"
#include "hours.h"
#include "target.h"
#include "units.h"

enum { LISTENERS_MAX = 64 };

enum answer { ANSWER_NO, ANSWER_NOT_YET, ANSWER_YES };

enum rule_action { RULE_BLOCK, RULE_PASS };

enum { PROTOCOL_SOCKS4 = 1, PROTOCOL_SOCKS5 = 2 };	/* bits */

enum rule_to_kind { RULE_TO_PREFIX, RULE_TO_SELF, RULE_TO_NAME,
		    RULE_TO_SUFFIX };

struct rule_to {
	enum rule_to_kind	kind;
	struct cidr		prefix;
	const char		*name;		/* or ".suffix" */
};

struct rule_ports {
	uint16_t	first, last;
};

struct rule_group {
	const char	*name;
	gid_t		gid;			/* -1: unknown to NSS */
};

/* An absent condition (n == 0, mask == 0) always holds. */
struct rule {
	const char		*name;
	enum rule_action	action;
	uint64_t		listeners;	/* bit by index; 0: any */
	unsigned		protocols;	/* PROTOCOL_ bits; 0: any */
	unsigned		commands;	/* 1 << enum command; the parser
						 * has put in the default */
	bool			default_commands;	/* so it did */
	size_t			n_from, n_to, n_ports, n_users, n_groups,
				n_hours;
	const struct cidr	*from;
	const struct rule_to	*to;
	const struct rule_ports	*ports;
	const char *const	*users;		/* "*": whoever logged in */
	const struct rule_group	*groups;
	const struct hours	*hours;
	struct addr		source4, source6;	/* ADDR_NONE: any */
	uint64_t		rate_up, rate_down;	/* octets/s; 0: none */
	bool			metered, log;
	unsigned		line;		/* in the file */
};

struct limit_cap {
	uint64_t		amount;		/* octets, or seconds of time */
	enum units_period	period;
};

struct limit {
	const char		*name;
	size_t			n_users, n_groups, n_from, n_bytes, n_time;
	const char *const	*users;
	const struct rule_group	*groups;
	const struct cidr	*from;
	const struct limit_cap	*bytes;
	const struct limit_cap	*time;
	uint64_t		rate_up, rate_down;	/* octets/s; 0: none */
	unsigned		sessions, addresses;	/* 0: no limit */
	unsigned		line;
};

struct policy {
	size_t			n_rules, n_limits;
	const struct rule	*rules;
	const struct limit	*limits;
	bool			has_hours;	/* some rule names hours */
};

enum who {
	WHO_UNKNOWN,		/* may log in yet, or not */
	WHO_ANONYMOUS,		/* will not log in, or did not */
	WHO_SOMEBODY,		/* will have logged in; name not known yet */
	WHO_USER,		/* logged in as user */
};

/*
 * What is known.  Zero is "not known yet" in every field; an empty name and
 * a to of ADDR_NONE are none.  What is known never changes as more becomes
 * known: that is what lets an early verdict stand.  Everything is lent.
 */
struct rule_question {
	size_t			first;		/* those before it say no:
						 * policy_first_open() */
	bool			knows_listener;
	unsigned		listener;	/* index */
	const struct addr	*from;		/* NULL: not known yet */
	unsigned		protocol;	/* PROTOCOL_ bit, or 0 */
	enum command		command;	/* or COMMAND_NONE */
	enum who		who;
	const char		*user;		/* with WHO_USER */
	const gid_t		*gids;
	size_t			n_gids;
	const char		*name;		/* target's name, or NULL */
	const struct addr	*to;		/* target's address, or NULL */
	bool			knows_target;	/* name or to are all there is:
						 * without name it is an
						 * address; without to the
						 * name is not resolved yet */
	uint16_t		port;		/* with knows_target */
	bool			any_port;	/* only the port is open yet
						 * (BIND: until the peer is
						 * there) */
	bool			knows_minute;
	unsigned		minute;		/* of the week, local */
	const struct addr	*self;		/* this machine's addresses */
	size_t			n_self;
};

enum rule_condition { CONDITION_NONE, CONDITION_LISTEN, CONDITION_FROM,
		      CONDITION_TO, CONDITION_PORTS, CONDITION_PROTOCOLS,
		      CONDITION_COMMANDS, CONDITION_USERS, CONDITION_GROUPS,
		      CONDITION_HOURS };

enum decision { DECISION_BLOCK, DECISION_PASS, DECISION_OPEN };

struct rule_verdict {
	enum decision	decision;
	bool		can_pass;	/* PASS, or OPEN and some rule may */
	int		rule;		/* index that decided, -1: none did */
};

/*
 * One rule: does it hold?  It is the AND of its conditions, and a condition
 * the OR of its entries.  *condition (may be NULL) says which one decided:
 * the first that says no, else the first not yet, else CONDITION_NONE.
 *
 * to: names and suffixes look at q->name alone (a target without one matches
 * none), prefixes and "self" at q->to alone (not yet until it is resolved).
 * users: exact; "*" is whoever logged in.  groups: by gid.  Where a rule has
 * both, both must hold.
 */
enum answer	rule_holds(const struct rule *rule,
	    const struct rule_question *q, enum rule_condition *condition);

/*
 * All rules in order, first match; none: block.
 *
 * It is decided (BLOCK or PASS) when nothing that q may yet learn can turn
 * it, and then holds for every later question; else OPEN.  rule is the one
 * that decided, if no other can any more; -1 when none matches, while OPEN,
 * and where several rules may yet decide, but all alike.  With everything
 * known it is never OPEN, and a PASS names its rule.
 */
struct rule_verdict policy_decide(const struct policy *policy,
	    const struct rule_question *q);

/*
 * The first rule that says yes, -1: none does.  Of a request that cannot pass
 * it is the block to name, whatever those before it still wait for.
 */
int	policy_first_yes(const struct policy *policy,
	    const struct rule_question *q);

/*
 * The first rule that does not say no, whatever the hour: as first of a
 * question in which more is known, it spares all others before it.
 */
size_t	policy_first_open(const struct policy *policy,
	    const struct rule_question *q);

/*
 * Can a rule that is not metered still be the one that lets it pass?  Then a
 * quota that is used up is no reason to refuse yet.
 */
bool	policy_can_pass_free(const struct policy *policy,
	    const struct rule_question *q);

/*
 * The limit that applies to this principal: the first whose users, groups
 * and from all hold, or NULL.  Only q's from, who, user and gids are looked
 * at, and must be known; WHO_ANONYMOUS meets no users and no groups.
 * policy_knows_limit(): is so much of them known that no more can change it?
 */
const struct limit *policy_limit(const struct policy *policy,
	    const struct rule_question *q);
bool	policy_knows_limit(const struct policy *policy,
	    const struct rule_question *q);

/* The rule of this name; NULL: there is none. */
const struct rule *policy_rule_named(const struct policy *policy,
	    const char *name);

/* "to", "hours", ... and "" for CONDITION_NONE. */
const char *rule_condition_name(enum rule_condition condition);

#endif
