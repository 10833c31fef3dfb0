/*
 * Counting, quotas and shaping, in a worker.
 *
 * Octets count when they are taken from their source.  A rate is held by two
 * GCRA buckets, the principal's and the rule's, which all their sessions
 * share; a session that gets nothing sleeps until a quarter of BURST is due.
 *
 * Interactive sessions stay usable beside a bulk one like this: the bucket
 * lets everybody run BURST ahead of the rate, but a session that has moved
 * little within this second may run LEAD further.  So it finds the bucket
 * open however hard the bulk sessions press, and what it takes they wait for:
 * the rate as a whole holds.
 *
 * Of many that press each has moved little, and they all wake at one moment.
 * So that it is no lottery who finds something then, they may run the further
 * the longer they wait, and are served more or less in turn.
 */
#include "meter.h"

#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/slot.h"

static const uint64_t NS_PER_S = 1000000000, NS_PER_MS = 1000000;
static const uint64_t BURST_NS = 100000000;	/* of the rate */
static const uint64_t LEAD_NS = 150000000;
/* A wait that brings half of LEAD more.  A new session has it to its credit: it
 * goes before those just served, and after those that wait longer. */
static const uint64_t PATIENT_MS = 8000;

enum {
	LITTLE_DIVISOR = 16,	/* of a second's octets: an interactive one */
	LITTLE_LEAST = 64,
};

/* One of the two rates that hold a direction, and its bucket. */
struct shape {
	struct bucket	*bucket;
	uint64_t	rate;		/* 0: none */
};

static void
find_shapes(const struct meter *m, struct shape out[2])
{
	const struct board *b = m->session->board;
	struct session_slot *s = m->session->shown;
	uint32_t rule = atomic_load_explicit(&s->rule, memory_order_relaxed);

	out[0] = out[1] = (struct shape){ NULL, 0 };
	if (s->principal < b->n.principals) {
		struct principal_slot *p = &b->principals[s->principal];

		out[0].bucket = m->up ? &p->up : &p->down;
		out[0].rate = atomic_load_explicit(m->up ? &s->rate_up :
		    &s->rate_down, memory_order_relaxed);
	}
	if (rule < b->n.rules) {
		struct rule_slot *r = &b->rules[rule];

		out[1].bucket = m->up ? &r->up : &r->down;
		out[1].rate = atomic_load_explicit(m->up ? &r->rate_up :
		    &r->rate_down, memory_order_relaxed);
	}
}

/* UINT64_MAX: no quota. */
static uint64_t
quota_left(const struct meter *m)
{
	const struct board *b = m->session->board;
	const struct session_slot *s = m->session->shown;
	uint64_t stop_at = atomic_load_explicit(&s->stop_at_bytes,
	    memory_order_relaxed);
	uint64_t bytes;

	if (stop_at == UINT64_MAX || s->principal >= b->n.principals)
		return UINT64_MAX;
	bytes = atomic_load_explicit(&b->principals[s->principal].bytes,
	    memory_order_relaxed);
	return stop_at > bytes ? stop_at - bytes : 0;
}

static void
enter_second(struct meter *m, uint64_t now_ns)
{
	if (now_ns / NS_PER_S == m->second)
		return;
	m->second = now_ns / NS_PER_S;
	m->moved = 0;
}

static uint64_t
little_of(uint64_t rate)
{
	uint64_t little = rate / LITTLE_DIVISOR;

	return little > LITTLE_LEAST ? little : LITTLE_LEAST;
}

/* Has it moved little within this second? */
static bool
is_little(const struct meter *m, uint64_t rate)
{
	return m->moved < little_of(rate);
}

/* The longer it waits the further, and never quite by LEAD. */
static uint64_t
patience_ns(const struct meter *m, uint64_t now_ns)
{
	uint64_t waited_ms = (now_ns - m->waits_ns) / NS_PER_MS;

	return LEAD_NS * waited_ms / (waited_ms + PATIENT_MS);
}

/* Octets use the wait up, no longer little all of it. */
static void
use_up(struct meter *m, uint64_t octets, uint64_t rate)
{
	uint64_t waited_ns = m->asked_ns - m->waits_ns;

	if (octets < little_of(rate))
		waited_ns = waited_ns / little_of(rate) * octets;
	m->waits_ns += waited_ns;
}

static size_t
take(const struct meter *m, const struct shape *shape, size_t want,
    uint64_t now_ns, uint64_t *wait_ns)
{
	uint64_t burst_ns = BURST_NS;

	if (shape->rate == 0)
		return want;
	if (is_little(m, shape->rate))
		burst_ns += LEAD_NS + patience_ns(m, now_ns);
	return bucket_take(shape->bucket, shape->rate, now_ns, burst_ns, want,
	    wait_ns);
}

static size_t
take_both(const struct meter *m, const struct shape shapes[2], size_t want,
    uint64_t now_ns, uint64_t *wait_ns)
{
	size_t first = take(m, &shapes[0], want, now_ns, wait_ns);
	size_t both;

	if (first == 0)
		return 0;
	both = take(m, &shapes[1], first, now_ns, wait_ns);
	if (both < first && shapes[0].rate != 0)
		bucket_return(shapes[0].bucket, shapes[0].rate, first - both);
	return both;
}

enum meter_answer
meter_ask(struct meter *m, size_t want, uint64_t *resume_ms)
{
	struct shape shapes[2];
	uint64_t left = quota_left(m), now_ns, wait_ns = 0;

	if (left == 0)
		return METER_SPENT;
	if (want > METER_CHUNK_MAX)
		want = METER_CHUNK_MAX;
	if (want > left)
		want = (size_t)left;
	find_shapes(m, shapes);
	m->shaped = shapes[0].rate != 0 || shapes[1].rate != 0;
	m->leave = want;
	if (!m->shaped)
		return METER_GO;
	now_ns = clock_ns();
	enter_second(m, now_ns);
	m->asked_ns = now_ns;
	if (m->waits_ns == 0 && now_ns > PATIENT_MS * NS_PER_MS)
		m->waits_ns = now_ns - PATIENT_MS * NS_PER_MS;
	m->leave = take_both(m, shapes, want, now_ns, &wait_ns);
	if (m->leave > 0)
		return METER_GO;
	*resume_ms = (now_ns + wait_ns + NS_PER_MS - 1) / NS_PER_MS;
	return METER_WAIT;
}

static void
count(struct meter *m, size_t octets,
    void (*how)(struct board *, uint32_t, size_t, size_t))
{
	how(m->session->board, m->session->slot, m->up ? octets : 0,
	    m->up ? 0 : octets);
}

void
meter_moved(struct meter *m, size_t octets)
{
	struct shape shapes[2];

	if (octets > 0)
		count(m, octets, slot_count);
	if (!m->shaped)
		return;
	m->moved += octets;
	find_shapes(m, shapes);
	for (int i = 0; i < 2; i++) {
		if (shapes[i].rate == 0)
			continue;
		use_up(m, octets, shapes[i].rate);
		if (octets < m->leave)
			bucket_return(shapes[i].bucket, shapes[i].rate,
			    m->leave - octets);
	}
}

void
meter_lost(struct meter *m, size_t octets)
{
	if (octets > 0)
		count(m, octets, slot_uncount);
}
