/*
 * Batches of datagrams, over sockets of loopback: order, sizes, and what
 * cannot be sent.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/worker/udp_inbox.h"
#include "sockd/worker/udp_outbox.h"

static struct udp_inbox in;
static struct udp_outbox out;
static uint8_t payload[UDP_ROOM];

static int
open_at(union udp_name *name)
{
	socklen_t len = sizeof(name->in);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memset(name, 0, sizeof(*name));
	name->in.sin_family = AF_INET;
	name->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_neq(fd, -1);
	cr_assert_eq(bind(fd, &name->any, len), 0);
	cr_assert_eq(getsockname(fd, &name->any, &len), 0);
	return fd;
}

static void
put(const union udp_name *to, uint8_t *data, size_t len)
{
	cr_assert_lt(out.n, UDP_PARCELS);
	out.list[out.n++] = (struct udp_parcel){ .data = data, .len = len,
		.to = *to, .to_len = sizeof(to->in) };
}

static void
fill_payload(void)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
}

/* All that came, datagram by datagram; returns how many messages it was. */
static unsigned
expect(int at, const union udp_name *from, const size_t *sizes, unsigned n)
{
	unsigned got = 0, messages = 0;
	size_t len;

	while (udp_inbox_fill(&in, at) > 0) {
		messages += in.n;
		for (; !udp_inbox_is_empty(&in); got++) {
			const uint8_t *data = udp_inbox_look(&in, &len);

			cr_assert_lt(got, n);
			cr_assert_eq(len, sizes[got], "the %uth", got);
			cr_assert_eq(memcmp(data, payload + got, len), 0);
			cr_assert_eq(in.names[in.next].in.sin_port,
			    from->in.sin_port);
			udp_inbox_pass(&in);
		}
	}
	cr_assert_eq(got, n);
	return messages;
}

/*
 * Send these sizes, one after another, and have them back as they were.
 * Returns how many messages they came as.
 */
static unsigned
carry(const size_t *sizes, unsigned n, size_t head_len, bool runs)
{
	union udp_name a, b;
	int from = open_at(&a), to = open_at(&b);
	unsigned messages;

	if (runs)
		udp_inbox_welcome_runs(to);
	fill_payload();
	for (unsigned i = 0; i < n; i++) {
		put(&b, payload + i + head_len, sizes[i] - head_len);
		out.list[i].head_len = head_len;
		memcpy(out.list[i].head, payload + i, head_len);
	}
	cr_assert(udp_outbox_flush(&out, from));
	cr_assert_eq(out.next, n);
	messages = expect(to, &a, sizes, n);
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(out.list[i].error, 0);
	udp_outbox_clear(&out);
	close(from);
	close(to);
	return messages;
}

static void
there_and_back(const size_t *sizes, unsigned n)
{
	cr_assert_eq(carry(sizes, n, 0, false), n);
	carry(sizes, n, 0, true);
}

Test(udp_batch, one_size)
{
	size_t sizes[UDP_BATCH];

	for (int i = 0; i < UDP_BATCH; i++)
		sizes[i] = 64;
	there_and_back(sizes, UDP_BATCH);
}

Test(udp_batch, runs_with_others_between)
{
	static const size_t sizes[] = { 0, 0, 10, 10, 10, 5, 10, 11, 11, 0,
		11, 1472, 1472, 1472, 1473, 1473, 20000, 20000, 1, 1, 0 };

	there_and_back(sizes, N_ELEMENTS(sizes));
}

/* Asked without what is tested. */
static bool
kernel_merges(void)
{
	bool can = false;
#if defined(UDP_SEGMENT) && defined(UDP_GRO)
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int size = 100, on = 1;

	can = setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) ==
	    0 && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) == 0;
	close(fd);
#endif
	return can;
}

Test(udp_batch, a_run_comes_as_one_message)
{
	static const size_t sizes[] = { 300, 300, 300, 299, 300, 300, 7 };

	if (!kernel_merges())
		cr_skip_test("this kernel merges no datagrams");
	cr_assert_eq(carry(sizes, 7, 0, true), 2);
}

/* As much as a link of 1,500 carries: over IPv4, 28 less. */
Test(udp_batch, the_longest_that_go_as_a_run)
{
	static const size_t most[] = { 1472, 1472, 1472 };
	static const size_t more[] = { 1473, 1473, 1473 };

	if (!kernel_merges())
		cr_skip_test("this kernel merges no datagrams");
	cr_assert_eq(carry(most, 3, 0, true), 1);
	cr_assert_eq(carry(more, 3, 0, true), 3);
}

