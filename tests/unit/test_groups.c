/*
 * The account behind a login, with an NSS of the test's own: it knows ann,
 * whatever the case, and one whose name is too long for an answer.
 */
#include <criterion/criterion.h>

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>

#include "sockd/auth/groups.h"
#include "sockd/common/log.h"

enum { GID = 100, TOO_LONG = MESSAGE_USER_SIZE };

static int n_groups;

struct passwd *
getpwnam(const char *name)
{
	static char spelled[TOO_LONG + 1];
	static struct passwd pw = { .pw_name = spelled, .pw_gid = GID };

	if (strcasecmp(name, "ann") == 0)
		memcpy(spelled, "ann", 4);
	else if (strcmp(name, "long") == 0)
		memset(spelled, 'x', TOO_LONG);
	else
		return NULL;
	return &pw;
}

int
getgrouplist(const char *name, gid_t primary, gid_t *gids, int *n)
{
	int room = *n;

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
	groups_look_up(&a);
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
