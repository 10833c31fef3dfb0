/*
 * Which limit applies: the first whose users, groups and from all hold.
 */
#include <criterion/criterion.h>

#include <sys/types.h>

#include "lib/rule.h"
#include "rule_values.h"

static const struct addr lab = IP4(10, 1, 2, 3);
static const struct addr office = IP4(10, 2, 0, 1);
static const struct addr outside = IP6(9);

static const gid_t students[] = { 100, 500 };
static const gid_t staff[] = { 100, 600 };

static const char *const root[] = { "root", "backup" };
static const char *const anyone[] = { "*" };
static const char *const ann[] = { "ann" };
static const struct rule_group student_group[] = { { "students", 500 } };
static const struct rule_group unknown_group[] = { { "ghosts", (gid_t)-1 } };
static const struct cidr lab_net[] = { NET4(10, 1, 0, 0, 16) };

/* Without caps the first one exempts; the last has no condition. */
static const struct limit limits[] = {
	{ .name = "exempt", LIST(users, root) },
	{ .name = "ghosts", LIST(groups, unknown_group) },
	{ .name = "ann-in-lab", LIST(users, ann), LIST(groups, student_group),
	  LIST(from, lab_net) },
	{ .name = "students", LIST(groups, student_group), .sessions = 64 },
	{ .name = "lab", LIST(from, lab_net), .sessions = 8 },
	{ .name = "members", LIST(users, anyone), .sessions = 9 },
	{ .name = "rest", .sessions = 1 },
};

static const struct policy policy = { LIST(limits, limits) };

#define USER(name)	.who = WHO_USER, .user = name

Test(limit, first_whose_conditions_all_hold)
{
	static const struct {
		const char		*limit;
		struct rule_question	q;
	} rows[] = {
		{ "exempt", { USER("root"), .from = &lab } },
		{ "exempt", { USER("backup"), .from = &outside,
		  LIST(gids, students) } },
		{ "ann-in-lab", { USER("ann"), .from = &lab,
		  LIST(gids, students) } },
		{ "students", { USER("ann"), .from = &office,
		  LIST(gids, students) } },
		{ "lab", { USER("ann"), .from = &lab, LIST(gids, staff) } },
		{ "students", { USER("bob"), .from = &lab,
		  LIST(gids, students) } },
		{ "members", { USER("bob"), .from = &office,
		  LIST(gids, staff) } },
		{ "members", { USER("Root"), .from = &outside } },
		{ "lab", { .who = WHO_ANONYMOUS, .from = &lab } },
		{ "rest", { .who = WHO_ANONYMOUS, .from = &outside } },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct limit *l = policy_limit(&policy, &rows[i].q);

		cr_assert_not_null(l, "row %zu", i);
		cr_assert_str_eq(l->name, rows[i].limit, "row %zu", i);
	}
}

/* A name that was only claimed, and stale groups, meet no condition. */
Test(limit, anonymous_meets_no_users_and_no_groups)
{
	static const struct rule_question q = {
		.who = WHO_ANONYMOUS, .user = "root", LIST(gids, students),
		.from = &outside,
	};

	cr_assert_str_eq(policy_limit(&policy, &q)->name, "rest");
}

Test(limit, none_applies)
{
	static const struct policy no_limits = { 0 };
	static const struct policy first = { .n_limits = 1, .limits = limits };
	static const struct rule_question q = { USER("ann"), .from = &lab };

	cr_assert_null(policy_limit(&no_limits, &q));
	cr_assert_null(policy_limit(&first, &q));
}

/* What is not said must not matter. */
Test(limit, is_known_when_nothing_more_can_change_it)
{
	static const struct {
		const char		*limit;	/* NULL: not known */
		struct rule_question	q;
	} rows[] = {
		{ "exempt", { USER("root") } },
		{ "students", { USER("bob"), LIST(gids, students) } },
		{ NULL, { USER("ann"), LIST(gids, students) } },
		{ NULL, { USER("bob"), LIST(gids, staff) } },
		{ "members", { USER("bob"), .from = &office,
		  LIST(gids, staff) } },
		{ NULL, { .who = WHO_ANONYMOUS } },
		{ "rest", { .who = WHO_ANONYMOUS, .from = &office } },
		{ NULL, { .who = WHO_SOMEBODY, .from = &lab } },
		{ NULL, { .who = WHO_UNKNOWN, .from = &office } },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		cr_assert_eq(policy_knows_limit(&policy, &rows[i].q),
		    rows[i].limit != NULL, "row %zu", i);
		if (rows[i].limit != NULL)
			cr_assert_str_eq(policy_limit(&policy,
			    &rows[i].q)->name, rows[i].limit, "row %zu", i);
	}
}

Test(limit, none_is_known_as_well)
{
	static const struct limit one[] = { { .name = "ann",
	    LIST(users, ann) } };
	static const struct policy none = { 0 }, first = { LIST(limits, one) };
	struct rule_question q = { .who = WHO_UNKNOWN };

	cr_assert(policy_knows_limit(&none, &q));
	cr_assert_not(policy_knows_limit(&first, &q));
	q.who = WHO_ANONYMOUS;
	cr_assert(policy_knows_limit(&first, &q));
	cr_assert_null(policy_limit(&first, &q));
}