/* 64 of 1,452 octets are more than one message holds. */
Test(udp_batch, a_run_is_no_longer_than_a_datagram_may_be)
{
	size_t sizes[UDP_PARCELS];

	if (!kernel_merges())
		cr_skip_test("this kernel merges no datagrams");
	for (unsigned i = 0; i < UDP_PARCELS; i++)
		sizes[i] = 1452;
	cr_assert_eq(carry(sizes, UDP_PARCELS, 22, true), 2);
}

/* That a target is refused says nothing of runs. */
Test(udp_batch, refusals_of_another_kind_do_not_end_runs)
{
	static const size_t sizes[] = { 300, 300, 300 };
	union udp_name a, nowhere = { .in = { .sin_family = AF_INET,
		.sin_port = htons(9) } };
	int from = open_at(&a);

	if (!kernel_merges())
		cr_skip_test("this kernel merges no datagrams");
	nowhere.in.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	for (int i = 0; i < 20; i++) {
		put(&nowhere, payload, 50);
		put(&nowhere, payload, 50);
		cr_assert(udp_outbox_flush(&out, from));
		cr_assert_neq(out.list[1].error, 0);
		udp_outbox_clear(&out);
	}
	close(from);
	cr_assert_eq(carry(sizes, 3, 0, true), 1);
}

Test(udp_batch, an_association_does_not_inherit_refusals)
{
	static const size_t sizes[] = { 300, 300, 300 };

	if (!kernel_merges())
		cr_skip_test("this kernel merges no datagrams");
	out.refusals = 1000;
	cr_assert_eq(carry(sizes, 3, 0, true), 3);
	udp_outbox_begin(&out);
	cr_assert_eq(carry(sizes, 3, 0, true), 1);
}

Test(udp_batch, as_many_runs_as_parcels)
{
	size_t sizes[UDP_PARCELS];

	for (unsigned i = 0; i < UDP_PARCELS; i++)
		sizes[i] = 20 + i / 2 % 2;
	there_and_back(sizes, UDP_PARCELS);
}

Test(udp_batch, a_header_goes_in_front)
{
	static const size_t sizes[] = { 10, 10, 40, 40, 39, 1300, 1300, 22 };

	carry(sizes, 8, 10, false);
	carry(sizes, 8, 10, true);
}

Test(udp_batch, the_largest)
{
	static const size_t sizes[] = { 65507, 1, 65507 };

	there_and_back(sizes, 3);
}

Test(udp_batch, nothing_is_there)
{
	union udp_name a;
	int fd = open_at(&a);

	cr_assert_eq(udp_inbox_fill(&in, fd), 0);
	cr_assert(udp_inbox_is_empty(&in));
	close(fd);
}

/* One that cannot be sent stands in nobody's way. */
Test(udp_batch, what_does_not_go_has_its_error)
{
	union udp_name a, b, nowhere = { .in = { .sin_family = AF_INET,
		.sin_port = htons(9) } };
	int from = open_at(&a), to = open_at(&b);

	/* broadcast needs leave that was not asked for */
	nowhere.in.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	fill_payload();
	put(&b, payload, 65508);			/* too long */
	put(&b, payload, 100);
	put(&nowhere, payload, 50);
	put(&nowhere, payload, 50);
	put(&b, payload, 100);
	cr_assert(udp_outbox_flush(&out, from));
	cr_assert_eq(out.list[0].error, EMSGSIZE);
	cr_assert_eq(out.list[1].error, 0);
	cr_assert_neq(out.list[2].error, 0);
	cr_assert_neq(out.list[3].error, 0);
	cr_assert_eq(out.list[4].error, 0);
	cr_assert_eq(udp_inbox_fill(&in, to), 2);
	udp_outbox_clear(&out);
	close(from);
	close(to);
}

Test(udp_batch, memory_of_large_ones_goes_back)
{
	static const size_t large[] = { 40000, 40000 }, small[] = { 9 };

	carry(large, 2, 0, false);
	cr_assert_eq(in.largest, 40000);
	udp_inbox_release(&in);
	cr_assert_eq(in.largest, 0);
	carry(small, 1, 0, false);
}
