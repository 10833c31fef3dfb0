/*
 * One direction of a tunnel: octets from one socket to the other.
 */
#ifndef WORKER_FLOW_H
#define WORKER_FLOW_H

#include "meter.h"

struct buffer;
struct pipe;

/* What it waits for. */
enum flow_need {
	FLOW_IN,		/* its source to be readable */
	FLOW_OUT,		/* its sink to be writable */
	FLOW_TIME,		/* resume_ms: it is shaped */
	FLOW_DONE,		/* nothing: the end was read, all passed on */
	FLOW_SPENT,		/* nothing: the quota is used up */
	FLOW_REFUSED,		/* nothing: its sink was reset */
	FLOW_BROKEN,		/* nothing: errno is in error */
};

struct flow {
	struct meter	meter;
	int		from, to;	/* lent */
	struct buffer	*buffer;	/* copied octets on their way */
	struct pipe	*pipe;		/* spliced ones */
	size_t		unpaid;		/* of the buffer, at its end: not
					 * counted, and stays here, yet */
	enum flow_need	need;
	bool		splices;	/* now; else it copies */
	bool		ending;		/* the source's FIN has come */
	bool		ended;		/* and was read */
	bool		marked;		/* an urgent octet was announced */
	bool		mark_ahead;	/* and what stands before it is on its
					 * way yet: to ask for it again is to
					 * be told again */
	bool		has_urgent;	/* and is in our hands */
	uint8_t		urgent;
	bool		no_pipe;	/* there is none to be had */
	unsigned	full;		/* chunks that filled it, in a row */
	uint64_t	resume_ms;
	bool		took, passed;	/* an octet, in the last flow_move(): it
					 * from the source, or on to the sink */
	int		error;
};

/*
 * Move what can be moved now, for a bounded time, and set need.  It never
 * blocks.  said is what poll(2) said of the source, of flow_events().
 */
void	flow_move(struct flow *f, short said);

/* What to ask poll(2) of its source while it needs FLOW_IN. */
short	flow_events(const struct flow *f);

/* Does it hold octets that may be passed on and were not yet? */
bool	flow_holds(const struct flow *f);

/* Octets that the kernel was given for its sink and the peer has not
 * acknowledged; 0, too, where a system does not tell. */
int	flow_queued(const struct flow *f);

/* It ends here: what it still holds was not delivered and does not count.
 * Its pipe is left empty. */
void	flow_drop(struct flow *f);

#endif
