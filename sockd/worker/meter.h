/*
 * How much may move now: counting, quotas and rates.
 */
#ifndef WORKER_METER_H
#define WORKER_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

enum { METER_CHUNK_MAX = 1024 * 1024 };	/* a session's bound over a quota */

/* One direction of one session. */
struct meter {
	struct session	*session;
	bool		up;
	bool		shaped;		/* the last leave came from buckets */
	size_t		leave;		/* what was asked for and allowed */
	uint64_t	second;		/* of the count that follows */
	uint64_t	moved;		/* octets within this second */
	uint64_t	asked_ns;	/* when it was asked last */
	uint64_t	waits_ns;	/* since when it waits for its turn */
};

enum meter_answer {
	METER_GO,		/* move at most meter->leave octets */
	METER_WAIT,		/* none before *resume_ms */
	METER_SPENT,		/* the quota is used up */
};

/*
 * Before each chunk: may octets move, at most want (and METER_CHUNK_MAX)?
 * What is allowed has been taken from the buckets: meter_moved() must follow.
 */
enum meter_answer meter_ask(struct meter *m, size_t want,
	    uint64_t *resume_ms);

/* So many did move (0: none): count them, give the rest of the leave back. */
void	meter_moved(struct meter *m, size_t octets);

/* So many of those that moved could not be passed on. */
void	meter_lost(struct meter *m, size_t octets);

#endif
