/*
 * An accountant that enforces a small policy, over the books of
 * ledger_values.h.
 */
#ifndef TESTS_UNIT_ENFORCE_VALUES_H
#define TESTS_UNIT_ENFORCE_VALUES_H

#include "ledger_values.h"

#include "sockd/account/bases.h"
#include "sockd/account/enforce.h"
#include "sockd/account/quota.h"
#include "sockd/common/principal.h"

enum { MB = 1000000 };

static const struct limit_cap day_100MB = { 100 * MB, PERIOD_DAY };
static const struct limit_cap day_50MB = { 50 * MB, PERIOD_DAY };
static const struct limit_cap ever_3h = { 3 * 3600, PERIOD_EVER };

static struct limit limits[2];
static struct rule rules[3];
static struct bases bases;
static struct enforcer *enforcer;

static inline void
begin_enforcing(uint32_t generation)
{
	cr_assert_eq(bases_open(&bases, &b, &conf.policy), 0);
	enforcer = enforce_new(&books, generation);
	cr_assert_not_null(enforcer);
	cr_assert_neq(sweep_now(), STORE_ERROR);
	cr_assert_eq(store_begin(books.store), STORE_OK);
	cr_assert_eq(store_put_caps(books.store, &conf.policy), STORE_OK);
	cr_assert_eq(store_commit(books.store, clock_wall_us()), STORE_OK);
	bases_refresh(&bases);
	while (bases_go_on(&bases, &books))
		;
}

static inline void
make_enforcing(void)
{
	make_ledger();
	limits[0] = (struct limit){ .name = "all", .n_bytes = 1,
	    .bytes = &day_100MB };
	rules[0] = (struct rule){ .name = "members", .action = RULE_PASS,
	    .commands = 1U << COMMAND_CONNECT | 1U << COMMAND_UDP,
	    .metered = true };
	conf.policy = (struct policy){ .n_rules = 1, .rules = rules,
	    .n_limits = 1, .limits = limits };
	begin_enforcing(0);
}

static inline void
unmake_enforcing(void)
{
	bases_close(&bases);
	remove_ledger();
}

static inline void
load(void)
{
	cr_assert_eq(bases_load(&bases, &books), STORE_OK);
}

static inline void
note(void *arg, const struct row *row)
{
	(void)arg;
	enforce_note(enforcer, row);
}

static inline void
take_turn(void)
{
	cr_assert_neq(sweep_run(&books, clock_wall_us(), note, NULL),
	    STORE_ERROR);
	cr_assert_eq(enforce_write(enforcer), STORE_OK);
	enforce_run(enforcer, clock_wall_us());
}

static inline uint64_t
used_today(uint32_t slot)
{
	return principal_used(&b, b.sessions[slot].principal, PERIOD_DAY);
}

#endif
