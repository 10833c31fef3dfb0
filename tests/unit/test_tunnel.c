/*
 * Taking a tunnel from a channel: whose it is then, and what stays open.
 */
#include "sockd/common/tunnel.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "board_values.h"
#include "lib/message.h"
#include "sockd/common/clock.h"
#include "sockd/common/slot.h"

static struct board b;
static int ends[2], pair[2];	/* the channel; a tunnel's descriptors */
static uint64_t sender, receiver;
static uint32_t slot;

static void
make(void)
{
	b = small_board(16, 16);
	sender = owner_word(1, 1, 1);
	receiver = owner_word(2, 1, 1);
	slot = (uint32_t)slot_claim(&b, sender);
	b.sessions[slot].has_octets = true;
	cr_assert_eq(channel_make(ends), 0);
	cr_assert_eq(pipe2(pair, O_NONBLOCK), 0);
}

TestSuite(tunnel, .init = make);

static void
send_tunnel(uint32_t which, uint64_t owner, unsigned n_fds)
{
	struct tunnel_message m = { .slot = which, .n_fds = n_fds,
		.owner = owner };
	uint8_t buf[MESSAGE_MAX];

	cr_assert_eq(channel_send(ends[0], buf,
	    tunnel_message_encode(buf, &m), pair, 2), 0);
}

/* The lowest one that is free: does not move where nothing stays open. */
static int
next_descriptor(void)
{
	int fd = fcntl(0, F_DUPFD, 0);

	cr_assert_neq(fd, -1);
	close(fd);
	return fd;
}

static enum tunnel_fate
take(enum tunnel_from from, struct tunnel *t)
{
	return tunnel_take(&b, ends[1], from, receiver, t);
}

/* It is not taken, and nothing that came with it stays open. */
static void
check_lost(void)
{
	struct tunnel t;
	int before = next_descriptor();

	cr_assert_eq(take(FROM_WORKER, &t), TUNNEL_LOST);
	cr_assert_eq(next_descriptor(), before);
	cr_assert_eq(take(FROM_WORKER, &t), TUNNEL_NONE);
}

Test(tunnel, is_taken_with_its_descriptors)
{
	struct tunnel t;

	send_tunnel(slot, sender, 2);
	cr_assert_eq(take(FROM_KEEPER, &t), TUNNEL_TAKEN);
	cr_assert_eq(t.slot, slot);
	cr_assert_eq(t.owner, receiver);
	cr_assert_eq(t.n_fds, 2u);
	cr_assert_eq(write(t.fds[1], "x", 1), 1);
	cr_assert_eq(atomic_load(&b.owners[slot]), receiver);
}

Test(tunnel, of_another_owner_is_not_taken)
{
	send_tunnel(slot, owner_word(1, 2, 1), 2);
	check_lost();
	cr_assert_eq(atomic_load(&b.owners[slot]), sender);
}

Test(tunnel, that_is_nonsense_is_not_taken)
{
	send_tunnel(b.n.sessions, sender, 2);
	check_lost();
	send_tunnel(slot, sender, 1);		/* two came */
	check_lost();
	cr_assert_eq(channel_send(ends[0], "nonsense", 8, pair, 2), 0);
	check_lost();
	cr_assert_eq(channel_send(ends[0], "", 0, pair, 2), 0);
	check_lost();
	cr_assert_eq(atomic_load(&b.owners[slot]), sender);
}

/* It would hold its worker for as long as the other side likes. */
Test(tunnel, with_a_descriptor_that_blocks_is_not_taken)
{
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(fcntl(pair[i], F_SETFL, 0), 0);
		send_tunnel(slot, sender, 2);
		check_lost();
		cr_assert_eq(fcntl(pair[i], F_SETFL, O_NONBLOCK), 0);
	}
	cr_assert_eq(atomic_load(&b.owners[slot]), sender);
}

/* One end of a connection whose other end reads nothing, and all is full. */
static int
stuffed_socket(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	static const char octets[65536];

	cr_assert_eq(bind(listener, (struct sockaddr *)&sin, len), 0);
	cr_assert_eq(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&sin, &len);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sin, len), 0);
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (send(fd, octets, sizeof(octets), MSG_NOSIGNAL) > 0)
		;
	return fd;
}

/* close(2) waits for a socket that lingers, O_NONBLOCK or not. */
Test(tunnel, that_lingers_holds_up_nobody)
{
	const struct linger long_ = { .l_onoff = 1, .l_linger = 20 };
	uint64_t before_ms;

	close(pair[1]);
	pair[1] = stuffed_socket();
	cr_assert_eq(setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &long_,
	    sizeof(long_)), 0);
	send_tunnel(b.n.sessions, sender, 2);
	close(pair[1]);
	before_ms = clock_ms();
	check_lost();
	cr_assert_lt(clock_ms() - before_ms, 10000u);
}

Test(tunnel, whose_descriptors_found_no_room_is_over)
{
	struct rlimit was, none;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = (rlim_t)next_descriptor() + 1;	/* one of the two */
	send_tunnel(slot, sender, 2);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	check_lost();
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	cr_assert_eq(atomic_load(&b.states[slot]), (uint32_t)SLOT_ENDED);
	cr_assert_eq(atomic_load(&b.sessions[slot].outcome),
	    (uint32_t)OUTCOME_ERROR);
}
