/*
 * Workers wake others by these: the accountant before its interval is over,
 * for a principal in state LOADING, session slots half full, or the end of
 * the run; the master when workers run short.  A pipe each, made by the
 * master, non-blocking at both ends; one octet in it at a time, so that a
 * crowd of workers costs one write(2).
 */
#ifndef COMMON_WAKE_H
#define COMMON_WAKE_H

#include "board.h"

/* Make one: ends[0] for whoever is woken, ends[1] for whoever wakes. */
int	wake_make(int ends[2]);

/* Wake it, unless it was and has not looked yet.  Never blocks. */
void	wake_accountant(struct board *b, int wake_send);

/* Should the accountant come at once: are few slots free, or is this the
 * end? */
bool	wake_is_due(const struct board *b);

/*
 * Wake the master if it can do something about workers that run short: fewer
 * than min_spare are idle and it may fork more; or none is, which it tells,
 * and hears once a second.  Writes one octet to its pipe, unless one is
 * there.  Never blocks.
 */
void	wake_master(struct board *b, int wake_send, unsigned min_spare,
	    unsigned max);

/*
 * Whoever is woken, at every turn before it looks: empty the pipe, then the
 * flag.  -1: there is no pipe.
 */
void	wake_take_accountant(struct board *b, int wake_receive);
void	wake_take_master(struct board *b, int wake_receive);

#endif
