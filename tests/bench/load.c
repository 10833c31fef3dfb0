/*
 * load: make one kind of traffic through a SOCKS server, and measure it.
 *
 *	load SCENARIO [key=value ...]
 *
 * tests/bench/bench.py runs it; "load" alone lists scenarios and keys.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load.h"

static const struct {
	const char	*name;
	void		(*run)(const struct load *);
	const char	*what;
} scenarios[] = {
	{ "bulk", bulk_run, "streams direction cheap: octets moved" },
	{ "connect", connect_run, "concurrency rate name: short sessions" },
	{ "idle", idle_run, "tunnels: hold them, then use each" },
	{ "ping", ping_run, "size: one tunnel, to and fro" },
	{ "trickle", trickle_run, "tunnels: an octet every 1 to 3 s" },
	{ "udp", udp_run, "associations size cheap: echoes" },
	{ "wake", wake_run, "tunnels wait_ms: the first octet after a rest" },
};

enum { N_SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

static void
usage(void)
{
	fprintf(stderr, "usage: load SCENARIO [key=value ...]\n");
	for (int i = 0; i < N_SCENARIOS; i++)
		fprintf(stderr, "\t%s\t%s\n", scenarios[i].name,
		    scenarios[i].what);
	exit(2);
}

/* As many descriptors as the system gives. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		err(1, "getrlimit");
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1)
		err(1, "setrlimit");
}

int
main(int argc, char **argv)
{
	struct load l = { .streams = 1, .concurrency = 1, .tunnels = 100,
		.associations = 1, .size = 1, .seconds = 5, .warm_ms = 300,
		.wait_ms = 4000, .direction = DIRECTION_DOWN };

	if (argc < 2)
		usage();
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	options_read(&l, argv + 2);
	for (int i = 0; i < N_SCENARIOS; i++) {
		if (strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		scenarios[i].run(&l);
		return 0;
	}
	usage();
}
