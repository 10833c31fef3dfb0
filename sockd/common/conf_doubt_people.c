/*
 * Doubts about people: names that NSS does not know, and conditions on a
 * login that no listener offers.
 */
#include "conf_doubt.h"

#include <pwd.h>
#include <search.h>
#include <string.h>

#include "lib/socks5.h"

/* Where names stand, and which were asked already. */
struct asked {
	const struct doubter	*d;
	struct subject		of;
	void			**told;		/* trees */
};

enum { USERS, GROUPS, N_TREES };

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
keep(void *name)
{
	(void)name;			/* the configuration's */
}

/* Is this the first time that the name is met? */
static bool
is_new(void **tree, const char *name)
{
	const char *const *found = tsearch(name, tree, compare_names);

	return found != NULL && *found == name;
}

static void
doubt_users(const struct asked *at, const char *const *users, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(users[i], "*") == 0 ||
		    !is_new(&at->told[USERS], users[i]) ||
		    getpwnam(users[i]) != NULL)
			continue;
		doubt(at->d, at->of,
		    "user \"%s\" is not known here (getent passwd); right "
		    "only if PAM knows him by itself", users[i]);
	}
}

static void
doubt_groups(const struct asked *at, const struct rule_group *groups,
    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i].gid == (gid_t)-1 &&
		    is_new(&at->told[GROUPS], groups[i].name))
			doubt(at->d, at->of,
			    "group \"%s\" is not known here (getent group), "
			    "and has no members", groups[i].name);
}

/* ---- logins that nobody offers ---- */

bool
listen_offers_login(const struct conf_listen *l)
{
	return (l->protocols & PROTOCOL_SOCKS5) != 0 &&
	    conf_listen_offers(l, SOCKS5_METHOD_PASSWORD);
}

/* Does one of these listeners (0: all) offer a login? */
static bool
any_offers_login(const struct conf *conf, uint64_t listeners)
{
	for (size_t i = 0; i < conf->n_listens; i++)
		if ((listeners == 0 || (listeners >> i & 1) != 0) &&
		    listen_offers_login(&conf->listens[i]))
			return true;
	return false;
}

static void
doubt_rule_people(const struct doubter *d, const struct rule *rule,
    void **told)
{
	const struct asked at = { d, of_rule(rule), told };

	doubt_users(&at, rule->users, rule->n_users);
	doubt_groups(&at, rule->groups, rule->n_groups);
	if (rule->n_users == 0 && rule->n_groups == 0)
		return;
	if (!any_offers_login(d->conf, rule->listeners))
		doubt(d, of_rule(rule),
		    "asks for a login, which no listener of it offers");
	else if (rule->protocols == PROTOCOL_SOCKS4)
		doubt(d, of_rule(rule),
		    "asks for a login, which SOCKS4 does not have");
}

static void
doubt_limit_people(const struct doubter *d, const struct limit *limit,
    void **told)
{
	const struct asked at = { d, of_limit(limit), told };

	doubt_users(&at, limit->users, limit->n_users);
	doubt_groups(&at, limit->groups, limit->n_groups);
	if (limit->n_users == 0 && limit->n_groups == 0)
		return;
	if (!any_offers_login(d->conf, 0))
		doubt(d, of_limit(limit),
		    "never applies: no listener offers a login");
}

static void
doubt_account(const struct doubter *d, const char *key, const char *user,
    void **told)
{
	if (is_new(&told[USERS], user) && getpwnam(user) == NULL)
		doubt(d, of_file(), "%s: user \"%s\" is not known here; "
		    "started as root, sockd needs him", key, user);
}

void
doubt_people(const struct doubter *d)
{
	const struct policy *p = &d->conf->policy;
	void *told[N_TREES] = { NULL };

	doubt_account(d, "user", d->conf->user, told);
	doubt_account(d, "pam.user", d->conf->pam.user, told);
	if (strcmp(d->conf->accounting.user, d->conf->user) != 0)
		doubt_account(d, "accounting.user", d->conf->accounting.user,
		    told);
	for (size_t i = 0; i < p->n_rules; i++)
		doubt_rule_people(d, &p->rules[i], told);
	for (size_t i = 0; i < p->n_limits; i++)
		doubt_limit_people(d, &p->limits[i], told);
	for (int i = 0; i < N_TREES; i++)
		tdestroy(told[i], keep);
}
