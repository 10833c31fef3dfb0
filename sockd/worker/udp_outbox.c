/*
 * The outbox of a direction of an association, in a worker: many datagrams
 * with one system call, in runs where that can be.  Nothing here waits, and a
 * datagram that cannot be sent stands in nobody's way.
 */
#include "config.h"

#include "udp_outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

#include "lib/addr.h"
#include "udp_mmsghdr.h"

/* ---- what travels beside a datagram ---- */

union control {
	struct cmsghdr	align;
	char		buf[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
			    CMSG_SPACE(sizeof(uint16_t))];
};

/* Behind those that msg has already; its control has room for it. */
static void
put_control(struct msghdr *msg, int level, int type, const void *value,
    size_t size)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)
	    ((char *)msg->msg_control + msg->msg_controllen);

	memset(c, 0, CMSG_SPACE(size));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), value, size);
	msg->msg_controllen += CMSG_SPACE(size);
}

static void
put_source(struct msghdr *msg, const struct addr *a)
{
	struct in6_pktinfo info6 = { 0 };
#ifdef IP_PKTINFO
	struct in_pktinfo info = { 0 };

	if (a->family == ADDR_IPV4) {
		memcpy(&info.ipi_spec_dst, a->ip, sizeof(info.ipi_spec_dst));
		put_control(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	}
#endif
	if (a->family == ADDR_IPV6) {
		memcpy(&info6.ipi6_addr, a->ip, sizeof(info6.ipi6_addr));
		put_control(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info6,
		    sizeof(info6));
	}
}

/* ---- runs: datagrams of one size to one target ---- */

enum {
	RUN_SEGMENTS = 64,		/* the kernel's bound */
	RUN_OCTETS = 65000,
	LINK_OCTETS = 1500,		/* few links carry more */
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

/* One that a link would not carry whole is not cut out of a run. */
static bool
fits_a_link(const struct udp_parcel *p)
{
	const size_t udp = 8, ip = p->to.any.sa_family == AF_INET ? 20 : 40;

	return ip + udp + size_of(p) <= LINK_OCTETS;
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
	    !fits_a_link(first))
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
		.msg_namelen = p->to_len, .msg_control = room };
	for (unsigned i = 0; i < n; i++) {
		if (p[i].head_len > 0)
			*iovs++ = (struct iovec){ .iov_base = p[i].head,
				.iov_len = p[i].head_len };
		*iovs++ = (struct iovec){ .iov_base = p[i].data,
			.iov_len = p[i].len };
	}
	msg->msg_iovlen = (size_t)(iovs - msg->msg_iov);
	if (p->source != NULL)
		put_source(msg, p->source);
#ifdef UDP_SEGMENT
	if (n > 1)
		put_control(msg, IPPROTO_UDP, UDP_SEGMENT,
		    &(uint16_t){ (uint16_t)size_of(p) }, sizeof(uint16_t));
#endif
	if (msg->msg_controllen == 0)	/* some systems refuse an empty one */
		msg->msg_control = NULL;
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

/* Does the kernel, or the link, cut no runs?  What else went wrong is the
 * target's, and says nothing of the next one. */
static bool
is_about_runs(int error)
{
	return error == EINVAL || error == EMSGSIZE || error == EIO ||
	    error == ENOPROTOOPT || error == EOPNOTSUPP;
}

/* The first of what was to go did not.  False: it may, later. */
static bool
pass_over(struct udp_outbox *out, unsigned run, int error)
{
	if (error == EAGAIN)
		return false;
	if (run > 1) {			/* try each by itself */
		out->single = true;
		out->refusals += is_about_runs(error);
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
udp_outbox_begin(struct udp_outbox *out)
{
	udp_outbox_clear(out);
	out->refusals = 0;
}

void
udp_outbox_clear(struct udp_outbox *out)
{
	out->n = out->next = 0;
	out->single = false;
}
