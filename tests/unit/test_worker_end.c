/*
 * How a tunnel ends, on real sockets of loopback: what the peers see of it.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board_values.h"
#include "sockd/common/conf.h"
#include "sockd/common/slot.h"
#include "sockd/worker/session.h"

enum { HOUR_MS = 3600 * 1000, DEAD_MS = 300, PAYLOAD = 32 * 1024 };

static const struct rule all = { .name = "all", .action = RULE_PASS };

static struct board b;
static struct conf conf;
static struct process process;
static struct worker worker;
static uint32_t slot;
static const uint64_t owner = UINT64_C(1) << 48 | 1;
static int client[2], target[2];	/* ours, the peer's */

/* A connection over TCP; a small window stands in for a peer that is gone. */
static void
connect_pair(int fds[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);
	const int size = 4096;

	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	cr_assert_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(fds[0], (struct sockaddr *)&at, len), 0);
	fds[1] = accept(listener, NULL, NULL);
	cr_assert_neq(fds[1], -1);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	close(listener);
}

static void
make_tunnel(void)
{
	b = small_board(16, 16);
	conf = (struct conf){ .policy = { .n_rules = 1, .rules = &all },
		.timeouts = { .idle_ms = HOUR_MS, .half_closed_ms = HOUR_MS } };
	process = (struct process){ .conf = &conf, .board = &b,
		.lifeline = -1, .generation_end = -1, .park_send = -1,
		.account_wake_send = -1, .wake_send = -1 };
	worker.process = &process;
	worker.conf = &conf;
	worker.board = &b;
	for (int i = 0; i < 2; i++)
		worker.pipes[i].fds[0] = worker.pipes[i].fds[1] = -1;
	connect_pair(client);
	connect_pair(target);
	slot = (uint32_t)slot_claim(&b, owner);
	b.sessions[slot].has_octets = 1;
	atomic_store(&b.sessions[slot].parked_kind, PARKED_TUNNEL);
	slot_advance(&b, slot, SLOT_LIVE);
}

TestSuite(worker_end, .init = make_tunnel, .timeout = 30);

/* A peer that answers no longer must not look like one that has finished. */
Test(worker_end, a_dead_target_is_a_reset_to_the_client)
{
	const unsigned dead_ms = DEAD_MS;
	static const char payload[PAYLOAD];
	int fds[2] = { client[0], target[0] };
	char octet;

	setsockopt(target[0], IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms,
	    sizeof(dead_ms));
	cr_assert_eq(send(client[1], payload, PAYLOAD, 0), PAYLOAD);
	session_resume(&worker, slot, owner, fds, 2);
	cr_assert_eq(atomic_load(&b.sessions[slot].outcome),
	    (uint32_t)OUTCOME_TIMEOUT);
	cr_assert_eq(recv(client[1], &octet, 1, 0), -1);
	cr_assert_eq(errno, ECONNRESET);
}

Test(worker_end, an_orderly_end_is_one_to_the_client)
{
	int fds[2] = { client[0], target[0] };
	char octet;

	shutdown(client[1], SHUT_WR);
	cr_assert_eq(send(target[1], "x", 1, 0), 1);
	shutdown(target[1], SHUT_WR);
	session_resume(&worker, slot, owner, fds, 2);
	cr_assert_eq(recv(client[1], &octet, 1, 0), 1);
	cr_assert_eq(recv(client[1], &octet, 1, 0), 0);
}
