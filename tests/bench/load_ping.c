/*
 * Ping-pong: one tunnel, so many octets to and fro, one at a time.
 */
#include <err.h>
#include <stdio.h>
#include <sys/socket.h>

#include "load.h"
#include "load_client.h"
#include "load_latency.h"
#include "load_process.h"
#include "load_target.h"

enum { PING_MAX = 64 * 1024 };

static uint8_t octets[PING_MAX];

static void
echo(int fd, void *arg)
{
	const struct load *l = arg;

	while (client_read(fd, octets, l->size) == 0)
		if (send(fd, octets, l->size, MSG_NOSIGNAL) == -1)
			break;
}

/* Until then; false if the tunnel broke. */
static bool
play(const struct load *l, int fd, uint64_t until, struct latency *seen)
{
	for (uint64_t now = now_ns(); now < until; now = now_ns()) {
		uint64_t ns = client_ping(fd, octets, l->size);

		if (ns == 0)
			return false;
		latency_add(seen, ns);
		if (l->rate > 0)
			sleep_until(now + UINT64_C(1000000000) / l->rate);
	}
	return true;
}

static void
report(const struct latency *seen, uint64_t ns)
{
	printf("{\"pings\": %llu, \"seconds\": %.6f, \"p50_us\": %.2f, "
	    "\"p99_us\": %.2f}\n", (unsigned long long)seen->count,
	    (double)ns / 1e9, latency_at(seen, .5), latency_at(seen, .99));
}

void
ping_run(const struct load *l)
{
	static struct latency warm, seen;
	struct load copy = *l;
	uint16_t port = target_each(echo, &copy);
	int fd = client_tunnel(l, port);
	uint64_t start;

	if (fd == -1 || l->size > PING_MAX)
		errx(1, "no tunnel");
	if (!play(l, fd, now_ns() + l->warm_ms * UINT64_C(1000000), &warm))
		errx(1, "the tunnel broke");
	mark("begin");
	start = now_ns();
	if (!play(l, fd, start + l->seconds * UINT64_C(1000000000), &seen))
		errx(1, "the tunnel broke");
	start = now_ns() - start;
	mark("end");
	report(&seen, start);
}
