/*
 * Limits in a worker, after a reload: what the board shows of a session may
 * be of another configuration than this worker's.
 */
#include <criterion/criterion.h>

#include "board_values.h"
#include "rule_values.h"
#include "sockd/common/conf.h"
#include "sockd/common/slot.h"
#include "sockd/worker/limits.h"
#include "sockd/worker/session.h"

enum { USED = 1000 };

static const struct cidr elsewhere[] = { NET4(192, 0, 2, 0, 24) };
static const struct limit_cap little[] = { { 1, PERIOD_DAY } };
static const struct limit_cap much[] = { { 1000000, PERIOD_DAY } };
static const struct limit limits[] = {
	{ .name = "others", LIST(from, elsewhere), LIST(bytes, little) },
	{ .name = "all", LIST(bytes, much) },
};
static const struct rule rules[] = {
	{ .name = "new", .action = RULE_BLOCK },
	{ .name = "all", .action = RULE_PASS, .metered = true, .rate_up = 7 },
};

static struct board b;
static struct conf conf;
static struct process process;
static struct worker worker;
static struct session s;

/* An association that began when "all" was the first limit. */
static void
make_session(void)
{
	b = small_board(16, 16);
	conf = (struct conf){ .policy = { LIST(rules, rules),
		LIST(limits, limits) } };
	process = (struct process){ .conf = &conf, .board = &b };
	worker = (struct worker){ .process = &process, .conf = &conf,
		.board = &b };
	s = (struct session){ .worker = &worker, .conf = &conf, .board = &b };
	s.slot = (uint32_t)slot_claim(&b, owner_word(1, 1, 1));
	s.shown = &b.sessions[s.slot];
	s.shown->client = client_address(7);
	s.shown->metered = 1;
	s.question.from = &s.shown->client;
	s.question.who = WHO_ANONYMOUS;
	cr_assert(slot_set_principal(&b, s.slot, "ip:10.0.0.7",
	    NAMED_BY_ADDRESS));
	atomic_store(&b.principals[s.shown->principal].bytes, USED);
	atomic_store(&s.shown->limit, 0);
	slot_advance(&b, s.slot, SLOT_LIVE);
}

TestSuite(worker_limits, .init = make_session);

Test(worker_limits, an_index_of_an_older_configuration_means_nothing)
{
	cr_assert(limits_have_left(&s, &rules[1]));
	cr_assert_eq(atomic_load(&s.shown->stop_at_bytes), 1000000u);
}

/* The accountant knows the new limits; what it shows holds. */
Test(worker_limits, after_a_reload_the_accountant_decides)
{
	atomic_store(&b.header->generation, 1);
	atomic_store(&s.shown->stop_at_bytes, USED + 1);
	cr_assert(limits_have_left(&s, &rules[1]));
	cr_assert_eq(atomic_load(&s.shown->stop_at_bytes), USED + 1u);
	atomic_store(&s.shown->stop_at_bytes, USED);
	cr_assert_not(limits_have_left(&s, &rules[1]));
}

Test(worker_limits, an_older_worker_shows_no_rule)
{
	session_use_rule(&s, 1);
	cr_assert_eq(atomic_load(&s.shown->rule), 1u);
	cr_assert_eq(atomic_load(&b.rules[1].rate_up), 7u);
	atomic_store(&s.shown->rule, 4);	/* as they are numbered now */
	atomic_store(&b.header->generation, 1);
	session_use_rule(&s, 1);
	cr_assert_eq(atomic_load(&s.shown->rule), 4u);
}
