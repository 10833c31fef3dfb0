/*
 * The question that rules are asked, moment by moment and from a slot alone,
 * and the guard of our own listeners.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "board_values.h"
#include "rule_values.h"
#include "sockd/common/conf.h"
#include "sockd/common/process.h"
#include "sockd/common/question.h"
#include "sockd/common/slot.h"

static const struct addr client = IP4(10, 0, 0, 7);
static const struct addr other = IP4(192, 0, 2, 5);
static const struct addr own = IP4(192, 0, 2, 1);
static const gid_t gids[] = { 100, 500 };
static const struct rule_to to_self[] = { { .kind = RULE_TO_SELF } };
static const struct rule self_rules[] = { { .name = "x" },
    { .name = "no-loops", LIST(to, to_self) } };
static const struct conf_listen listens[] = { { .name = "lan" },
    { .name = "dmz" } };
static const struct conf conf = { LIST(listens, listens),
    .policy = { LIST(rules, self_rules) } };
static const struct conf without = { .policy = { .n_rules = 1,
    .rules = self_rules } };

static struct board b;
static struct question_room room;

static void
make_board(void)
{
	b = small_board(16, 16);
	board_set_self(&b, &own, 1);
	question_room_init(&room, &b, &conf);
}

TestSuite(question, .init = make_board);

static struct target
named(const char *name, uint16_t port)
{
	struct target t = { .port = port };

	memcpy(t.name, name, strlen(name) + 1);
	return t;
}

/* ---- moment by moment ---- */

Test(question, grows_with_what_is_known)
{
	struct target t = named("example.net", 443);
	struct rule_question q;

	question_at_accept(&q, &room, 3, &client, 77);
	cr_assert(q.knows_listener);
	cr_assert_eq(q.listener, 3u);
	cr_assert_eq(q.from, &client);
	cr_assert(q.knows_minute);
	cr_assert_eq(q.minute, 77u);
	cr_assert_eq(q.protocol, 0u);
	cr_assert_eq(q.who, WHO_UNKNOWN);
	cr_assert_eq(q.command, COMMAND_NONE);
	cr_assert(!q.knows_target);
	question_at_greeting(&q, 5, WHO_SOMEBODY);
	cr_assert_eq(q.protocol, (unsigned)PROTOCOL_SOCKS5);
	cr_assert_eq(q.who, WHO_SOMEBODY);
	question_at_login(&q, "ann", gids, 2);
	cr_assert_eq(q.who, WHO_USER);
	cr_assert_str_eq(q.user, "ann");
	cr_assert_eq(q.n_gids, 2u);
	question_at_request(&q, COMMAND_CONNECT, &t);
	cr_assert_eq(q.command, COMMAND_CONNECT);
	cr_assert(q.knows_target);
	cr_assert_str_eq(q.name, "example.net");
	cr_assert_eq(q.to, NULL);
	cr_assert_eq(q.port, 443);
	cr_assert(!q.any_port);
	question_for_address(&q, &other);
	cr_assert_eq(q.to, &other);
	cr_assert_str_eq(q.name, "example.net", "the name stays");
}

Test(question, socks4_client_is_nobody_whatever_it_says)
{
	struct rule_question q;

	question_at_accept(&q, &room, 0, &client, 0);
	question_at_greeting(&q, 4, WHO_SOMEBODY);
	cr_assert_eq(q.protocol, (unsigned)PROTOCOL_SOCKS4);
	cr_assert_eq(q.who, WHO_ANONYMOUS);
}

Test(question, bind_has_any_port_and_udp_no_target_yet)
{
	struct target t = { .addr = other, .port = 20 };
	struct rule_question q;

	question_at_accept(&q, &room, 0, &client, 0);
	question_at_request(&q, COMMAND_BIND, &t);
	cr_assert(q.any_port);
	cr_assert_eq(q.to, &t.addr);
	cr_assert_eq(q.name, NULL);
	question_at_accept(&q, &room, 0, &client, 0);
	question_at_request(&q, COMMAND_UDP, &t);
	cr_assert(!q.knows_target);
	cr_assert_eq(q.to, NULL);
	question_for_target(&q, &t);
	cr_assert(q.knows_target);
	cr_assert_eq(q.port, 20);
}

Test(question, own_addresses_are_taken_anew_when_they_change)
{
	const struct addr two[] = { IP4(192, 0, 2, 1), IP4(192, 0, 2, 2) };
	struct rule_question q;

	question_at_accept(&q, &room, 0, &client, 0);
	cr_assert_eq(q.n_self, 1u);
	cr_assert(addr_equal(q.self, &own));
	memset(room.self, 0, sizeof(room.self));
	question_at_accept(&q, &room, 0, &client, 0);
	cr_assert_eq(q.self->family, ADDR_NONE, "copied without need");
	board_set_self(&b, two, 2);
	question_at_accept(&q, &room, 0, &client, 0);
	cr_assert_eq(q.n_self, 2u);
	cr_assert(addr_equal(&q.self[1], &two[1]));
	question_room_init(&room, &b, &without);
	question_at_accept(&q, &room, 0, &client, 0);
	cr_assert_eq(q.n_self, 0u, "nobody asks for them");
}

/* ---- from a slot ---- */

static struct session_slot
slot_with(uint8_t command, const char *host)
{
	struct session_slot s = { .protocol = 5, .command = command,
	    .auth = AUTH_NONE, .client = IP4(10, 0, 0, 7), .target_port = 80,
	    .principal = BOARD_NOBODY, .listen_name = "dmz" };

	slot_set_user(&s, "ann");
	slot_set_host(&s, host);
	return s;
}

static struct question_asked asked;

