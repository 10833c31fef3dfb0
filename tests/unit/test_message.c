/*
 * Messages between processes: what was written is read, and nothing else
 * is; whatever the octets, nothing beyond them is looked at (each input lies
 * in an allocation of its own size, for ASan).
 */
#include <criterion/criterion.h>

#include <string.h>

#include "lib/message.h"
#include "message_values.h"

/* The same value: it encodes to the same octets. */
static void
check_same(enum message_kind kind, const union message *m,
    const uint8_t *octets, size_t len)
{
	uint8_t again[MESSAGE_MAX];

	cr_assert_eq(encode(kind, again, m), len, "kind %d", kind);
	cr_assert_arr_eq(again, octets, len, "kind %d", kind);
}

static struct addr
address(const char *text, uint16_t port)
{
	struct addr a = { 0 };

	cr_assert(addr_parse(&a, text), "%s", text);
	a.port = port;
	return a;
}

/* size - 1 octets and a NUL. */
static void
fill(char *text, size_t size, int octet)
{
	memset(text, octet, size - 1);
	text[size - 1] = '\0';
}

enum { SHORTEST, USUAL, LONGEST, N_SAMPLES };

static void
sample_login(struct login_question *q, int which)
{
	q->serial = which == LONGEST ? UINT64_MAX : (uint64_t)which;
	q->client = address("10.0.0.7", 5123);
	if (which == USUAL) {
		strcpy(q->service, "sockd");
		strcpy(q->user, "ann");
		strcpy(q->password, "pass w\xf6rd\n\x7f");
	}
	if (which == LONGEST) {
		fill(q->service, sizeof(q->service), 's');
		fill(q->user, sizeof(q->user), 0xff);
		fill(q->password, sizeof(q->password), 1);
		q->client = address("fe80::7", 65535);
		q->client.scope = UINT32_MAX;
	}
}

static void
sample_login_answer(struct login_answer *a, int which)
{
	static const enum login_verdict verdicts[] = {
		LOGIN_NO, LOGIN_YES, LOGIN_ERROR,
	};

	a->serial = 0x0123456789abcdef;
	a->verdict = verdicts[which];
	if (which == USUAL) {
		strcpy(a->user, "ann");
		a->n_gids = 2;
		a->gids[1] = 100;
	}
	if (which == LONGEST) {
		fill(a->user, sizeof(a->user), 'u');
		a->n_gids = MESSAGE_GROUPS_MAX;
		for (size_t i = 0; i < a->n_gids; i++)
			a->gids[i] = UINT32_MAX - (gid_t)i;
	}
}

static void
sample_resolve(struct resolve_question *q, int which)
{
	static const char *const starts[] = { "a", "www.example.org", "" };

	q->serial = 7;
	strcpy(q->name, starts[which]);
	if (which == LONGEST) {		/* 3 * 64 + 61 = 253 */
		fill(q->name, NAME_MAX_OCTETS + 1, 'x');
		q->name[63] = q->name[127] = q->name[191] = '.';
	}
}

static void
sample_resolve_answer(struct resolve_answer *a, int which)
{
	a->serial = 8;
	a->verdict = which == SHORTEST ? RESOLVE_NONE : RESOLVE_FOUND;
	if (which == USUAL) {
		a->n_addrs = 2;
		a->addrs[0] = address("2001:db8::1", 0);
		a->addrs[1] = address("192.0.2.1", 0);
	}
	if (which == LONGEST) {
		a->n_addrs = MESSAGE_ADDRS_MAX;
		for (size_t i = 0; i < a->n_addrs; i++) {
			a->addrs[i] = address("fe80::1", 0);
			a->addrs[i].scope = (uint32_t)i + 1;
		}
	}
}

static void
sample_tunnel(struct tunnel_message *t, int which)
{
	t->slot = which == LONGEST ? UINT32_MAX : (uint32_t)which;
	t->n_fds = which == LONGEST ? MESSAGE_FDS_MAX : 1 + (uint32_t)which;
	t->owner = which == LONGEST ? UINT64_MAX : 0x1000200030004000;
}

