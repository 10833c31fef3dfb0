/*
 * Rates held by a bucket: exactly in the long run, with any size of takes,
 * by any number of processes, whatever the clock does.
 */
#include <criterion/criterion.h>

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/bucket.h"
#include "lib/elements.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

static const uint64_t rates[] = {
	1, 7, 125, 3000, 8000, 187500, 999983, 2500000, 125000000, 999999937,
	1000000000, 1000000007, 1250000000, 3999999999, 4000000000,
};

enum { N_RATES = N_ELEMENTS(rates) };

/* A small generator, the same in every run. */
static uint64_t
draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Somebody who always wants more, from begin to end; what was granted. */
static uint64_t
drain(struct bucket *b, uint64_t rate, uint64_t begin, uint64_t end,
    uint64_t burst, size_t want_max)
{
	uint64_t now = begin, sum = 0, wait, state = rate;
	size_t want, n;

	while (now <= end) {
		want = 1 + (size_t)(draw(&state) % want_max);
		n = bucket_take(b, rate, now, burst, want, &wait);
		cr_assert_leq(n, want);
		cr_assert_eq(n == 0, wait > 0, "%zu octets, wait %llu", n,
		    (unsigned long long)wait);
		sum += n;
		now += wait;
	}
	return sum;
}

/* 100 s and more of each rate: to the octet, and the burst once. */
Test(bucket, exact_in_the_long_run)
{
	const uint64_t begin = 12345678901234567, burst = 100 * MS;

	for (size_t i = 0; i < N_RATES; i++) {
		struct bucket b = { 0 };
		const uint64_t rate = rates[i];
		const uint64_t seconds = rate < 1000 ? 100000 : 100;
		const uint64_t saved = rate / 10;
		uint64_t sum = drain(&b, rate, begin, begin + seconds * SECOND,
		    burst, 64 * 1024 * 1024);

		cr_assert_leq(sum, rate * seconds + saved + 2);
		cr_assert_geq(sum + saved + 2, rate * seconds, "rate %llu: "
		    "%llu", (unsigned long long)rate, (unsigned long long)sum);
	}
}

/* Octet by octet, 200,000 of them: rounding would show here first. */
Test(bucket, exact_in_small_takes)
{
	const uint64_t begin = 12345678901234567, burst = 1000;

	for (size_t i = 0; i < N_RATES; i++) {
		struct bucket b = { 0 };
		const uint64_t rate = rates[i];
		const uint64_t us = 200000 * (SECOND / 1000) / rate;
		const uint64_t due = rate < SECOND ? rate * us / 1000000 :
		    rate / 1000 * us / 1000;
		uint64_t sum = drain(&b, rate, begin, begin + us * 1000,
		    burst, 1);

		cr_assert_leq(sum, due + rate / 1000000 + 4, "rate %llu: %llu",
		    (unsigned long long)rate, (unsigned long long)sum);
		cr_assert_geq(sum + 4, due, "rate %llu: %llu, not %llu",
		    (unsigned long long)rate, (unsigned long long)sum,
		    (unsigned long long)due);
	}
}

/* Who asks late by less than the burst loses nothing. */
Test(bucket, late_is_not_lost)
{
	const uint64_t rate = 2500000, burst = 100 * MS;
	struct bucket b = { 0 };
	uint64_t now = SECOND, sum = 0, wait, state = 1;

	while (now <= 101 * SECOND) {
		sum += bucket_take(&b, rate, now, burst, 1 << 20, &wait);
		now += wait + draw(&state) % (50 * MS);
	}
	cr_assert_leq(sum, rate * 100 + rate / 10 + rate / 10);
	cr_assert_geq(sum, rate * 100 - rate / 10);
}

Test(bucket, no_limit)
{
	struct bucket b = { 0 };
	uint64_t wait = 1;

	cr_assert_eq(bucket_take(&b, 0, SECOND, MS, SIZE_MAX, &wait),
	    SIZE_MAX);
	cr_assert_eq(wait, 0);
	wait = 1;
	cr_assert_eq(bucket_take(&b, 1000, SECOND, MS, 0, &wait), 0);
	cr_assert_eq(wait, 0);
	bucket_return(&b, 0, 1000);
	cr_assert_eq(atomic_load(&b.tat), 0);
}

/* A full bucket holds the burst; then a wait, and after it a grant. */
Test(bucket, burst_then_wait)
{
	struct bucket b = { 0 };
	uint64_t wait;

	cr_assert_eq(bucket_take(&b, 1000000, SECOND, 100 * MS, 500000, &wait),
	    100000);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND, 100 * MS, 500000, &wait),
	    0);
	cr_assert_eq(wait, 25 * MS);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND + wait - 1, 100 * MS,
	    500000, &wait), 0);
	cr_assert_eq(wait, 1);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND + 25 * MS, 100 * MS,
	    500000, &wait), 25000);
	cr_assert_eq(wait, 0);
}

/* A small want waits for itself alone, a large one not for all of it. */
Test(bucket, no_crumbs)
{
	struct bucket b = { 0 };
	uint64_t wait;

	bucket_take(&b, 1000000, SECOND, 100 * MS, 100000, &wait);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND, 100 * MS, 1000, &wait),
	    0);
	cr_assert_eq(wait, 1 * MS);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND + 10 * MS, 100 * MS,
	    500000, &wait), 0);
	cr_assert_eq(wait, 15 * MS);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND + 10 * MS, 100 * MS,
	    1000, &wait), 1000);
}

