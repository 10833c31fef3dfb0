/*
 * The UDP target: takes what is there, sends it back, in batches.
 */
#include "load_udp_target.h"

#include <err.h>
#include <netinet/udp.h>

#include "load_process.h"

enum { ROOM = 16 * 1024 * 1024 };

void
udp_batch_init(struct udp_batch *b)
{
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		b->vecs[i].iov_base = b->octets[i];
		b->vecs[i].iov_len = UDP_ROOM;
		b->messages[i].msg_hdr.msg_iov = &b->vecs[i];
		b->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

void
udp_in_runs(int fd, size_t octets)
{
	const int size = (int)octets, on = 1;

	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) ==
	    -1 || setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == -1)
		err(1, "runs of datagrams");
}

/* Beyond net.core.rmem_max for root; for others as far as that. */
void
udp_roomy(int fd)
{
	static const int room = ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) ==
	    -1)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
}

/* Each message needs room for its sender, and its own length back. */
static void
reset(struct udp_batch *b, int n)
{
	for (int i = 0; i < n; i++) {
		b->vecs[i].iov_len = UDP_ROOM;
		b->messages[i].msg_hdr.msg_name = &b->peers[i];
		b->messages[i].msg_hdr.msg_namelen = sizeof b->peers[i];
	}
}

static void
echo(int fd)
{
	static struct udp_batch b;

	udp_batch_init(&b);
	reset(&b, UDP_BATCH);
	for (;;) {
		int n = recvmmsg(fd, b.messages, UDP_BATCH, MSG_WAITFORONE,
		    NULL);

		for (int i = 0; i < n; i++)
			b.vecs[i].iov_len = b.messages[i].msg_len;
		for (int sent = 0; sent < n;) {
			int m = sendmmsg(fd, b.messages + sent,
			    (unsigned)(n - sent), 0);

			sent += m > 0 ? m : 1;
		}
		reset(&b, n);
	}
}

uint16_t
udp_target(size_t run_octets)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "udp target");
	udp_roomy(fd);
	if (run_octets != 0)
		udp_in_runs(fd, run_octets);
	if (process_fork())
		echo(fd);
	return ntohs(sin.sin_port);
}
