/*
 * Batches of datagrams, in a worker: one system call for many.  Nothing here
 * waits, and a datagram that cannot be sent stands in nobody's way.
 */
#include "config.h"

#include "udp_batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "lib/addr.h"

#ifndef HAVE_STRUCT_MMSGHDR
struct mmsghdr {
	struct msghdr	msg_hdr;
	unsigned	msg_len;
};
#endif

enum {
	ERRORS_MAX = 16,	/* of earlier datagrams, passed over at once */
	MERGED_BATCH = 4,	/* as many octets as the cache can hold */
};

/* ---- receiving ---- */

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
	    c->cmsg_type == UDP_GRO) {
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
note(struct udp_inbox *in, unsigned i, struct mmsghdr *head)
{
	in->lens[i] = head->msg_len;
	in->cuts[i] = cut_of(&head->msg_hdr, in->lens[i]);
	in->name_lens[i] = head->msg_hdr.msg_namelen;
	if (in->largest < in->lens[i])
		in->largest = in->lens[i];
	if (in->cuts[i] < in->lens[i])
		in->merged = true;
}

unsigned
udp_inbox_fill(struct udp_inbox *in, int fd)
{
	struct mmsghdr heads[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	union merge_control controls[UDP_BATCH];
	const unsigned most = in->merged ? MERGED_BATCH : UDP_BATCH;
	int n = -1;

	in->n = in->next = in->taken = 0;
	in->merged = false;
	for (unsigned i = 0; i < most; i++)
		prepare(in, i, &heads[i].msg_hdr, &iovs[i], &controls[i]);
	for (int i = 0; i < ERRORS_MAX && n == -1; i++) {
		n = receive(fd, heads, most);
		if (n == -1 && errno == EAGAIN)
			return 0;
	}
	in->n = n > 0 ? (unsigned)n : 0;
	for (unsigned i = 0; i < in->n; i++)
		note(in, i, &heads[i]);
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

/* ---- what travels beside a datagram ---- */

union control {
	struct cmsghdr	align;
	char		buf[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
			    CMSG_SPACE(sizeof(uint16_t))];
};

static void
put_control(struct msghdr *msg, union control *room, int level, int type,
    const void *value, size_t size)
{
	struct cmsghdr *c;

	if (msg->msg_control == NULL)
		memset(room, 0, sizeof(*room));
	c = (struct cmsghdr *)(void *)(room->buf + msg->msg_controllen);
	msg->msg_control = room->buf;
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), value, size);
	msg->msg_controllen += CMSG_SPACE(size);
}

static void
put_source(struct msghdr *msg, union control *room, const struct addr *a)
{
	struct in6_pktinfo info6 = { 0 };
#ifdef IP_PKTINFO
	struct in_pktinfo info = { 0 };

	if (a->family == ADDR_IPV4) {
		memcpy(&info.ipi_spec_dst, a->ip, sizeof(info.ipi_spec_dst));
		put_control(msg, room, IPPROTO_IP, IP_PKTINFO, &info,
		    sizeof(info));
	}
#endif
	if (a->family == ADDR_IPV6) {
		memcpy(&info6.ipi6_addr, a->ip, sizeof(info6.ipi6_addr));
		put_control(msg, room, IPPROTO_IPV6, IPV6_PKTINFO, &info6,
		    sizeof(info6));
	}
}

/* ---- runs: datagrams of one size to one target ---- */

enum {
	RUN_SEGMENTS = 64,		/* the kernel's bound */
	RUN_OCTETS = 65000,
	SEGMENT_MAX = 1452,		/* larger ones seldom fit a link */
	REFUSALS_MAX = 8,		/* then no run is tried any more */
};

static size_t
size_of(const struct udp_parcel *p)
{
	return p->head_len + p->len;
}

static bool
goes_along(const struct udp_parcel *first, const struct udp_parcel *p)
{
	return size_of(p) > 0 && size_of(p) <= size_of(first) &&
	    p->source == first->source && p->to_len == first->to_len &&
	    memcmp(&p->to, &first->to, first->to_len) == 0;
}

/* How many from here on may go as one; a shorter one ends the run. */
static unsigned
run_length(const struct udp_outbox *out, unsigned from)
{
#ifdef UDP_SEGMENT
	const struct udp_parcel *first = &out->list[from];
	const size_t size = size_of(first);
	size_t total = size;
	unsigned n = 1;

	if (out->single || out->refusals >= REFUSALS_MAX || size == 0 ||
	    size > SEGMENT_MAX)
		return 1;
	while (from + n < out->n && n < RUN_SEGMENTS) {
		const struct udp_parcel *p = &out->list[from + n];

		total += size_of(p);
		if (total > RUN_OCTETS || !goes_along(first, p))
			break;
		n++;
		if (size_of(p) < size)
			break;
	}
	return n;
#else
	(void)out;
	(void)from;
	return 1;
#endif
}

static void
put_run(struct msghdr *msg, union control *room, struct iovec *iovs,
    struct udp_parcel *p, unsigned n)
{
	*msg = (struct msghdr){ .msg_iov = iovs, .msg_name = &p->to,
		.msg_namelen = p->to_len };
	for (unsigned i = 0; i < n; i++) {
		if (p[i].head_len > 0)
			*iovs++ = (struct iovec){ p[i].head, p[i].head_len };
		*iovs++ = (struct iovec){ p[i].data, p[i].len };
	}
	msg->msg_iovlen = (size_t)(iovs - msg->msg_iov);
	if (p->source != NULL)
		put_source(msg, room, p->source);
#ifdef UDP_SEGMENT
	if (n > 1)
		put_control(msg, room, IPPROTO_UDP, UDP_SEGMENT,
		    &(uint16_t){ (uint16_t)size_of(p) }, sizeof(uint16_t));
#endif
}

/* ---- sending ---- */

static int
send_out(int fd, struct mmsghdr *heads, unsigned n)
{
	int done;

	do {
#ifdef HAVE_SENDMMSG
		done = sendmmsg(fd, heads, n, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
		(void)n;
		done = sendmsg(fd, &heads[0].msg_hdr,
		    MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 1;
#endif
	} while (done == -1 && errno == EINTR);
	return done;
}

/* The first of what was to go did not.  False: it may, later. */
static bool
pass_over(struct udp_outbox *out, unsigned run, int error)
{
	if (error == EAGAIN)
		return false;
	if (run > 1) {			/* try each by itself */
		out->single = true;
		out->refusals++;
	} else {
		out->list[out->next++].error = error;
	}
	return true;
}

bool
udp_outbox_flush(struct udp_outbox *out, int fd)
{
	struct mmsghdr heads[UDP_PARCELS];
	union control rooms[UDP_PARCELS];
	struct iovec iovs[2 * UDP_PARCELS];	/* header, datagram */
	unsigned runs[UDP_PARCELS];

	while (out->next < out->n) {
		unsigned n = 0;
		int done;

		for (unsigned i = out->next; i < out->n; i += runs[n++]) {
			runs[n] = run_length(out, i);
			put_run(&heads[n].msg_hdr, &rooms[n], &iovs[2 * i],
			    &out->list[i], runs[n]);
		}
		done = send_out(fd, heads, n);
		if (done == -1 && !pass_over(out, runs[0], errno))
			return false;
		for (int i = 0; i < done; i++)
			out->next += runs[i];
	}
	return true;
}

void
udp_outbox_clear(struct udp_outbox *out)
{
	out->n = out->next = 0;
	out->single = false;
}