/* Idle time beyond the burst is not saved up. */
Test(bucket, idle)
{
	struct bucket b = { 0 };
	uint64_t wait;

	bucket_take(&b, 1000000, SECOND, 100 * MS, 500000, &wait);
	cr_assert_eq(bucket_take(&b, 1000000, 3600 * SECOND, 100 * MS, 500000,
	    &wait), 100000);
}

Test(bucket, returned_is_there_again)
{
	static const size_t back[] = { 1, 999, 1000, 50000, 100000 };
	uint64_t wait;

	for (size_t r = 0; r < N_RATES; r++) {
		struct bucket b = { 0 };
		const uint64_t rate = rates[r];
		size_t all, again, sum = 0;

		all = bucket_take(&b, rate, SECOND, SECOND, 100000, &wait);
		for (size_t i = 0; i < 5; i++) {
			if (back[i] > all)
				break;
			bucket_return(&b, rate, back[i]);
			again = bucket_take(&b, rate, SECOND, SECOND, back[i],
			    &wait);
			cr_assert_eq(again, back[i], "rate %llu: %zu of %zu",
			    (unsigned long long)rate, again, back[i]);
			sum++;
		}
		cr_assert_gt(sum, 0);
	}
}

/* More than was ever taken: nothing breaks, and the burst bounds it. */
Test(bucket, returned_too_much)
{
	struct bucket b = { 0 };
	uint64_t wait;

	bucket_take(&b, 1000000, SECOND, 100 * MS, 1000, &wait);
	bucket_return(&b, 1000000, SIZE_MAX);
	cr_assert_eq(atomic_load(&b.tat), 0);
	bucket_return(&b, 1000000, 1);
	cr_assert_eq(atomic_load(&b.tat), 0);
	cr_assert_eq(bucket_take(&b, 1000000, SECOND, 100 * MS, 500000, &wait),
	    100000);
}

Test(bucket, no_burst)
{
	struct bucket b = { 0 };
	uint64_t now = SECOND, wait, sum = 0;

	while (now <= 11 * SECOND) {
		sum += bucket_take(&b, 1000, now, 0, 500, &wait);
		now += wait;
	}
	cr_assert_leq(sum, 10002);
	cr_assert_geq(sum, 9999);
}

/* Backwards by an hour: at most the burst and 2 s later there is a grant. */
Test(bucket, clock_goes_back)
{
	static const uint64_t back[] = { 1, MS, SECOND, 2 * SECOND,
		3600 * SECOND, 99999 * SECOND };
	const uint64_t burst = 100 * MS, begin = 100000 * SECOND;
	uint64_t now, wait, waited;

	for (size_t i = 0; i < N_ELEMENTS(back); i++) {
		struct bucket b = { 0 };

		now = begin;
		drain(&b, 1000000, now, now + SECOND, burst, 100000);
		now -= back[i];
		for (waited = 0; bucket_take(&b, 1000000, now + waited, burst,
		    500000, &wait) == 0; waited += wait)
			cr_assert_leq(wait, burst + 3 * SECOND);
		cr_assert_leq(waited, burst + 3 * SECOND, "%zu", i);
	}
}

/* Whatever a broken process wrote there, and whatever it is asked. */
Test(bucket, any_word_and_any_argument)
{
	static const uint64_t odd[] = { 0, 1, 3999999999, 4000000000,
		UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX };
	enum { N = N_ELEMENTS(odd) };
	uint64_t wait;
	size_t n;

	for (size_t i = 0; i < N * N * N * N * N; i++) {
		struct bucket b = { odd[i % N] };
		const size_t want = (size_t)odd[i / N % N];

		n = bucket_take(&b, odd[i / N / N % N],
		    odd[i / N / N / N % N], odd[i / N / N / N / N], want,
		    &wait);
		cr_assert_leq(n, want);
		bucket_return(&b, odd[i / N / N % N], want);
	}
}

/* Beyond the exact range: within a parcel a take. */
Test(bucket, faster_than_exact)
{
	const uint64_t rate = 12500000000, burst = 10 * MS;
	struct bucket b = { 0 };
	uint64_t sum = drain(&b, rate, SECOND, 11 * SECOND, burst, 1 << 30);

	cr_assert_leq(sum, rate * 10 + rate / 100 + 4);
	cr_assert_geq(sum, rate * 10 - rate / 50);
	bucket_return(&b, rate, 1 << 20);
}

static uint64_t
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* One of several processes at one bucket; what it got. */
static uint64_t
compete(struct bucket *b, uint64_t rate, uint64_t burst, uint64_t end)
{
	uint64_t now, wait, sum = 0;

	while ((now = clock_now()) < end) {
		sum += bucket_take(b, rate, now, burst, 1400, &wait);
		if (wait > 0)
			usleep((useconds_t)(wait / 1000));
	}
	return sum;
}

/* Together they get the rate, not each of them. */
Test(bucket, many_processes)
{
	enum { PROCESSES = 6 };
	const uint64_t rate = 50000000, burst = 50 * MS, run = 500 * MS;
	struct shared {
		struct bucket b;
		uint64_t sums[PROCESSES];
	} *s;
	uint64_t begin, elapsed, sum = 0;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(s, MAP_FAILED);
	begin = clock_now();
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			s->sums[i] = compete(&s->b, rate, burst, begin + run);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		continue;
	elapsed = (clock_now() - begin) / 1000;
	for (int i = 0; i < PROCESSES; i++)
		sum += s->sums[i];
	cr_assert_leq(sum, rate / 1000000 * elapsed + rate / 20 + 1400);
	cr_assert_geq(sum, rate / 10, "%llu", (unsigned long long)sum);
}
