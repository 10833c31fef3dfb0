/*
 * Addresses, prefixes and questions as static initialisers, so that the
 * tests of the rule engine can be tables (which is why they are macros).
 */
#ifndef TESTS_UNIT_RULE_VALUES_H
#define TESTS_UNIT_RULE_VALUES_H

#include "lib/elements.h"

#define IP4(a, b, c, d)		{ .family = ADDR_IPV4, .ip = { a, b, c, d } }
#define NET4(a, b, c, d, n)	{ .base = IP4(a, b, c, d), .bits = n }

/* 2001:db8::last */
#define IP6(last)		{ .family = ADDR_IPV6, .ip = { 0x20, 0x01, \
				    0x0d, 0xb8, [15] = last } }
#define NET6(n)			{ .base = IP6(0), .bits = n }

/* A list and its length, as struct rule has them: LIST(from, office). */
#define LIST(member, array)	.n_##member = N_ELEMENTS(array), \
				.member = array

#define BIT(n)			(UINT64_C(1) << (n))
#define COMMANDS(c)		(1U << (c))

#endif
