/*
 * A target as text, for the tests of requests.
 */
#ifndef TESTS_UNIT_TARGET_TEXT_H
#define TESTS_UNIT_TARGET_TEXT_H

#include <stdio.h>

#include "lib/target.h"

/* "name:port", "192.0.2.1:80", "[::1]:80". */
static inline const char *
target_text(const struct target *t, char *buf, size_t size)
{
	char addr[ADDR_TEXT_MAX];

	if (t->addr.family == ADDR_NONE)
		snprintf(buf, size, "%s:%u", t->name, t->port);
	else
		snprintf(buf, size, "%s%s", t->name,
		    addr_format_port(&t->addr, addr));
	return buf;
}

#endif
