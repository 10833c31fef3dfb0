/*
 * The account behind a login, with an NSS of the test's own: it knows ann,
 * whatever the case, and one whose name is too long for an answer.  It says
 * in many ways that it does not know somebody, and in more that it cannot.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>

#include "lib/elements.h"
#include "lib/rule.h"
#include "sockd/auth/groups.h"
#include "sockd/common/log.h"

enum { GID = 100, MANY = 2 * MESSAGE_GROUPS_MAX,
       TOO_LONG = MESSAGE_USER_SIZE, NO_LIST = -1 };

static const struct rule_group by_rule = { "r", GID + MANY - 1 },
    by_limit = { "l", GID + MANY - 2 };
static const struct rule rules[] = { { .name = "all" },
	{ .name = "r", .groups = &by_rule, .n_groups = 1 } };
static const struct limit limits[] = {
	{ .name = "l", .groups = &by_limit, .n_groups = 1 } };
static const struct policy policy = { .rules = rules, .limits = limits,
	.n_rules = N_ELEMENTS(rules), .n_limits = N_ELEMENTS(limits) };

static int n_groups;
static int why;			/* errno where nobody is found */

struct passwd *
getpwnam(const char *name)
{
	static char spelled[TOO_LONG + 1];
	static struct passwd pw = { .pw_name = spelled, .pw_gid = GID };

	spelled[0] = '\0';
	if (strcasecmp(name, "ann") == 0)
		memcpy(spelled, "ann", 4);
	else if (strcmp(name, "long") == 0)
		memset(spelled, 'x', TOO_LONG);
	else if (why != 0)
		errno = why;
	return spelled[0] != '\0' ? &pw : NULL;
}

int
getgrouplist(const char *name, gid_t primary, gid_t *gids, int *n)
{
	int room = *n;

	if (n_groups == NO_LIST) {
		errno = ENOMEM;
		return -1;		/* and *n is what it was */
	}
	*n = strcmp(name, "ann") == 0 ? n_groups : 0;
	for (int i = 0; i < *n && i < room; i++)
		gids[i] = primary + (gid_t)i;
	return *n > room ? -1 : *n;
}

static struct login_answer
look_up(const char *name, int groups)
{
	struct login_answer a = { .n_gids = 7 };

	n_groups = groups;
	memcpy(a.user, name, strlen(name));
	cr_assert(groups_look_up(&a, &policy));
	return a;
}

Test(groups, a_name_is_spelled_as_nss_spells_it)
{
	struct login_answer a = look_up("ANN", 2);

	cr_assert_str_eq(a.user, "ann");
	cr_assert_eq(a.n_gids, 2u);
	cr_assert_eq(a.gids[0], (gid_t)GID);
	cr_assert_eq(a.gids[1], (gid_t)GID + 1);
}

Test(groups, who_is_unknown_keeps_the_name_and_has_none)
{
	struct login_answer a = look_up("bob", 2);

	cr_assert_str_eq(a.user, "bob");
	cr_assert_eq(a.n_gids, 0u);
}

Test(groups, there_are_many_ways_to_say_unknown)
{
	static const int ways[] = { ENOENT, ESRCH, EBADF, EPERM };

	for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
		why = ways[i];
		cr_assert_eq(look_up("bob", 2).n_gids, 0u);
	}
}

Test(groups, what_went_before_is_no_answer)
{
	errno = EIO;
	cr_assert_eq(look_up("bob", 2).n_gids, 0u);
}

Test(groups, an_nss_that_cannot_answer_has_not_said_unknown)
{
	static const int ways[] = { EIO, EMFILE, ENOMEM, ECONNREFUSED };
	struct login_answer a = { .user = "bob" };

	log_open(2, LOG_ERR, "test");
	for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
		why = ways[i];
		cr_assert_not(groups_look_up(&a, &policy));
	}
}

Test(groups, a_list_that_failed_is_none)
{
	struct login_answer a = { .user = "ann" };

	log_open(2, LOG_ERR, "test");
	n_groups = NO_LIST;
	cr_assert_not(groups_look_up(&a, &policy));
}

Test(groups, a_name_that_does_not_fit_is_not_cut)
{
	cr_assert_str_eq(look_up("long", 2).user, "long");
}

Test(groups, more_than_an_answer_holds_are_cut)
{
	struct login_answer a;

	log_open(2, LOG_ERR, "test");
	a = look_up("ann", MESSAGE_GROUPS_MAX);
	cr_assert_eq(a.n_gids, (size_t)MESSAGE_GROUPS_MAX);
	a = look_up("ann", MESSAGE_GROUPS_MAX + 1);
	cr_assert_eq(a.n_gids, (size_t)MESSAGE_GROUPS_MAX);
	cr_assert_eq(a.gids[MESSAGE_GROUPS_MAX - 1],
	    (gid_t)GID + MESSAGE_GROUPS_MAX - 1);
}

static bool
is_member(const struct login_answer *a, gid_t gid)
{
	for (size_t i = 0; i < a->n_gids; i++)
		if (a->gids[i] == gid)
			return true;
	return false;
}

Test(groups, what_a_rule_or_a_limit_names_is_not_cut)
{
	struct login_answer a;

	log_open(2, LOG_ERR, "test");
	a = look_up("ann", MANY);
	cr_assert_eq(a.n_gids, (size_t)MESSAGE_GROUPS_MAX);
	cr_assert(is_member(&a, by_rule.gid));
	cr_assert(is_member(&a, by_limit.gid));
	cr_assert(is_member(&a, GID));
	cr_assert_not(is_member(&a, GID + MESSAGE_GROUPS_MAX));
}
