/*
 * The first octet after a rest: tunnels that stood still for wait_ms, then
 * each is used once, beside one tunnel that was used all the while, at the
 * same pace.  The difference is what waking a tunnel costs.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "load.h"
#include "load_client.h"
#include "load_latency.h"
#include "load_process.h"
#include "load_target.h"

enum { PACE_MS = 4 };

static int *
open_all(const struct load *l, uint16_t port)
{
	int *fds = calloc(l->tunnels, sizeof *fds);

	if (!fds)
		err(1, "calloc");
	for (unsigned i = 0; i < l->tunnels; i++) {
		fds[i] = client_tunnel(l, port);
		if (fds[i] == -1)
			errx(1, "no tunnel after %u", i);
	}
	return fds;
}

static void
use(int fd, struct latency *seen)
{
	uint8_t octet = 'w';
	uint64_t ns = client_ping(fd, &octet, 1);

	if (ns == 0)
		errx(1, "a tunnel broke");
	latency_add(seen, ns);
}

static void
report(const struct latency *woken, const struct latency *active)
{
	double p50 = latency_at(active, .5);
	double p99 = latency_at(active, .99);

	printf("{\"woken_p50_us\": %.1f, \"woken_p99_us\": %.1f, "
	    "\"active_p50_us\": %.1f, \"active_p99_us\": %.1f, "
	    "\"added_p50_us\": %.1f, \"added_p99_us\": %.1f}\n",
	    latency_at(woken, .5), latency_at(woken, .99), p50, p99,
	    latency_at(woken, .5) - p50, latency_at(woken, .99) - p99);
}

void
wake_run(const struct load *l)
{
	static struct latency woken, active, warm;
	uint16_t port = target_echo(l->tunnels + 1);
	int *fds = open_all(l, port);
	int busy = client_tunnel(l, port);
	uint64_t until = now_ns() + l->wait_ms * UINT64_C(1000000);

	if (busy == -1)
		errx(1, "no tunnel");
	mark("begin");
	for (; now_ns() < until; sleep_ms(PACE_MS))
		use(busy, &warm);
	for (unsigned i = 0; i < l->tunnels; i++) {
		use(fds[i], &woken);
		sleep_ms(PACE_MS);
		use(busy, &active);
		sleep_ms(PACE_MS);
	}
	mark("end");
	report(&woken, &active);
}
