/*
 * The account behind a login, as NSS knows it: its spelling and its groups.
 * Runs in the auth helpers, after PAM's yes.
 */
#include "groups.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/rule.h"
#include "lib/text.h"
#include "sockd/common/log.h"
#include "sockd/common/nss.h"

enum { QUOTED_SIZE = 96 };

static bool
fail(const struct login_answer *a, int why)
{
	char quoted[QUOTED_SIZE];

	log_err("groups unknown user=%s why=\"%s\"",
	    quote_text(quoted, sizeof(quoted), a->user), strerror(why));
	return false;
}

/* ---- more than an answer holds ---- */

static bool
is_among(gid_t gid, const struct rule_group *groups, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i].gid == gid)
			return true;
	return false;
}

static bool
is_named(gid_t gid, const struct policy *policy)
{
	const struct rule *rules = policy->rules;
	const struct limit *limits = policy->limits;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (is_among(gid, rules[i].groups, rules[i].n_groups))
			return true;
	for (size_t i = 0; i < policy->n_limits; i++)
		if (is_among(gid, limits[i].groups, limits[i].n_groups))
			return true;
	return false;
}

static void
take(struct login_answer *a, gid_t gid)
{
	if (a->n_gids < MESSAGE_GROUPS_MAX)
		a->gids[a->n_gids++] = gid;
}

/* None must be missed by which something is decided. */
static void
choose(struct login_answer *a, const struct policy *policy, const gid_t *all,
    int n)
{
	char quoted[QUOTED_SIZE];

	for (int i = 0; i < n; i++)
		if (is_named(all[i], policy))
			take(a, all[i]);
	for (int i = 0; i < n; i++)
		if (!is_named(all[i], policy))
			take(a, all[i]);
	log_warning("groups cut user=%s groups=%d kept=%zu",
	    quote_text(quoted, sizeof(quoted), a->user), n, a->n_gids);
}

static bool
list_many(struct login_answer *a, gid_t primary, const struct policy *policy,
    int n)
{
	gid_t *all = calloc((size_t)n, sizeof(*all));
	bool listed = all != NULL &&
	    getgrouplist(a->user, primary, all, &n) != -1;

	if (listed)
		choose(a, policy, all, n);
	else
		fail(a, errno);
	free(all);
	return listed;
}

static bool
list_groups(struct login_answer *a, gid_t primary, const struct policy *policy)
{
	int n = MESSAGE_GROUPS_MAX;

	if (getgrouplist(a->user, primary, a->gids, &n) != -1)
		a->n_gids = n > 0 ? (size_t)n : 0;
	else if (n > MESSAGE_GROUPS_MAX)
		return list_many(a, primary, policy, n);
	else
		return fail(a, errno);
	return true;
}

bool
groups_look_up(struct login_answer *a, const struct policy *policy)
{
	const struct passwd *pw;

	a->n_gids = 0;
	errno = 0;
	pw = getpwnam(a->user);
	if (pw == NULL)
		return nss_knows_nobody(errno) || fail(a, errno);
	if (strlen(pw->pw_name) < sizeof(a->user))
		text_copy(a->user, sizeof(a->user), pw->pw_name);
	return list_groups(a, pw->pw_gid, policy);
}
