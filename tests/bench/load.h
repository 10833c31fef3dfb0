/*
 * The load generator: what its scenarios share.
 *
 * One scenario a run.  It starts its targets (processes of its own on free
 * ports of loopback), goes to them through the server that is measured, or
 * straight, stops at its marks for the driver, and prints one line of JSON.
 * A fault of the set-up ends the program; a fault of the server is counted.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { CHUNK_SIZE = 256 * 1024, PATIENCE_S = 30 };

enum direction { DIRECTION_DOWN = 1, DIRECTION_UP = 2, DIRECTION_BOTH = 3 };

/* What the command line asked for; see load_options.c. */
struct load {
	struct sockaddr_in server;	/* port 0: straight to the target */
	struct sockaddr_in from;	/* the client's own address, if any */
	const char	*user;		/* NULL: without a login */
	const char	*password;
	const char	*name;		/* ask for this name, not an address */
	unsigned	direction;	/* enum direction */
	unsigned	cheap;		/* end points that cost little */
	unsigned	streams, concurrency, tunnels, associations;
	unsigned	size;		/* octets of one ping or datagram */
	unsigned	rate;		/* sessions a second; 0: no pace */
	unsigned	seconds, warm_ms, wait_ms;
};

/* Read "key=value" words into *l; ends the program on a wrong one. */
void	options_read(struct load *l, char *const *words);

/* The scenarios.  Each returns when its line is printed. */
void	bulk_run(const struct load *l);
void	connect_run(const struct load *l);
void	idle_run(const struct load *l);
void	ping_run(const struct load *l);
void	trickle_run(const struct load *l);
void	udp_run(const struct load *l);
void	wake_run(const struct load *l);

#endif
