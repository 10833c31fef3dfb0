/*
 * Quotas, hours and reloads: what the accountant does to sessions that live.
 */
#include "enforce_values.h"

TestSuite(enforce, .init = make_enforcing, .fini = unmake_enforcing);

/* ---- quotas ---- */

Test(enforce, a_quota_cuts_all_sessions_of_its_principal_and_no_other)
{
	uint32_t one = begin_session("ann"), two = begin_session("ann");
	uint32_t other = begin_session("bob"), free_one = begin_session("ann");

	b.sessions[free_one].metered = false;
	load();
	take_turn();
	cr_assert_eq(slot_cut_why(&b, one), OUTCOME_NONE);
	cr_assert_eq(atomic_load(&b.sessions[one].stop_at_bytes),
	    (uint64_t)100 * MB);
	cr_assert_eq(atomic_load(&b.sessions[free_one].stop_at_bytes),
	    UINT64_MAX);
	move(two, 99 * MB, 0);
	move(other, 5, 0);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, one), OUTCOME_NONE);
	move(two, 1 * MB, 0);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, one), OUTCOME_QUOTA);
	cr_assert_eq(slot_cut_why(&b, two), OUTCOME_QUOTA);
	cr_assert_eq(slot_cut_why(&b, other), OUTCOME_NONE);
	cr_assert_eq(slot_cut_why(&b, free_one), OUTCOME_NONE);
}

/* The worker has set the stop, and says only later whether it is metered. */
Test(enforce, a_session_that_connects_keeps_its_stop)
{
	uint32_t slot = begin_session("ann");

	load();
	atomic_store(&b.states[slot], SLOT_REQUESTED);
	atomic_store(&b.sessions[slot].reply, -1);
	b.sessions[slot].metered = false;
	atomic_store(&b.sessions[slot].stop_at_bytes, 4711);
	take_turn();
	cr_assert_eq(atomic_load(&b.sessions[slot].stop_at_bytes), 4711u);
	b.sessions[slot].metered = true;
	slot_advance(&b, slot, SLOT_LIVE);
	take_turn();
	cr_assert_eq(atomic_load(&b.sessions[slot].stop_at_bytes),
	    (uint64_t)100 * MB);
}

/* A BIND that waits, an association without a datagram. */
Test(enforce, those_who_wait_are_cut_unless_a_free_rule_may_come)
{
	uint32_t slot = begin_session("ann"), other = begin_session("ann");

	load();
	atomic_store(&b.states[slot], SLOT_REQUESTED);
	b.sessions[slot].metered = false;
	take_turn();
	move(other, 100 * MB, 0);
	rules[0].metered = false;
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	rules[0].metered = true;
	atomic_store(&b.sessions[slot].reply, -1);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE, "not told yet");
	atomic_store(&b.sessions[slot].reply, 0);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_QUOTA);
}

Test(enforce, the_stop_counts_what_was_used_before)
{
	uint32_t slot;

	tell_db("INSERT INTO usage VALUES('ann', date('now', 'localtime'), 1,"
	    " 60000000, 0, 0, 1)");
	slot = begin_session("ann");
	load();
	take_turn();
	cr_assert_eq(atomic_load(&b.sessions[slot].stop_at_bytes),
	    (uint64_t)40 * MB);
	limits[0].bytes = &day_50MB;
	new_accountant();
	begin_enforcing(0);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_QUOTA);
}

Test(enforce, time_is_a_quota_too)
{
	uint32_t slot = begin_session("ann");
	struct principal_slot *p = &b.principals[b.sessions[slot].principal];

	limits[0] = (struct limit){ .name = "hours", .n_time = 1,
	    .time = &ever_3h };
	load();
	atomic_store(&p->active_s, 3 * 3600 - 1);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	atomic_store(&p->active_s, 3 * 3600);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_QUOTA);
}

Test(enforce, the_quota_view_says_what_is_enforced)
{
	uint32_t slot = begin_session("ann");

	load();
	move(slot, 30 * MB, 11);
	take_turn();
	take_turn();
	cr_assert_str_eq(ask_text("SELECT principal || ' ' || \"limit\" ||"
	    " ' ' || period || ' ' || used || ' ' || allowed || ' ' || left"
	    " FROM quota"), "ann all day 30000011 100000000 69999989");
	cr_assert_eq(ask_db("SELECT used FROM quota"),
	    (int64_t)used_today(slot));
	cr_assert_eq(ask_db("SELECT resets = date('now', 'localtime',"
	    " '+1 day') FROM quota"), 1);
}

