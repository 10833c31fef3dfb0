/*
 * Bulk: streams that move as much as they can, one way or both, counted where
 * the octets arrive.  Each end of each direction is a process that blocks:
 * nothing of the generator's comes between the server and the sockets.
 *
 * With cheap=1 the end points hardly touch the octets, so that the server has
 * the CPUs: sendfile(2) of a page that is in the cache, and recv(2) with
 * MSG_TRUNC, which throws away in the kernel.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "load_client.h"
#include "load_process.h"
#include "load_target.h"

struct bulk {
	const struct load *load;
	struct tally	*down;		/* octets at the client */
	struct tally	*up;		/* octets at the target */
	struct tally	*open;		/* streams that stand */
};

static char chunk[CHUNK_SIZE];

static void
send_copies(int fd)
{
	while (send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) > 0)
		continue;
}

static void
send_pages(int fd)
{
	int file = memfd_create("page", MFD_CLOEXEC);
	off_t at = 0;

	if (file == -1 || write(file, chunk, sizeof chunk) != sizeof chunk)
		err(1, "memfd");
	while (sendfile(fd, file, &at, sizeof chunk) > 0)
		at = 0;
}

static void
receive(int fd, struct tally *t, bool cheap)
{
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof chunk, cheap ? MSG_TRUNC : 0)) > 0)
		atomic_fetch_add(&t->n, (uint64_t)n);
}

/* Send, receive, or both in two processes. */
static void
serve(int fd, const struct load *l, bool sends, struct tally *receives)
{
	if (sends && receives && process_fork()) {
		receive(fd, receives, l->cheap);
		_exit(0);
	}
	if (!sends)
		receive(fd, receives, l->cheap);
	else if (l->cheap)
		send_pages(fd);
	else
		send_copies(fd);
	pause();	/* the end of one direction is not the end of both */
}

static void
serve_target(int fd, void *arg)
{
	struct bulk *b = arg;
	const struct load *l = b->load;

	serve(fd, l, l->direction & DIRECTION_DOWN,
	    l->direction & DIRECTION_UP ? b->up : NULL);
}

static void
serve_client(struct bulk *b, uint16_t port, unsigned i)
{
	const struct load *l = b->load;
	int fd = client_tunnel(l, port);

	if (fd == -1)
		errx(1, "no tunnel for stream %u", i);
	atomic_fetch_add(&b->open->n, 1);
	serve(fd, l, l->direction & DIRECTION_UP,
	    l->direction & DIRECTION_DOWN ? &b->down[i] : NULL);
}

static void
report(const struct bulk *b, uint64_t down, uint64_t up, uint64_t ns)
{
	printf("{\"down\": %llu, \"up\": %llu, \"seconds\": %.6f, "
	    "\"streams\": %u}\n", (unsigned long long)down,
	    (unsigned long long)up, (double)ns / 1e9, b->load->streams);
}

static void
measure(struct bulk *b)
{
	uint64_t down, up, start;
	unsigned n = b->load->streams;

	mark("begin");
	down = tally_sum(b->down, n);
	up = tally_sum(b->up, 1);
	start = now_ns();
	sleep_ms(b->load->seconds * 1000);
	down = tally_sum(b->down, n) - down;
	up = tally_sum(b->up, 1) - up;
	start = now_ns() - start;
	mark("end");
	report(b, down, up, start);
}

void
bulk_run(const struct load *l)
{
	struct bulk b = { .load = l,
		.down = process_share(l->streams * sizeof *b.down),
		.up = process_share(sizeof *b.up),
		.open = process_share(sizeof *b.open) };
	uint16_t port = target_each(serve_target, &b);

	for (unsigned i = 0; i < l->streams; i++)
		if (process_fork())
			serve_client(&b, port, i);
	if (!tally_wait(b.open, l->streams, PATIENCE_S))
		errx(1, "the streams do not all stand");
	sleep_ms(l->warm_ms);
	measure(&b);
}
