/*
 * The inbox of a direction of an association, in a worker: many datagrams
 * with one system call, and runs cut up again.  Nothing here waits.
 */
#include "config.h"

#include "udp_inbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "udp_mmsghdr.h"

enum {
	ERRORS_MAX = 16,	/* of earlier datagrams, passed over at once */
	HEAVY_FROM = 8192,	/* octets of a message, on the average */
	HEAVY_BATCH = 4,	/* so many of those, for the cache's sake */
};

static int
receive(int fd, struct mmsghdr *heads, unsigned n)
{
#ifdef HAVE_RECVMMSG
	return recvmmsg(fd, heads, n, MSG_DONTWAIT, NULL);
#else
	unsigned got;

	for (got = 0; got < n; got++) {
		ssize_t len = recvmsg(fd, &heads[got].msg_hdr, MSG_DONTWAIT);

		if (len == -1)
			break;
		heads[got].msg_len = (unsigned)len;
	}
	return got > 0 ? (int)got : -1;
#endif
}

union merge_control {
	struct cmsghdr	align;
	char		buf[CMSG_SPACE(sizeof(int))];
};

static void
prepare(struct udp_inbox *in, unsigned i, struct msghdr *head,
    struct iovec *iov, union merge_control *control)
{
	*iov = (struct iovec){ .iov_base = in->octets[i],
		.iov_len = UDP_ROOM };
	*head = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 1,
		.msg_name = &in->names[i],
		.msg_namelen = sizeof(in->names[i]),
		.msg_control = control, .msg_controllen = sizeof(*control) };
}

/* Of how many octets each datagram is that lies in this message. */
static uint32_t
cut_of(struct msghdr *head, uint32_t len)
{
#ifdef UDP_GRO
	struct cmsghdr *c = CMSG_FIRSTHDR(head);
	int cut;

	if (c != NULL && c->cmsg_level == IPPROTO_UDP &&
	    c->cmsg_type == UDP_GRO && c->cmsg_len == CMSG_LEN(sizeof(cut))) {
		memcpy(&cut, CMSG_DATA(c), sizeof(cut));
		if (cut > 0 && (uint32_t)cut < len)
			return (uint32_t)cut;
	}
#else
	(void)head;
#endif
	return len;
}

static void
note(struct udp_inbox *in, struct mmsghdr *heads)
{
	size_t octets = 0;

	for (unsigned i = 0; i < in->n; i++) {
		in->lens[i] = heads[i].msg_len;
		in->cuts[i] = cut_of(&heads[i].msg_hdr, in->lens[i]);
		in->name_lens[i] = heads[i].msg_hdr.msg_namelen;
		if (in->largest < in->lens[i])
			in->largest = in->lens[i];
		octets += in->lens[i];
	}
	in->heavy = octets > (size_t)in->n * HEAVY_FROM;
}

unsigned
udp_inbox_fill(struct udp_inbox *in, int fd)
{
	struct mmsghdr heads[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	union merge_control controls[UDP_BATCH];
	const unsigned most = in->heavy ? HEAVY_BATCH : UDP_BATCH;
	int n = -1;

	in->n = in->next = in->taken = 0;
	for (unsigned i = 0; i < most; i++)
		prepare(in, i, &heads[i].msg_hdr, &iovs[i], &controls[i]);
	for (int i = 0; i < ERRORS_MAX && n == -1; i++) {
		n = receive(fd, heads, most);
		if (n == -1 && errno == EAGAIN)
			return 0;
	}
	in->n = n > 0 ? (unsigned)n : 0;
	note(in, heads);
	return in->n;
}

uint8_t *
udp_inbox_look(struct udp_inbox *in, size_t *len)
{
	const uint32_t left = in->lens[in->next] - in->taken;
	const uint32_t cut = in->cuts[in->next];

	*len = left < cut ? left : cut;
	return in->octets[in->next] + in->taken;
}

void
udp_inbox_pass(struct udp_inbox *in)
{
	in->taken += in->cuts[in->next];
	if (in->taken < in->lens[in->next])
		return;
	in->taken = 0;
	in->next++;
}

/* A kernel that knows nothing of it hands over one by one. */
void
udp_inbox_welcome_runs(int fd)
{
#ifdef UDP_GRO
	setsockopt(fd, IPPROTO_UDP, UDP_GRO, &(int){ 1 }, sizeof(int));
#else
	(void)fd;
#endif
}

void
udp_inbox_release(struct udp_inbox *in)
{
#ifdef MADV_DONTNEED
	enum { PAGE = 4096, KEPT = 2 * PAGE };
	const uintptr_t begin = (uintptr_t)in->octets;
	const size_t skip = (PAGE - begin % PAGE) % PAGE;

	if (in->largest > KEPT)
		madvise((uint8_t *)in->octets + skip,
		    (sizeof(in->octets) - skip) / PAGE * PAGE, MADV_DONTNEED);
#endif
	in->largest = 0;
}
