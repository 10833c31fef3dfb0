/*
 * The accountant beside a stolen worker: slots, principals, places and the
 * header hold whatever octets there are, and it goes on.  Random, but the
 * same at every run; SEED in the environment makes it another.
 */
#include "ledger_values.h"

#include "sockd/account/bases.h"
#include "sockd/account/enforce.h"
#include "sockd/account/vanished.h"
#include "sockd/common/principal.h"

enum { ROUNDS = 300, SPOILS = 40 };

static const struct limit_cap caps[] = { { 1000, PERIOD_DAY },
					 { 100000, PERIOD_EVER } };
static const char *const users[] = { "ann", "*" };
static const struct hours window = { .days = 0x7f, .begin = 0, .end = 1440 };
static const struct rule_to to[] = { { .kind = RULE_TO_SELF },
    { .kind = RULE_TO_SUFFIX, .name = ".example.org" } };
static const struct rule rules[] = {
	{ .name = "self", .action = RULE_BLOCK, .to = to, .n_to = 2,
	    .hours = &window, .n_hours = 1 },
	{ .name = "members", .action = RULE_PASS, .users = users,
	    .n_users = 1, .commands = 0xe, .metered = true },
};
static const struct limit limits[] = {
	{ .name = "all", .bytes = caps, .n_bytes = 2, .time = caps,
	    .n_time = 2 },
};

static struct enforcer *enforcer;
static struct bases bases;
static uint64_t seed;

static uint64_t
draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void
make(void)
{
	const char *text = getenv("SEED");

	make_ledger();
	log_open(2, LOG_EMERG, "test");
	seed = text != NULL ? strtoull(text, NULL, 0) : 20261125;
	conf.policy = (struct policy){ .rules = rules, .n_rules = 2,
	    .limits = limits, .n_limits = 1, .has_hours = true };
	cr_assert_eq(bases_open(&bases, &b, &conf.policy), 0);
	enforcer = enforce_new(&books, 1);
	cr_assert_not_null(enforcer);
}

static void
unmake(void)
{
	bases_close(&bases);
	remove_ledger();
}

TestSuite(stolen, .init = make, .fini = unmake, .timeout = 60);

static void
note(void *arg, const struct row *row)
{
	(void)arg;
	enforce_note(enforcer, row);
}

static void
take_turn(void)
{
	uint64_t now_us = clock_wall_us();

	cr_assert_neq(sweep_run(&books, now_us, note, NULL), STORE_ERROR,
	    "%s", store_error(books.store));
	cr_assert_eq(bases_load(&bases, &books), STORE_OK);
	bases_refresh(&bases);
	bases_go_on(&bases, &books);
	bases_turn(&bases, &books, 7);
	/* every minute is an edge of the day, so that all are asked */
	enforce_run(enforcer, now_us + (draw() % 10080) * 60000000);
	cr_assert_eq(enforce_write(enforcer), STORE_OK);
}

static void
write_octets(void *at, size_t size, size_t n)
{
	unsigned char *octets = at;

	for (size_t i = 0; i < n; i++)
		octets[draw() % size] = (unsigned char)draw();
}

/* A few octets of a living session, or all of a slot. */
static void
spoil_slot(void)
{
	uint32_t slot = (uint32_t)(draw() % b.n.sessions);

	write_octets(&b.sessions[slot], sizeof(b.sessions[slot]),
	    draw() % 4 == 0 ? 3000 : draw() % 8);
	atomic_store(&b.states[slot], draw() % 8 == 0 ? (uint32_t)draw() :
	    (uint32_t)(draw() % N_SLOT_STATES));
}

static void
spoil_something(void)
{
	switch (draw() % 8) {
	case 0:
		write_octets(b.principals, b.n.principals *
		    sizeof(*b.principals), 50);
		break;
	case 1:
		write_octets(b.places, b.n.places * sizeof(*b.places), 20);
		break;
	case 2:
		write_octets(b.udp, b.n.udp * sizeof(*b.udp), 200);
		break;
	case 3:
		atomic_store(&b.header->high, (uint32_t)draw());
		atomic_store(&b.header->n_self, (uint32_t)draw());
		b.header->n_sessions = (uint32_t)draw();
		b.header->n_principals = (uint32_t)draw();
		atomic_store(&b.header->loading, (uint32_t)draw());
		break;
	default:
		spoil_slot();
	}
}

static void
add_honest_session(void)
{
	int64_t claimed = slot_claim(&b, owner_of_all);
	struct session_slot *s;

	if (claimed == -1)
		return;
	s = &b.sessions[claimed];
	s->client = client_address((uint8_t)draw());
	s->started_us = clock_wall_us();
	s->command = (uint8_t)(draw() % 4);
	s->metered = true;
	if (s->command == COMMAND_UDP)
		slot_udp(&b, (uint32_t)claimed);
	slot_set_principal(&b, (uint32_t)claimed, "ann", NAMED_BY_USER);
	slot_advance(&b, (uint32_t)claimed, SLOT_LIVE);
	slot_count(&b, (uint32_t)claimed, draw() % 1000, draw() % 1000);
	if (draw() % 2 == 0)
		slot_end(&b, (uint32_t)claimed, OUTCOME_IDLE);
}

/* Without this the test could pass by having written nothing. */
static void
expect_rows(void)
{
	cr_assert_gt(ask_db("SELECT count(*) FROM session"), 100);
	cr_assert_eq(ask_db("SELECT count(*) FROM session WHERE bytes_up < 0"
	    " OR bytes_down < 0 OR id <= 0 OR ended < started"), 0);
	cr_assert_eq(ask_db("SELECT count(*) FROM usage WHERE bytes_up < 0"
	    " OR bytes_down < 0 OR seconds < 0 OR sessions < 0"), 0);
	cr_assert_str_eq(ask_text("PRAGMA integrity_check"), "ok");
}

Test(stolen, whatever_is_written_to_it_the_accountant_goes_on)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (uint64_t i = draw() % 8; i > 0; i--)
			add_honest_session();
		take_turn();
		for (uint64_t i = draw() % SPOILS; i > 0; i--)
			spoil_something();
		take_turn();
	}
	cr_assert_neq(vanished_lose(&books, clock_wall_us()), STORE_ERROR);
	expect_rows();
}

/* After it, an honest board is served as if nothing had been. */
Test(stolen, an_honest_session_is_whole_beside_it)
{
	uint32_t slot;

	for (int i = 0; i < 200; i++)
		spoil_slot();
	take_turn();
	for (uint32_t i = 0; i < b.n.sessions; i++) {
		atomic_store(&b.states[i], SLOT_FREE);
		atomic_store(&b.owners[i], 0);
	}
	slot = begin_session("honest");
	move(slot, 812, 40210);
	cr_assert(slot_end(&b, slot, OUTCOME_CLIENT_CLOSED));
	take_turn();
	cr_assert_eq(ask_db("SELECT bytes_up * 100000 + bytes_down FROM"
	    " session WHERE user = 'honest'"), 81240210);
	cr_assert_eq(atomic_load(&b.states[slot]), SLOT_FREE);
}
