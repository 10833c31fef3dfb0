/*
 * What the parts of `sockd -t` share (conf_doubt*.c only).
 */
#ifndef COMMON_CONF_DOUBT_H
#define COMMON_CONF_DOUBT_H

#include "conf.h"

struct doubter {
	const struct conf	*conf;
	conf_warn_fn		*warn;
	void			*arg;
};

/* A list of a condition; its entries are of whatever type the condition has. */
struct list {
	const void	*entries;
	size_t		n;
};

enum { COMPARED_MAX = 100000 };		/* pairs of entries of two lists */

/* What a doubt is about: a section, or (kind NULL) the file as a whole. */
struct subject {
	const char	*kind, *name;
	unsigned	line;
};

static inline struct subject
of_file(void)
{
	return (struct subject){ 0 };
}

static inline struct subject
of_listen(const struct conf_listen *l)
{
	return (struct subject){ "listen", l->name, l->line };
}

static inline struct subject
of_rule(const struct rule *rule)
{
	return (struct subject){ "rule", rule->name, rule->line };
}

static inline struct subject
of_limit(const struct limit *limit)
{
	return (struct subject){ "limit", limit->name, limit->line };
}

/* "FILE:LINE: rule "name": " and the rest. */
void	doubt(const struct doubter *d, struct subject of, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* conf_cover.c: does whatever the second holds for hold for the first? */
bool	rule_covers(const struct rule *first, const struct rule *second);
bool	limit_covers(const struct limit *first, const struct limit *second);

/* The same of two entries of "to" (struct rule_to); two names by their end. */
bool	rule_target_covers(const void *first, const void *second);

/* Do the hours of a rule, which has some, name this minute of the week? */
bool	rule_names_minute(const struct rule *rule, unsigned minute);

/* conf_meet.c: could one client's request meet both, but for commands and
 * targets?  And their targets, names apart from addresses? */
bool	rules_meet(const struct rule *a, const struct rule *b);
bool	rule_targets_meet(const struct rule *a, const struct rule *b);

/* conf_doubt_people.c: can a client log in there? */
bool	listen_offers_login(const struct conf_listen *l);

/* Is the prefix, or are the prefixes together, everything of a family? */
bool	prefixes_are_world(const struct cidr *prefixes, size_t n);

/* Each calls doubt() for what it finds. */
void	doubt_order(const struct doubter *d);	/* never reached, applied */
void	doubt_pam(const struct doubter *d);	/* services without a file */
void	doubt_people(const struct doubter *d);	/* NSS, logins not offered */
void	doubt_world(const struct doubter *d);	/* too open, in clear */

#endif
