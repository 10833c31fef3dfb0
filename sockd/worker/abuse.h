/*
 * Clients that come too often or fail to log in too often, by address.
 */
#ifndef WORKER_ABUSE_H
#define WORKER_ABUSE_H

#include <stdbool.h>

struct session;

/*
 * May a client just accepted go on?  Not under a penalty, nor beyond
 * sessions.handshakes_per_address (logged): then it is closed at once.
 */
bool	abuse_may_come(struct session *s);

/*
 * May it log in?  Not if the penalty began after it came: else whoever opens
 * many connections first has a guess in each.  To be asked before PAM is, and
 * after: else the guesses that PAM looks at meanwhile are free.
 */
bool	abuse_may_log_in(const struct session *s);

/*
 * Count its session against sessions.max_per_address.  False (logged): it is
 * one too many.
 */
bool	abuse_may_serve(struct session *s);

/* A login has failed; logs the penalty if that brings one. */
void	abuse_count_failure(struct session *s);

#endif
