/*
 * A rate held by GCRA (the generic cell rate algorithm of ITU-T I.371) on one
 * atomic word.
 *
 * Runs in workers, many at once on one bucket in shared memory.
 * No lock: whoever dies between two instructions leaves a good bucket.
 *
 * How it stays exact: time is counted in ticks of a quarter of a nanosecond,
 * and rate says which octet is due at each tick, counted within its second.
 * Taking n octets moves the word to the first tick at which n more are due.
 * Up to RATE_MAX two octets never fall on one tick, so nothing is lost or
 * won by rounding, however many small takes there are; and no product of
 * a second's ticks and a rate leaves 64 bits.
 */
#include "bucket.h"

static const uint64_t TICKS_PER_NS = 4;
static const uint64_t SECOND = 4000000000;	/* ticks */
static const uint64_t RATE_MAX = 4000000000;	/* octets a second */

/* 73 years and 18 minutes: their sum in ticks stays within 64 bits. */
static const uint64_t NOW_NS_MAX = (uint64_t)1 << 61;
static const uint64_t BURST_NS_MAX = (uint64_t)1 << 40;

/*
 * A word further ahead than the burst and this was written before the clock
 * went back.  Less may be an octet at a slow rate (1 s at most), or a process
 * that read the clock, and then waited for its turn on the processor.
 */
static const uint64_t AHEAD_MAX = 8000000000;

static uint64_t
min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Octets due within this second up to this tick of it. */
static uint64_t
octets_at(uint64_t ticks, uint64_t rate)
{
	return ticks * rate / SECOND;
}

/* The first tick of a second at which so many octets are due. */
static uint64_t
tick_of(uint64_t octets, uint64_t rate)
{
	return (octets * SECOND + rate - 1) / rate;
}

/* The first tick at which n more octets are due than at this one. */
static uint64_t
advance(uint64_t tick, uint64_t rate, uint64_t n)
{
	const uint64_t octets = octets_at(tick % SECOND, rate) + n % rate;
	const uint64_t seconds = tick / SECOND + n / rate + octets / rate;

	return seconds * SECOND + tick_of(octets % rate, rate);
}

/* The first tick at which n octets less are due; 0 if there is none. */
static uint64_t
retreat(uint64_t tick, uint64_t rate, uint64_t n)
{
	uint64_t seconds = tick / SECOND;
	uint64_t octets = octets_at(tick % SECOND, rate);

	if (octets < n % rate) {
		if (seconds == 0)
			return 0;
		seconds--;
		octets += rate;
	}
	if (seconds < n / rate)
		return 0;
	return (seconds - n / rate) * SECOND +
	    tick_of(octets - n % rate, rate);
}

/* Octets that become due between two ticks, from <= to. */
static uint64_t
octets_between(uint64_t from, uint64_t to, uint64_t rate)
{
	return (to / SECOND - from / SECOND) * rate +
	    octets_at(to % SECOND, rate) - octets_at(from % SECOND, rate);
}

/* A question to a bucket, in ticks. */
struct ask {
	uint64_t	rate;		/* octets a second, 1 to RATE_MAX */
	uint64_t	now;
	uint64_t	burst;
	uint64_t	want;		/* octets, not 0 */
};

/*
 * The octets to grant when the word stands at tat and nothing may be taken
 * from beyond now and the burst.  A crumb is no grant: until a quarter of the
 * burst is there the caller shall sleep and not spin.  *need is the tick that
 * now and the burst must reach for the next grant.
 */
static uint64_t
grant(const struct ask *ask, uint64_t tat, uint64_t *need)
{
	const uint64_t limit = ask->now + ask->burst;
	const uint64_t quarter = octets_between(0, ask->burst, ask->rate) / 4;
	const uint64_t least = min_u64(ask->want, quarter > 1 ? quarter : 1);
	uint64_t due;

	*need = least > 1 ? advance(tat, ask->rate, least) : tat;
	if (*need > limit)
		return 0;
	due = octets_between(tat, limit, ask->rate);
	return min_u64(ask->want, due > least ? due : least);
}

/* Where a word counts from: not in the past, nor in a future that was. */
static uint64_t
tat_at(const struct ask *ask, uint64_t word)
{
	if (word < ask->now)
		return ask->now;
	if (word > ask->now + ask->burst + AHEAD_MAX)
		return ask->now + ask->burst;
	return word;
}

static uint64_t
take(struct bucket *b, const struct ask *ask, uint64_t *wait_ns)
{
	uint64_t word, tat, need, n, next;

	word = atomic_load_explicit(&b->tat, memory_order_relaxed);
	do {
		tat = tat_at(ask, word);
		n = grant(ask, tat, &need);
		next = n == 0 ? tat : advance(tat, ask->rate, n);
		/* Whoever only waits leaves the word alone. */
		if (next == word)
			break;
	} while (!atomic_compare_exchange_weak_explicit(&b->tat, &word, next,
	    memory_order_relaxed, memory_order_relaxed));
	*wait_ns = n > 0 ? 0 : (need - ask->now - ask->burst +
	    TICKS_PER_NS - 1) / TICKS_PER_NS;
	return n;
}

/*
 * Beyond RATE_MAX octets are counted in parcels of so many, begun ones as
 * whole: held to within a parcel a take.
 */
static uint64_t
parcel_size(uint64_t rate)
{
	return 1 + (rate - 1) / RATE_MAX;
}

size_t
bucket_take(struct bucket *b, uint64_t rate, uint64_t now_ns,
    uint64_t burst_ns, size_t want, uint64_t *wait_ns)
{
	struct ask ask;
	uint64_t parcel, n;

	*wait_ns = 0;
	if (rate == 0 || want == 0)
		return want;
	parcel = parcel_size(rate);
	ask = (struct ask){
		.rate = rate / parcel,
		.now = min_u64(now_ns, NOW_NS_MAX) * TICKS_PER_NS,
		.burst = min_u64(burst_ns, BURST_NS_MAX) * TICKS_PER_NS,
		.want = want / parcel + (want % parcel != 0),
	};
	n = take(b, &ask, wait_ns);
	/* The last parcel may be a begun one. */
	return n > want / parcel ? want : (size_t)(n * parcel);
}

void
bucket_return(struct bucket *b, uint64_t rate, size_t octets)
{
	uint64_t word, parcel;

	if (rate == 0 || octets == 0)
		return;
	parcel = parcel_size(rate);
	word = atomic_load_explicit(&b->tat, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&b->tat, &word,
	    retreat(word, rate / parcel, octets / parcel),
	    memory_order_relaxed, memory_order_relaxed))
		continue;
}
