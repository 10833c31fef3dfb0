/*
 * Answers to an association as the hours of a rule begin: whoever may not be
 * sent to any more may not answer either.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board_values.h"
#include "rule_values.h"
#include "sockd/common/conf.h"
#include "sockd/common/slot.h"
#include "sockd/worker/udp.h"

enum { BEFORE = 100, NOW = 101, RULE_REST = 2 };

/* All the week: whatever the clock shows, those hours have begun. */
static const struct hours always[] = { { .days = 0x7f, .begin = 0,
    .end = 1440 } };
static const struct rule_to closed[] = { { .kind = RULE_TO_PREFIX,
    .prefix = { IP4(127, 0, 0, 2), 32 } } };
static const struct rule_to named[] = { { .kind = RULE_TO_NAME,
    .name = "a.example" } };
static const struct rule_to loopback[] = { { .kind = RULE_TO_PREFIX,
    .prefix = NET4(127, 0, 0, 0, 30) } };
static const struct rule rules[] = {
	{ .name = "closed", .action = RULE_BLOCK, LIST(to, closed),
	    LIST(hours, always) },
	{ .name = "named", .action = RULE_PASS, LIST(to, named) },
	{ .name = "rest", .action = RULE_PASS, LIST(to, loopback) },
};

static struct board b;
static struct conf conf;
static struct process process;
static struct worker worker;
static struct session s;
static struct udp u;

static void
make_association(void)
{
	b = small_board(16, 16);
	conf = (struct conf){ .policy = { LIST(rules, rules),
		.has_hours = true } };
	process = (struct process){ .conf = &conf, .board = &b };
	worker.process = &process;
	worker.conf = &conf;
	worker.board = &b;
	s = (struct session){ .worker = &worker, .conf = &conf, .board = &b };
	s.slot = (uint32_t)slot_claim(&b, owner_word(1, 1, 1));
	s.shown = &b.sessions[s.slot];
	s.question.knows_listener = s.question.knows_minute = true;
	s.question.command = COMMAND_UDP;
	s.question.who = WHO_ANONYMOUS;
	u.session = &s;
	u.block = slot_udp_block(&b, s.slot);
	u.minute = NOW;
	udp_targets_reset(&u.targets);
	udp_peers_reset(&u.peers);
}

TestSuite(udp_hours, .init = make_association);

static struct addr
address(const char *text, uint16_t port)
{
	struct addr a;

	cr_assert(addr_parse(&a, text));
	a.port = port;
	return a;
}

/* A target that passed a minute ago. */
static struct udp_target *
sent_to(const char *name, const struct addr *addr)
{
	struct target asked = { .port = addr->port };
	struct udp_target *t;

	if (name == NULL)
		asked.addr = *addr;
	else
		strcpy(asked.name, name);
	t = udp_targets_find(&u.targets, &asked);
	t->state = TARGET_PASSES;
	t->addr = *addr;
	t->minute = BEFORE;
	return t;
}

Test(udp_hours, what_was_sent_to_is_asked_about_again)
{
	struct addr two = address("127.0.0.2", 53);
	struct addr three = address("127.0.0.3", 53);
	unsigned rule;

	sent_to(NULL, &two);
	sent_to(NULL, &three);
	cr_assert_not(udp_judge_peer(&u, &two, &rule));
	cr_assert(udp_judge_peer(&u, &three, &rule));
	cr_assert_eq(rule, (unsigned)RULE_REST);
}

/* By address alone 127.0.0.9 passes nowhere. */
Test(udp_hours, a_name_is_asked_about_as_a_name)
{
	struct addr nine = address("127.0.0.9", 53);
	unsigned rule;

	sent_to("a.example", &nine);
	cr_assert(udp_judge_peer(&u, &nine, &rule));
	cr_assert_eq(rule, 1u);
}

Test(udp_hours, without_a_target_the_ledger_tells_the_name)
{
	struct addr nine = address("127.0.0.9", 53);
	struct udp_target *t = sent_to("a.example", &nine);
	unsigned rule;

	cr_assert_not(udp_judge_stranger(&u, &nine, &rule));
	cr_assert(udp_judge(&u, t));
	udp_count_target(&u, t);
	udp_targets_reset(&u.targets);
	cr_assert(udp_judge_peer(&u, &nine, &rule));
	cr_assert_eq(rule, 1u);
}

/* The whole way down: the answer is dropped, once judged and not again. */
Test(udp_hours, an_answer_is_dropped)
{
	struct addr two = address("127.0.0.2", 53);
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	const bool readable[2] = { true, false };
	int target = socket(AF_INET, SOCK_DGRAM, 0);
	struct udp_peer *peer;

	inet_pton(AF_INET, "127.0.0.2", &at.sin_addr);
	cr_assert_eq(bind(target, (struct sockaddr *)&at, len), 0);
	inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
	u.out[0] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(u.out[0], (struct sockaddr *)&at, len), 0);
	cr_assert_eq(getsockname(u.out[0], (struct sockaddr *)&at, &len), 0);
	u.client_name_len = sizeof(at);
	sent_to(NULL, &two);
	udp_peers_add(&u.peers, &two, RULE_REST, BEFORE);
	cr_assert_eq(sendto(target, "x", 1, 0, (struct sockaddr *)&at, len),
	    1);
	cr_assert(udp_down(&u, readable));
	cr_assert_eq(u.drops[UDP_STRANGER], 1u);
	peer = udp_peers_find(&u.peers, &two);
	cr_assert(peer->blocked);
	cr_assert_eq(peer->minute, (unsigned)NOW);
}
