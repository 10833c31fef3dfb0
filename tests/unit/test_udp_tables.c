/*
 * What an association remembers: targets and addresses, bounded.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/elements.h"
#include "sockd/worker/udp_peer.h"
#include "sockd/worker/udp_target.h"

static struct udp_targets targets;
static struct udp_peers peers;

static struct target
at(uint32_t ip, uint16_t port)
{
	const uint8_t octets[4] = { 10, (uint8_t)(ip >> 16),
		(uint8_t)(ip >> 8), (uint8_t)ip };
	struct target t = { .port = port };

	addr_from_ipv4(&t.addr, octets, port);
	return t;
}

static struct target
named(const char *name, uint16_t port)
{
	struct target t = { .port = port };

	snprintf(t.name, sizeof(t.name), "%s", name);
	return t;
}

static struct udp_target *
find(struct target t)
{
	return udp_targets_find(&targets, &t);
}

static void
begin(void)
{
	udp_targets_reset(&targets);
	udp_peers_reset(&peers);
}

TestSuite(udp_targets, .init = begin);
TestSuite(udp_peers, .init = begin);

Test(udp_targets, the_same_is_found_again)
{
	struct udp_target *t = find(at(1, 53));

	cr_assert_not_null(t);
	cr_assert_eq(t->state, TARGET_NEW);
	t->state = TARGET_PASSES;
	cr_assert_eq(find(at(1, 53)), t);
	cr_assert_eq(t->state, TARGET_PASSES);
}

Test(udp_targets, address_port_and_name_tell_them_apart)
{
	const struct target all[] = { at(1, 53), at(2, 53), at(1, 54),
		named("a.example", 53), named("b.example", 53),
		named("a.example", 54) };
	enum { N = N_ELEMENTS(all) };
	struct udp_target *found[N];

	for (int i = 0; i < N; i++) {
		found[i] = udp_targets_find(&targets, &all[i]);
		for (int k = 0; k < i; k++)
			cr_assert_neq(found[i], found[k], "%d and %d", i, k);
	}
	for (int i = 0; i < N; i++)
		cr_assert_eq(udp_targets_find(&targets, &all[i]), found[i]);
}

Test(udp_targets, another_association_knows_nothing)
{
	find(at(1, 53))->state = TARGET_BLOCKED;
	udp_targets_reset(&targets);
	cr_assert_eq(find(at(1, 53))->state, TARGET_NEW);
}

Test(udp_targets, one_in_use_outlives_any_number)
{
	struct udp_target *kept = find(at(0, 1));

	kept->state = TARGET_PASSES;
	for (uint32_t i = 1; i < 50000; i++) {
		find(at(i, 1))->state = TARGET_PASSES;
		cr_assert_eq(find(at(0, 1)), kept);
	}
	cr_assert_eq(kept->state, TARGET_PASSES);
}

Test(udp_targets, one_that_waits_never_goes)
{
	struct udp_target *waiting = find(named("slow.example", 53));

	waiting->state = TARGET_WAITS;
	for (uint32_t i = 0; i < 50000; i++)
		cr_assert_neq(find(at(i, 1)), waiting);
	cr_assert_eq(find(named("slow.example", 53)), waiting);
}

Test(udp_targets, full_of_waiting_ones)
{
	unsigned n = 0;
	struct udp_target *t;

	for (uint32_t i = 0; i < 50000; i++) {
		t = find(at(i, 1));
		if (t != NULL) {
			cr_assert_eq(t->state, TARGET_NEW);
			t->state = TARGET_WAITS;
			n++;
		}
	}
	cr_assert_eq(n, TARGET_SETS * TARGET_WAYS);
	cr_assert_null(find(at(50001, 1)));
}

Test(udp_peers, found_by_address_whatever_the_port)
{
	struct target a = at(1, 53), other = at(1, 4000), b = at(2, 53);

	cr_assert(udp_peers_add(&peers, &a.addr, 7, 1));
	cr_assert_not(udp_peers_add(&peers, &other.addr, 8, 2));
	cr_assert_eq(udp_peers_find(&peers, &a.addr)->rule, 8);
	cr_assert_null(udp_peers_find(&peers, &b.addr));
	udp_peers_reset(&peers);
	cr_assert_null(udp_peers_find(&peers, &a.addr));
}

Test(udp_peers, the_latest_are_known)
{
	enum { N = 20000, LATEST = 256 };
	unsigned known = 0;

	for (uint32_t i = 0; i < N; i++) {
		struct target t = at(i, 53);

		cr_assert(udp_peers_add(&peers, &t.addr, 0, 0));
	}
	for (uint32_t i = N - LATEST; i < N; i++) {
		struct target t = at(i, 53);

		known += udp_peers_find(&peers, &t.addr) != NULL;
	}
	cr_assert_eq(known, LATEST);
}
