/*
 * What NSS knows of an account.
 */
#ifndef AUTH_GROUPS_H
#define AUTH_GROUPS_H

#include <stdbool.h>

#include "lib/message.h"

struct policy;

/*
 * Spell a->user as NSS spells it, and fill a->gids (at most
 * MESSAGE_GROUPS_MAX; of more, those that policy names come first).  A user
 * that NSS does not know keeps the name and has no groups.  False (logged):
 * NSS could not answer, and rules and limits by group would not hold.  May
 * wait for NSS.
 */
bool	groups_look_up(struct login_answer *a, const struct policy *policy);

#endif
