/*
 * The race of connection attempts, on real sockets of loopback: an address
 * that does not answer is a listener whose queue is full.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board_values.h"
#include "lib/elements.h"
#include "rule_values.h"
#include "sockd/common/clock.h"
#include "sockd/common/slot.h"
#include "sockd/worker/dial.h"
#include "sockd/worker/session.h"

enum { QUEUE_FILLERS = 4, DEAD_MS = 200 };

static const struct rule_to blocked[] = { { .kind = RULE_TO_PREFIX,
    .prefix = { IP4(127, 0, 0, 9), 32 } } };
static const struct rule rules[] = {
	{ .name = "no", .action = RULE_BLOCK, LIST(to, blocked) },
	/* Nothing can set off from an address that is not ours. */
	{ .name = "all", .action = RULE_PASS, .source6 = IP6(1) },
};

static struct board b;
static struct conf conf;
static struct process process;
static struct worker worker;
static struct session s;
static int client[2];

static void
make_session(void)
{
	b = small_board(16, 16);
	conf = (struct conf){ .timeouts = { .connect_ms = 5000 },
		.policy = { LIST(rules, rules) } };
	process = (struct process){ .conf = &conf, .board = &b,
		.lifeline = -1, .generation_end = -1 };
	worker.process = &process;
	worker.conf = &conf;
	worker.board = &b;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, client), 0);
	s = (struct session){ .worker = &worker, .conf = &conf, .board = &b,
		.client = client[0], .target = -1 };
	s.slot = (uint32_t)slot_claim(&b, owner_word(1, 1, 1));
	s.shown = &b.sessions[s.slot];
	s.question.command = COMMAND_CONNECT;
	s.question.who = WHO_ANONYMOUS;
	s.question.knows_listener = true;
}

TestSuite(dial_race, .init = make_session, .timeout = 30);

static int
listen_on(const char *ip, struct addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	cr_assert(addr_parse(at, ip));
	len = addr_to_sockaddr(at, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&ss, len) == -1)
		return -1;
	cr_assert_eq(listen(fd, 0), 0);
	len = sizeof(ss);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	addr_from_sockaddr(at, (struct sockaddr *)&ss, len);
	return fd;
}

/* An address at which nobody ever answers. */
static void
listen_dead(const char *ip, struct addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len;

	cr_assert_neq(listen_on(ip, at), -1);
	len = addr_to_sockaddr(at, &ss);
	for (int i = 0; i < QUEUE_FILLERS; i++) {
		struct pollfd fd = { .events = POLLOUT };

		fd.fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fd.fd, (struct sockaddr *)&ss, len);
		poll(&fd, 1, DEAD_MS);
	}
}

/* An address at which nobody listens. */
static void
find_closed(const char *ip, struct addr *at)
{
	close(listen_on(ip, at));
}

Test(dial_race, one_address)
{
	struct reply_failure failure;
	struct dialed d;
	struct addr at;

	listen_on("127.0.0.1", &at);
	cr_assert(dial(&s, &at, 1, &d, &failure));
	cr_assert(addr_equal_port(&d.target, &at));
	cr_assert(addr_is_loopback(&d.source));
	cr_assert_neq(d.source.port, 0);
	cr_assert_eq(d.rule, 1u);
	cr_assert(fcntl(d.fd, F_GETFL) & O_NONBLOCK);
	cr_assert(fcntl(d.fd, F_GETFD) & FD_CLOEXEC);
}

Test(dial_race, a_refusal_is_followed_at_once)
{
	uint64_t began_ms = clock_ms();
	struct reply_failure failure;
	struct addr at[2];
	struct dialed d;

	find_closed("127.0.0.1", &at[0]);
	listen_on("127.0.0.2", &at[1]);
	cr_assert(dial(&s, at, 2, &d, &failure));
	cr_assert(addr_equal_port(&d.target, &at[1]));
	cr_assert_lt(clock_ms() - began_ms, 200u);
}

Test(dial_race, silence_is_followed_after_a_quarter_of_a_second)
{
	struct reply_failure failure;
	uint64_t began_ms, took_ms;
	struct addr at[2];
	struct dialed d;

	listen_dead("127.0.0.1", &at[0]);
	listen_on("127.0.0.2", &at[1]);
	began_ms = clock_ms();
	cr_assert(dial(&s, at, 2, &d, &failure));
	took_ms = clock_ms() - began_ms;
	cr_assert(addr_equal_port(&d.target, &at[1]));
	cr_assert_geq(took_ms, 240u);
	cr_assert_lt(took_ms, 2000u);
}