/* A message of each kind; returns its length. */
static size_t
sample(enum message_kind kind, int which, uint8_t buf[MESSAGE_MAX],
    union message *m)
{
	memset(m, 0, sizeof(*m));
	switch (kind) {
	case MESSAGE_LOGIN:
		sample_login(&m->login, which);
		break;
	case MESSAGE_LOGIN_ANSWER:
		sample_login_answer(&m->login_answer, which);
		break;
	case MESSAGE_RESOLVE:
		sample_resolve(&m->resolve, which);
		break;
	case MESSAGE_RESOLVE_ANSWER:
		sample_resolve_answer(&m->resolve_answer, which);
		break;
	case MESSAGE_TUNNEL:
		sample_tunnel(&m->tunnel, which);
		break;
	}
	return encode(kind, buf, m);
}

typedef void (*sample_fn)(enum message_kind kind, const uint8_t *octets,
    size_t len, const union message *m);

static void
each_sample(sample_fn check)
{
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		for (int which = 0; which < N_SAMPLES; which++) {
			uint8_t buf[MESSAGE_MAX];
			union message m;
			size_t len = sample(kinds[i], which, buf, &m);

			check(kinds[i], buf, len, &m);
		}
}

static void
check_round_trip(enum message_kind kind, const uint8_t *octets, size_t len,
    const union message *m)
{
	union message got = { 0 };

	cr_assert_gt(len, 0);
	cr_assert_leq(len, MESSAGE_MAX);
	cr_assert(decode_exact(kind, octets, len, &got), "kind %d", kind);
	check_same(kind, &got, octets, len);
	/* The samples and got began as zeros: padding is alike. */
	cr_assert_arr_eq(&got, m, sizeof(got), "kind %d", kind);
}

Test(message, round_trip)
{
	each_sample(check_round_trip);
}

static void
check_prefixes(enum message_kind kind, const uint8_t *octets, size_t len,
    const union message *m)
{
	(void)m;
	for (size_t n = 0; n < len; n++)
		check_refused(kind, octets, n, "a prefix");
}

Test(message, every_prefix_is_refused)
{
	each_sample(check_prefixes);
}

static void
check_longer(enum message_kind kind, const uint8_t *octets, size_t len,
    const union message *m)
{
	uint8_t longer[MESSAGE_MAX + 1] = { 0 };

	(void)m;
	memcpy(longer, octets, len);
	check_refused(kind, longer, len + 1, "an octet too many");
	longer[len] = 0xff;
	check_refused(kind, longer, len + 1, "an octet too many");
	check_refused(kind, longer, MESSAGE_MAX, "many too many");
	check_refused(kind, longer, sizeof(longer), "over MESSAGE_MAX");
}

Test(message, one_octet_longer_is_refused)
{
	each_sample(check_longer);
}

/* Another value, or refused; and one value has one encoding. */
static void
check_corruptions(enum message_kind kind, const uint8_t *octets, size_t len,
    const union message *m)
{
	uint8_t bad[MESSAGE_MAX];
	union message got;

	(void)m;
	memcpy(bad, octets, len);
	for (size_t i = 0; i < len; i++) {
		for (int v = 0; v < 256; v++) {
			bad[i] = (uint8_t)v;
			memset(&got, 0, sizeof(got));
			if (decode_exact(kind, bad, len, &got))
				check_same(kind, &got, bad, len);
		}
		bad[i] = octets[i];
	}
}

Test(message, every_corruption_of_one_octet)
{
	each_sample(check_corruptions);
}

static void
check_other_kinds(enum message_kind kind, const uint8_t *octets, size_t len,
    const union message *m)
{
	(void)m;
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (kinds[i] != kind)
			check_refused(kinds[i], octets, len, "another kind");
}

Test(message, one_kind_is_not_taken_for_another)
{
	each_sample(check_other_kinds);
}

Test(message, random_octets)
{
	uint8_t octets[512];
	uint32_t state = 1;

	for (int round = 0; round < 20000; round++) {
		enum message_kind kind = kinds[round % N_ELEMENTS(kinds)];
		union message got = { 0 };
		size_t len;

		for (size_t i = 0; i < sizeof(octets); i++) {
			state = state * 1664525 + 1013904223;
			octets[i] = (uint8_t)(state >> 24);
		}
		len = octets[511] + (round & 1 ? 200 : 0);
		octets[0] = (uint8_t)kind;
		octets[10] = round & 2 ? 0 : octets[10];
		if (decode_exact(kind, octets, len, &got))
			check_same(kind, &got, octets, len);
	}
}