static struct rule_question
ask(const struct session_slot *s)
{
	struct rule_question q;

	question_of_slot(&q, &room, s, 5, &asked);
	return q;
}

Test(question, slot_alone_says_all_that_was_known)
{
	struct session_slot s = slot_with(COMMAND_CONNECT, "example.net");
	struct rule_question q;

	s.auth = AUTH_PASSWORD;
	s.gids[0] = 500;
	s.n_gids = 1;
	s.target_addr = other;
	q = ask(&s);
	cr_assert_eq(q.listener, 1u);
	cr_assert(addr_equal(q.from, &client));
	cr_assert_eq(q.protocol, (unsigned)PROTOCOL_SOCKS5);
	cr_assert_eq(q.command, COMMAND_CONNECT);
	cr_assert_eq(q.who, WHO_USER);
	cr_assert_str_eq(q.user, "ann");
	cr_assert_eq(q.n_gids, 1u);
	cr_assert_eq(q.gids[0], 500u);
	cr_assert(q.knows_target);
	cr_assert_str_eq(q.name, "example.net");
	cr_assert(addr_equal(q.to, &other));
	cr_assert_eq(q.port, 80);
	cr_assert_eq(q.minute, 5u);
	cr_assert_eq(q.n_self, 1u);
}

Test(question, slot_of_one_who_did_not_log_in)
{
	const uint8_t others[] = { AUTH_NOTHING, AUTH_NONE, AUTH_USERID };

	for (size_t i = 0; i < sizeof(others); i++) {
		struct session_slot s = slot_with(COMMAND_CONNECT, "a.b");
		struct rule_question q;

		s.auth = others[i];
		s.protocol = 4;
		q = ask(&s);
		cr_assert_eq(q.who, WHO_ANONYMOUS);
		cr_assert_eq(q.user, NULL);
		cr_assert_eq(q.protocol, (unsigned)PROTOCOL_SOCKS4);
		cr_assert_eq(q.to, NULL, "not resolved yet");
		cr_assert(q.knows_target);
	}
}

Test(question, literal_in_a_slot_is_an_address)
{
	static const char *const hosts[] = { "192.0.2.5", "::ffff:192.0.2.5" };

	for (size_t i = 0; i < 2; i++) {
		struct session_slot s = slot_with(COMMAND_CONNECT, hosts[i]);
		struct rule_question q = ask(&s);

		cr_assert_eq(q.name, NULL, "%s", hosts[i]);
		cr_assert(addr_equal(q.to, &other), "%s", hosts[i]);
	}
}

Test(question, listener_that_is_gone_is_none_of_ours)
{
	static const struct rule names_all = { .name = "x",
	    .listeners = UINT64_MAX };
	struct session_slot s = slot_with(COMMAND_CONNECT, "a.b");
	struct rule_question q;

	memcpy(s.listen_name, "wan", 4);
	q = ask(&s);
	cr_assert_eq(rule_holds(&names_all, &q, NULL), ANSWER_NO);
	memcpy(s.listen_name, "lan", 4);
	q = ask(&s);
	cr_assert_eq(q.listener, 0u);
	cr_assert_eq(rule_holds(&names_all, &q, NULL), ANSWER_YES);
}

Test(question, slot_of_an_association_has_no_target)
{
	struct session_slot s = slot_with(COMMAND_UDP, "example.net");
	struct rule_question q;

	s.target_addr = other;
	q = ask(&s);
	cr_assert_eq(q.command, COMMAND_UDP);
	cr_assert(!q.knows_target);
	s = slot_with(COMMAND_BIND, "192.0.2.5");
	q = ask(&s);
	cr_assert(q.any_port);
	cr_assert(q.knows_target);
	s = slot_with(COMMAND_CONNECT, "");
	q = ask(&s);
	cr_assert(!q.knows_target, "not asked yet");
}

/* ---- our own listeners ---- */

Test(question, own_listeners_are_recognised)
{
	static const struct {
		struct addr	listener, to;
		bool		own;
	} rows[] = {
#define AT(a, p)	{ .family = ADDR_IPV4, .ip = { a }, .port = p }
#define LOCAL		127, 0, 0, 1
#define OWN		192, 0, 2, 1
#define OTHER		192, 0, 2, 9
#define ANY		0, 0, 0, 0
		{ AT(LOCAL, 1080), AT(LOCAL, 1080), true },
		{ AT(LOCAL, 1080), AT(LOCAL, 1081), false },
		{ AT(LOCAL, 1080), AT(OWN, 1080), false },
		{ AT(OWN, 1080), AT(OWN, 1080), true },
		{ AT(OWN, 1080), AT(OTHER, 1080), false },
		{ AT(ANY, 1080), AT(LOCAL, 1080), true },
		{ AT(ANY, 1080), AT(OWN, 1080), true },
		{ AT(ANY, 1080), AT(OWN, 80), false },
		{ AT(ANY, 1080), AT(OTHER, 1080), false },
		{ { .family = ADDR_NONE, .port = 1080 }, AT(OWN, 1080), true },
		{ { .family = ADDR_IPV6, .port = 1080 }, AT(OWN, 1080), true },
		{ { .family = ADDR_IPV6, .port = 1080 },
		  { .family = ADDR_IPV6, .ip = { [15] = 1 }, .port = 1080 },
		  true },
	};
	struct listener list[2] = { { .fd = -1, .addr = AT(OTHER, 9999) } };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		list[1].addr = rows[i].listener;
		cr_assert_eq(target_is_own(&b, list, 2, &rows[i].to),
		    rows[i].own, "%zu", i);
	}
	cr_assert(!target_is_own(&b, NULL, 0, &own));
}