Test(dial_race, one_deadline_covers_all)
{
	struct reply_failure failure;
	struct addr at[3];
	uint64_t began_ms;
	struct dialed d;

	listen_dead("127.0.0.1", &at[0]);
	listen_dead("127.0.0.2", &at[1]);
	listen_dead("127.0.0.3", &at[2]);
	conf.timeouts.connect_ms = 600;
	began_ms = clock_ms();
	cr_assert_not(dial(&s, at, 3, &d, &failure));
	cr_assert_geq(clock_ms() - began_ms, 600u);
	cr_assert_lt(clock_ms() - began_ms, 3000u);
	cr_assert_eq(failure.rep, SOCKS5_TTL_EXPIRED);
	cr_assert_eq(failure.outcome, OUTCOME_TIMEOUT);
}

Test(dial_race, the_last_error_is_told)
{
	struct reply_failure failure;
	struct addr at[2];
	struct dialed d;

	find_closed("127.0.0.1", &at[0]);
	cr_assert(addr_parse(&at[1], "127.0.0.9"));
	at[1].port = at[0].port;	/* blocked by the rules */
	cr_assert_not(dial(&s, at, 2, &d, &failure));
	cr_assert_eq(failure.rep, SOCKS5_REFUSED);
	cr_assert_not(dial(&s, &at[1], 1, &d, &failure));
	cr_assert_eq(failure.rep, SOCKS5_NOT_ALLOWED);
	cr_assert_eq(failure.outcome, OUTCOME_BLOCKED);
	cr_assert_not(dial(&s, at, 0, &d, &failure));
	cr_assert_eq(failure.rep, SOCKS5_HOST_UNREACHABLE);
	cr_assert_eq(failure.outcome, OUTCOME_UNRESOLVED);
}

/* Many names have an address of a family that has no route here. */
Test(dial_race, what_cannot_set_off_hides_no_answer)
{
	struct reply_failure failure;
	struct addr at[3];
	struct dialed d;

	cr_assert(addr_parse(&at[0], "::1"));
	at[0].port = 1;
	find_closed("127.0.0.1", &at[1]);
	at[2] = at[0];
	cr_assert_not(dial(&s, at, 3, &d, &failure));
	cr_assert_eq(failure.rep, SOCKS5_REFUSED);
	cr_assert_eq(failure.outcome, OUTCOME_REFUSED);
	cr_assert_not(dial(&s, at, 1, &d, &failure));
	cr_assert_neq(failure.rep, SOCKS5_REFUSED);
}

Test(dial_race, never_allowed_addresses_are_blocked)
{
	static const char *const never[] = { "0.0.0.0", "::", "224.0.0.1",
		"255.255.255.255", "ff02::1" };
	struct reply_failure failure;
	struct dialed d;
	struct addr at;

	for (size_t i = 0; i < N_ELEMENTS(never); i++) {
		cr_assert(addr_parse(&at, never[i]));
		at.port = 80;
		cr_assert_not(dial(&s, &at, 1, &d, &failure));
		cr_assert_eq(failure.outcome, OUTCOME_BLOCKED);
	}
}

Test(dial_race, a_cut_ends_it)
{
	struct reply_failure failure;
	struct dialed d;
	struct addr at;

	listen_dead("127.0.0.1", &at);
	slot_cut(&b, s.slot, atomic_load(&s.shown->id), OUTCOME_STOPPED);
	cr_assert_not(dial(&s, &at, 1, &d, &failure));
	cr_assert_eq(failure.outcome, OUTCOME_NONE);
	cr_assert_eq(s.outcome, OUTCOME_STOPPED);
}

Test(dial_race, nothing_is_left_open)
{
	struct reply_failure failure;
	struct addr at[3];
	struct dialed d;
	int before, after;

	listen_dead("127.0.0.1", &at[0]);
	listen_dead("127.0.0.2", &at[1]);
	listen_on("127.0.0.3", &at[2]);
	before = dup(0);
	cr_assert(dial(&s, at, 3, &d, &failure));
	close(d.fd);
	after = dup(0);
	cr_assert_eq(after, before + 1);	/* before is open itself */
}
