/*
 * UDP echoes: each association keeps a window of datagrams on the way, sent
 * and taken in batches, so that the generator costs as little as it can.  The
 * window is larger than a batch of ours or of a server's, or all of it would
 * go round as one and everybody wait for everybody; and it fits the buffers
 * that a socket has by default.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "load_client.h"
#include "load_process.h"
#include "load_udp_target.h"

enum { WINDOW = 2 * UDP_BATCH, HEADER_SIZE = 10, LOST_MS = 20,
       ASSOCIATIONS_MAX = 1024, RUN_MAX = 65507 };

struct echoes {
	const struct load *load;
	struct pollfd	waits[ASSOCIATIONS_MAX];
	unsigned	out[ASSOCIATIONS_MAX];	/* datagrams on the way */
	struct udp_batch send, take;
	size_t		size;		/* of a datagram, header and all */
	uint64_t	sent, back;
};

/* The header in front of each datagram (RFC 1928, section 7). */
static void
header(uint8_t *buf, uint16_t port)
{
	static const uint8_t to_loopback[] = { 0, 0, 0, 1, 127, 0, 0, 1 };

	memcpy(buf, to_loopback, sizeof to_loopback);
	buf[8] = (uint8_t)(port >> 8);
	buf[9] = (uint8_t)port;
}

/* A UDP socket towards the relay, or straight to the target. */
static int
open_association(const struct load *l, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (l->server.sin_port != 0) {
		int control = client_dial(l, 0);

		if (control == -1 || client_associate(l, control, &to) == -1)
			errx(1, "no association");
	}
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof to) == -1)
		err(1, "udp");
	udp_roomy(fd);
	return fd;
}

static void
prepare(struct echoes *e, uint16_t port)
{
	const struct load *l = e->load;

	udp_batch_init(&e->send);
	udp_batch_init(&e->take);
	e->size = l->size;
	if (l->server.sin_port != 0)
		e->size += HEADER_SIZE;
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		uint8_t *octets = l->cheap ?
		    e->send.octets[0] + i * e->size : e->send.octets[i];

		if (l->server.sin_port != 0)
			header(octets, port);
		e->send.vecs[i].iov_len = e->size;
	}
	for (unsigned i = 0; i < l->associations; i++) {
		e->waits[i].fd = open_association(l, port);
		e->waits[i].events = POLLIN;
		if (l->cheap)
			udp_in_runs(e->waits[i].fd, e->size);
	}
}

/* So many datagrams, a message each or as one run; returns how many went. */
static int
send_out(struct echoes *e, int fd, unsigned n)
{
	if (!e->load->cheap)
		return sendmmsg(fd, e->send.messages, n, 0);
	return send(fd, e->send.octets[0], n * e->size, 0) == -1 ? -1 :
	    (int)n;
}

/* Fill the window of an association. */
static void
send_some(struct echoes *e, unsigned i)
{
	while (e->out[i] < WINDOW) {
		unsigned room = WINDOW - e->out[i];
		int n = send_out(e, e->waits[i].fd,
		    room < UDP_BATCH ? room : UDP_BATCH);

		if (n <= 0)
			return;
		e->out[i] += (unsigned)n;
		e->sent += (uint64_t)n;
	}
}

static void
take_some(struct echoes *e, unsigned i)
{
	int n = recvmmsg(e->waits[i].fd, e->take.messages, UDP_BATCH,
	    MSG_DONTWAIT, NULL);
	unsigned back = 0;

	if (n <= 0)
		return;
	for (int m = 0; m < n; m++)	/* a run holds several */
		back += (unsigned)(e->take.messages[m].msg_len / e->size);
	e->back += back;
	e->out[i] -= back < e->out[i] ? back : e->out[i];
	send_some(e, i);
}

/* Until then; a silence means that what is out is lost. */
static void
play(struct echoes *e, uint64_t until)
{
	unsigned n = e->load->associations;

	while (now_ns() < until) {
		int ready = poll(e->waits, n, LOST_MS);

		for (unsigned i = 0; i < n; i++) {
			if (e->waits[i].revents & (POLLIN | POLLERR))
				take_some(e, i);
			if (ready != 0)
				continue;
			e->out[i] = 0;
			send_some(e, i);
		}
	}
}

static void
report(const struct echoes *e, uint64_t ns)
{
	printf("{\"echoes\": %llu, \"sent\": %llu, \"seconds\": %.6f}\n",
	    (unsigned long long)e->back, (unsigned long long)e->sent,
	    (double)ns / 1e9);
}

void
udp_run(const struct load *l)
{
	static struct echoes e;
	uint64_t start;

	if (l->associations > ASSOCIATIONS_MAX || l->size == 0 ||
	    (l->size + HEADER_SIZE) * UDP_BATCH > RUN_MAX)
		errx(2, "too many associations, or too large datagrams");
	e.load = l;
	prepare(&e, udp_target(l->cheap ? l->size : 0));
	play(&e, now_ns() + l->warm_ms * UINT64_C(1000000));
	mark("begin");
	e.sent = e.back = 0;
	start = now_ns();
	play(&e, start + l->seconds * UINT64_C(1000000000));
	start = now_ns() - start;
	mark("end");
	report(&e, start);
}
