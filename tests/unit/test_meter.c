/*
 * What one session may move, chunk by chunk: two buckets, which it shares
 * with others, and a quota.
 */
#include <criterion/criterion.h>

#include "board_values.h"
#include "sockd/worker/meter.h"
#include "sockd/worker/session.h"

enum {
	WANT = 1024 * 1024,
	RATE = 1000000, SLOW = 10000,	/* octets a second */
	AT_ONCE_MS = 325,		/* of a rate: who is new may move */
	AT_ONCE = RATE / 1000 * AT_ONCE_MS,
	SLOW_AT_ONCE = SLOW / 1000 * AT_ONCE_MS,
	RULE = 3,
};

static struct board b;
static struct session s;

static void
make_session(void)
{
	b = small_board(16, 16);
	s = (struct session){ .board = &b };
	s.slot = claim_in(&b);
	s.shown = &b.sessions[s.slot];
	s.shown->metered = 1;
	cr_assert(slot_set_principal(&b, s.slot, "ann", NAMED_BY_USER));
	atomic_store(&s.shown->stop_at_bytes, UINT64_MAX);
	atomic_store(&s.shown->rule, RULE);
}

TestSuite(meter, .init = make_session);

/* What a meter that is new is given now; 0: it has to wait. */
static size_t
ask(struct meter *m)
{
	uint64_t resume_ms;

	*m = (struct meter){ .session = &s, .up = true };
	return meter_ask(m, WANT, &resume_ms) == METER_GO ? m->leave : 0;
}

Test(meter, what_the_rule_holds_back_others_of_the_user_may_move)
{
	struct meter m;

	atomic_store(&s.shown->rate_up, RATE);
	atomic_store(&b.rules[RULE].rate_up, SLOW);
	cr_assert_eq(ask(&m), SLOW_AT_ONCE);
	meter_moved(&m, SLOW_AT_ONCE);
	atomic_store(&s.shown->rule, BOARD_NOBODY);
	cr_assert_geq(ask(&m), AT_ONCE - SLOW_AT_ONCE);
}

Test(meter, what_did_not_move_is_given_back_to_both)
{
	struct meter m;

	atomic_store(&s.shown->rate_up, RATE);
	atomic_store(&b.rules[RULE].rate_up, RATE);
	cr_assert_eq(ask(&m), (size_t)AT_ONCE);
	meter_moved(&m, 1);
	cr_assert_geq(ask(&m), AT_ONCE - 1u);
	meter_moved(&m, 0);
	cr_assert_geq(ask(&m), AT_ONCE - 1u);
	meter_moved(&m, m.leave);
	cr_assert_lt(ask(&m), (size_t)AT_ONCE);
}

Test(meter, a_quota_leaves_what_is_left_of_it)
{
	struct meter m;

	atomic_store(&b.principals[s.shown->principal].bytes, 400);
	atomic_store(&s.shown->stop_at_bytes, 1000);
	cr_assert_eq(ask(&m), 600u);
	meter_moved(&m, 600);
	cr_assert_eq(meter_ask(&m, 1, NULL), METER_SPENT);
	meter_lost(&m, 100);
	cr_assert_eq(ask(&m), 100u);
	cr_assert_eq(atomic_load(&s.shown->bytes_up), 500u);
	cr_assert_eq(atomic_load(&s.shown->bytes_down), 0u);
}
