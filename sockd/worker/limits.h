/*
 * What holds a principal to its limit, before it may begin: sessions and
 * addresses at once, quotas; and the gauges of everybody.
 */
#ifndef WORKER_LIMITS_H
#define WORKER_LIMITS_H

#include <stdbool.h>

struct session;
struct rule;

/*
 * Say on the board whose session this is: the canonical user, or the
 * client's address.  False: there is no room for one more principal.
 */
bool	limits_name(struct session *s);

/*
 * Count this session: for its principal (waiting at most a second until the
 * accountant has loaded one that is new), against sessions.max and
 * max_per_address, and against the limit that applies, whose rates its slot
 * gets.  False: refused with its reply, or over; s->outcome says why.
 */
bool	limits_enter(struct session *s);

/*
 * May a session under this rule begin, as far as quotas go?  Sets the
 * slot's stop_at_bytes.  False: nothing is left (logged, unless it lives
 * under newer limits than ours, of which the accountant tells).
 */
bool	limits_have_left(struct session *s, const struct rule *rule);

#endif
