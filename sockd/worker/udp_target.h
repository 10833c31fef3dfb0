/*
 * The targets of an association, as its client wrote them, and what was
 * decided about each.  Bounded: the one that was used least lately goes.
 */
#ifndef WORKER_UDP_TARGET_H
#define WORKER_UDP_TARGET_H

#include "lib/target.h"
#include "udp_batch.h"

struct udp_count;

enum udp_target_state {
	TARGET_NEW,		/* nothing is decided */
	TARGET_WAITS,		/* for its name's addresses; never goes */
	TARGET_UNRESOLVED,	/* no such name; asked again at retry_ms */
	TARGET_BLOCKED,
	TARGET_PASSES,
};

struct udp_target {
	struct target		asked;
	enum udp_target_state	state;
	uint32_t		life;		/* of which association */
	uint32_t		used;		/* when: the table's clock */
	unsigned		minute;		/* of the week, when judged */
	uint64_t		retry_ms;
	bool			postponed;	/* other names went first */
	/* with TARGET_PASSES */
	struct addr		addr;
	union udp_name		to;
	socklen_t		to_len;
	unsigned		rule;
	const struct addr	*source;	/* the rule's, or NULL */
	bool			counted;	/* count was looked for */
	struct udp_count	*count;		/* or NULL */
};

enum { TARGET_SETS = 256, TARGET_WAYS = 4 };

struct udp_targets {
	uint32_t		life, clock;
	struct udp_target	list[TARGET_SETS][TARGET_WAYS];
};

/* Another association: it knows nothing of the last one's. */
void	udp_targets_reset(struct udp_targets *t);

/*
 * The entry of this target, a TARGET_NEW one if it was not there.  NULL: all
 * that it could take the place of wait for names.
 */
struct udp_target *udp_targets_find(struct udp_targets *t,
	    const struct target *asked);

/*
 * The targets that are at this address, whatever their port: call it with
 * *at = 0, and again, until it gives NULL.
 */
struct udp_target *udp_targets_next_at(struct udp_targets *t,
	    const struct addr *addr, unsigned *at);

#endif
