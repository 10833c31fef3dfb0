/*
 * What the accountant remembers between two sweeps: what the ledger says of
 * each slot, and how far each principal's active time is counted.  All of it
 * can be lost: the next accountant asks the ledger.
 */
#ifndef ACCOUNT_BOOKS_H
#define ACCOUNT_BOOKS_H

#include "periods.h"
#include "row.h"

struct conf;
struct store;
struct tally;

/* What the ledger says of the session in a slot. */
struct known {
	uint64_t	id;		/* 0: nothing is known */
	uint64_t	bytes_up, bytes_down, datagrams, active_ms;
	uint32_t	repeats;
	int16_t		reply;
	bool		granted, ended;
};

/* Up to when a principal's active time is counted, unmetered and metered. */
struct activity {
	uint32_t	name_hash;
	uint32_t	rest_ms[2];	/* not a whole second yet */
	uint64_t	until_ms[2];
	uint64_t	board_s;	/* what the board had counted then */
	uint64_t	turned_s;	/* and when the day turned */
};

/* What a transaction will have changed once it is committed. */
struct change {
	uint32_t	slot, principal;
	bool		free;		/* the slot, then */
	struct known	known;
	struct activity	before;		/* in case it fails */
};

struct books {
	const struct conf *conf;
	struct board	*board;
	struct store	*store;		/* NULL: not open now */
	struct known	*known;		/* by session slot */
	struct known	*past;		/* likewise: what it had moved when
					 * the day turned, told or not */
	char		past_day[DAY_NAME_SIZE];	/* that ended then */
	uint64_t	*told;		/* id of the last log line, by slot */
	struct activity	*activities;	/* by principal slot */
	struct change	*changes;
	size_t		n_changes;
	struct tally	*tally;
	struct periods	periods;
	uint64_t	first_id;	/* sessions from here on began under
					 * this accountant: no row is older */
	bool		left;		/* the store was moved: nothing goes
					 * into it any more */
	bool		anew;		/* the store has been opened: it may
					 * not have what is known of it */
	bool		writing;	/* a transaction runs */
	uint64_t	bad;		/* slots that held nonsense */
};

/* -1: out of memory.  The arrays cost what is used of them. */
int	books_open(struct books *k, struct board *board,
	    const struct conf *conf);
void	books_close(struct books *k);

/*
 * Turn the periods that are over, and remember what has moved until now: it is
 * of the day that ended, however much later the ledger hears of it (from the
 * next accountant, as of its own).  Returns their bits, as periods_turn().
 */
unsigned books_turn(struct books *k, uint64_t unix_s);

/*
 * Octets of a principal's session moved at these two times (wall clock in
 * ms); returns the whole seconds of activity that are new.  A second counts
 * once, whatever the number of sessions, and of a gap at most gap_ms counts.
 */
uint64_t activity_count(struct activity *a, bool metered, uint64_t from_ms,
	    uint64_t to_ms, uint64_t gap_ms);

/* The activity of this principal in its slot, begun anew if another was or
 * the clock went back. */
struct activity *books_activity(struct books *k, uint32_t slot,
	    const char *principal);

#endif