/* One that lives too short to be met has its principal's warning too. */
Test(enforce, eighty_percent_is_told_once)
{
	struct principal_slot *p;
	uint32_t slot;

	slot = begin_session("ann");
	p = &b.principals[b.sessions[slot].principal];
	load();
	atomic_store(&b.sessions[slot].limit, 0);
	move(slot, 80 * MB, 0);
	cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	cr_assert_eq(atomic_load(&p->warned), 0u);
	take_turn();
	cr_assert_eq(atomic_load(&p->warned), 1U << PERIOD_DAY);
}

/* A limit was raised, or the ledger corrected: it is told again. */
Test(enforce, below_eighty_percent_all_is_forgotten)
{
	static const struct limit_cap month = { 100 * MB, PERIOD_MONTH };
	uint32_t slot = begin_session("ann");
	struct principal_slot *p =
	    &b.principals[b.sessions[slot].principal];

	limits[0].bytes = &month;
	load();
	atomic_store(&b.sessions[slot].limit, 0);
	move(slot, 100 * MB, 0);
	take_turn();
	cr_assert_neq(atomic_load(&p->warned), 0u);
	atomic_fetch_add(&p->base_bytes[PERIOD_MONTH], 20 * MB);
	take_turn();
	cr_assert_neq(atomic_load(&p->warned), 0u, "not below it");
	atomic_fetch_add(&p->base_bytes[PERIOD_MONTH], 1);
	take_turn();
	cr_assert_eq(atomic_load(&p->warned), 0u);
}

/* Periods that a clock from days ahead has turned stand until it is there. */
Test(enforce, a_clock_set_back_by_days_is_told_once)
{
	int32_t today = books.periods.day;
	FILE *log = tmpfile();
	char line[256];

	log_open(dup(fileno(log)), LOG_INFO, "test");
	for (int32_t ahead = 1; ahead <= 4; ahead++) {
		periods_begin(&books.periods, today + ahead);
		take_turn();
	}
	periods_begin(&books.periods, today);
	take_turn();
	rewind(log);
	cr_assert_not_null(fgets(line, sizeof(line), log));
	cr_assert_not_null(strstr(line, "warning clock set back day="));
	cr_assert_not_null(fgets(line, sizeof(line), log));
	cr_assert_not_null(strstr(line, "clock set back ended count=2\n"));
	cr_assert_null(fgets(line, sizeof(line), log));
}

/* ---- rules ---- */

static const struct cidr elsewhere = { .base = { .family = ADDR_IPV4,
    .ip = { 192, 0, 2, 0 } }, .bits = 24 };

Test(enforce, a_reload_cuts_those_no_longer_allowed_and_only_those)
{
	uint32_t ann = begin_session("ann"), bob = begin_session("bob");
	static const char *const users[] = { "bob" };

	load();
	take_turn();
	rules[0].users = users;
	rules[0].n_users = 1;
	take_turn();
	cr_assert_eq(slot_cut_why(&b, ann), OUTCOME_NONE, "no reload yet");
	new_accountant();
	begin_enforcing(1);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, ann), OUTCOME_BLOCKED);
	cr_assert_eq(slot_cut_why(&b, bob), OUTCOME_NONE);
}

