/*
 * The table of targets: small sets, each searched as a whole.
 */
#include "udp_target.h"

#include <string.h>

#include "lib/hash.h"

static unsigned
set_of(const struct target *asked)
{
	uint32_t hash = HASH_BEGIN;

	hash = hash_octets(hash, asked->name, strlen(asked->name));
	hash = hash_octets(hash, asked->addr.ip, addr_size(&asked->addr));
	hash = hash_octets(hash, &asked->port, sizeof(asked->port));
	return (hash ^ hash >> 16) % TARGET_SETS;
}

static bool
is_same(const struct target *a, const struct target *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr) &&
	    strcmp(a->name, b->name) == 0;
}

void
udp_targets_reset(struct udp_targets *t)
{
	t->life++;
	t->clock = 0;
}

static bool
is_free(const struct udp_targets *t, const struct udp_target *e)
{
	return e->life != t->life;
}

/* Is a the better one to be given up? */
static bool
is_older(const struct udp_targets *t, const struct udp_target *a,
    const struct udp_target *b)
{
	if (is_free(t, a) || is_free(t, b))
		return is_free(t, a);
	return a->used < b->used;
}

struct udp_target *
udp_targets_find(struct udp_targets *t, const struct target *asked)
{
	struct udp_target *set = t->list[set_of(asked)], *oldest = NULL;

	t->clock++;
	for (int i = 0; i < TARGET_WAYS; i++) {
		struct udp_target *e = &set[i];

		if (!is_free(t, e) && is_same(&e->asked, asked)) {
			e->used = t->clock;
			return e;
		}
		if (!is_free(t, e) && e->state == TARGET_WAITS)
			continue;
		if (oldest == NULL || is_older(t, e, oldest))
			oldest = e;
	}
	if (oldest != NULL)
		*oldest = (struct udp_target){ .asked = *asked,
			.life = t->life, .used = t->clock };
	return oldest;
}

struct udp_target *
udp_targets_next_at(struct udp_targets *t, const struct addr *addr,
    unsigned *at)
{
	while (*at < TARGET_SETS * TARGET_WAYS) {
		unsigned i = (*at)++;
		struct udp_target *e =
		    &t->list[i / TARGET_WAYS][i % TARGET_WAYS];

		if (!is_free(t, e) && addr_equal(&e->addr, addr))
			return e;
	}
	return NULL;
}
