/*
 * The clocks.  In every process; none of them is a system call where the
 * kernel has a vDSO.
 */
#include "clock.h"

#include <time.h>

#include "lib/hours.h"

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t
clock_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t
clock_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

uint64_t
clock_wall_us(void)
{
	return now_ns(CLOCK_REALTIME) / 1000;
}

uint64_t
clock_wall_ms(void)
{
	return now_ns(CLOCK_REALTIME) / 1000000;
}

unsigned
clock_week_minute(uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm local = { .tm_mday = 1, .tm_wday = 1 };

	localtime_r(&t, &local);
	return hours_minute(&local);
}

unsigned
clock_week_minute_now(void)
{
	return clock_week_minute(clock_wall_us() / 1000000);
}