Test(enforce, a_reload_changes_rates_rules_and_limits_of_the_living)
{
	uint32_t slot = begin_session("ann");

	load();
	atomic_store(&b.sessions[slot].rule, 0);
	rules[0] = (struct rule){ .name = "elsewhere", .action = RULE_PASS,
	    .commands = 1U << COMMAND_CONNECT, .from = &elsewhere,
	    .n_from = 1 };
	rules[1] = (struct rule){ .name = "members", .action = RULE_PASS,
	    .commands = 1U << COMMAND_CONNECT, .rate_down = 4711 };
	conf.policy.n_rules = 2;
	limits[0] = (struct limit){ .name = "none", .from = &elsewhere,
	    .n_from = 1 };
	limits[1] = (struct limit){ .name = "slow", .rate_up = 1000,
	    .rate_down = 2000 };
	conf.policy.n_limits = 2;
	new_accountant();
	begin_enforcing(1);
	take_turn();
	cr_assert_eq(atomic_load(&b.sessions[slot].rule), 1u);
	cr_assert_eq(atomic_load(&b.sessions[slot].limit), 1u);
	cr_assert_eq(atomic_load(&b.sessions[slot].rate_up), 1000u);
	cr_assert_eq(atomic_load(&b.sessions[slot].rate_down), 2000u);
	cr_assert_eq(atomic_load(&b.rules[1].rate_down), 4711u);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
}

Test(enforce, sessions_of_the_next_configuration_are_left_alone)
{
	uint32_t slot = begin_session("ann");

	b.sessions[slot].generation = 5;
	rules[0].action = RULE_BLOCK;
	load();
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
}

Test(enforce, at_the_edge_of_hours_all_are_asked)
{
	static struct hours window;
	uint32_t slot = begin_session("ann");
	uint64_t now_s = clock_wall_us() / 1000000;
	uint64_t edge_s = (now_s / 3600 + 2) * 3600;
	struct tm local;
	time_t t = (time_t)edge_s;

	localtime_r(&t, &local);
	window = (struct hours){ .days = 0x7f, .begin = (uint16_t)
	    ((local.tm_hour + 20) % 24 * 60), .end = (uint16_t)
	    (local.tm_hour == 0 ? 1440 : local.tm_hour * 60) };
	rules[0].hours = &window;
	rules[0].n_hours = 1;
	conf.policy.has_hours = true;
	load();
	enforce_run(enforcer, now_s * 1000000);
	enforce_run(enforcer, edge_s * 1000000 - 1);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	enforce_run(enforcer, edge_s * 1000000);
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_BLOCKED);
}

Test(enforce, an_association_ends_with_one_of_its_targets)
{
	static const struct rule_to block = { .kind = RULE_TO_PREFIX,
	    .prefix = { .base = { .family = ADDR_IPV4,
	    .ip = { 10, 0, 0, 0 } }, .bits = 8 } };
	uint32_t one = begin_session("ann"), two = begin_session("ann");
	struct udp_count *c;

	load();
	b.sessions[one].command = COMMAND_UDP;
	b.sessions[two].command = COMMAND_UDP;
	atomic_store(&b.sessions[two].rule, 0);
	c = slot_udp(&b, one);
	c->addr = client_address(3);
	atomic_store(&c->first_us, 1);
	c = slot_udp(&b, two);
	addr_from_ipv4(&c->addr, (const uint8_t[]){ 192, 0, 2, 1 }, 53);
	atomic_store(&c->first_us, 1);
	rules[1] = rules[0];
	rules[0] = (struct rule){ .name = "inside", .action = RULE_BLOCK,
	    .commands = 1U << COMMAND_UDP, .to = &block, .n_to = 1 };
	conf.policy.n_rules = 2;
	new_accountant();
	begin_enforcing(1);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, one), OUTCOME_BLOCKED);
	cr_assert_eq(slot_cut_why(&b, two), OUTCOME_NONE);
	cr_assert_eq(atomic_load(&b.sessions[two].rule), 1u, "its number now");
}

Test(enforce, a_name_that_was_cut_is_not_asked_about)
{
	static const struct rule_to inside = { .kind = RULE_TO_SUFFIX,
	    .name = ".example.net" };
	uint32_t slot = begin_session("ann");
	struct udp_count *c = slot_udp(&b, slot);

	load();
	b.sessions[slot].command = COMMAND_UDP;
	memset(c->name, 'a', sizeof(c->name) - 1);
	memcpy(c->name + 20, ".example.net", 12);
	c->addr = client_address(3);
	atomic_store(&c->first_us, 1);
	rules[0].to = &inside;
	rules[0].n_to = 1;
	new_accountant();
	begin_enforcing(1);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_NONE);
	c->name[40] = '\0';
	new_accountant();
	begin_enforcing(2);
	take_turn();
	cr_assert_eq(slot_cut_why(&b, slot), OUTCOME_BLOCKED);
}
