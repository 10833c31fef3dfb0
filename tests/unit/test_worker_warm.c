/*
 * What a fresh worker has touched costs its first tunnel no page fault.
 */
#include "sockd/worker/warm.h"

#include <criterion/criterion.h>

#include <sys/resource.h>

#include "board_values.h"
#include "sockd/common/clock.h"
#include "sockd/common/conf.h"
#include "sockd/worker/session.h"

static const struct rule all = { .name = "all", .action = RULE_PASS };

static struct conf conf = { .policy = { .n_rules = 1, .rules = &all } };
static struct worker worker;
static uint32_t slot;

static long
faults(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_minflt;
}

/* The faults of an octet that is counted, as a woken tunnel does it. */
static long
faults_of_an_octet(struct board *b)
{
	long before;

	clock_wall_ms();	/* a worker knows the time before */
	before = faults();
	slot_pass(b, slot, me, me + 1);
	slot_pass(b, slot, me + 1, me);
	slot_count(b, slot, 1, 0);
	worker.buffers[1].begin = worker.buffers[1].end = 0;
	return faults() - before;
}

static void
be_fresh(struct board *b, int i)
{
	(void)i;
	if (faults_of_an_octet(b) < 3)
		_exit(1);
}

static void
be_warm(struct board *b, int i)
{
	(void)i;
	warm_memory(&worker);
	if (faults_of_an_octet(b) != 0)
		_exit(1);
}

Test(worker_warm, spares_a_tunnel_its_page_faults)
{
	struct board b = small_board(2048, 16384);

	slot = claim_in(&b);
	cr_assert(slot_set_principal(&b, slot, "ann", NAMED_BY_USER));
	b.sessions[slot].metered = true;
	slot_advance(&b, slot, SLOT_LIVE);
	worker.conf = &conf;
	worker.board = &b;
	in_children(&b, 1, be_fresh);
	in_children(&b, 1, be_warm);
}
