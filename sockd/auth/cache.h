/*
 * Logins that PAM said yes to, remembered for pam.cache.
 *
 * What is remembered is a keyed hash (BLAKE2b) over service, user, password
 * and client address, because PAM may decide by any of them, and beside it
 * what a yes brings: the canonical user and the groups.  The key is drawn by
 * the family's parent and exists in no other process; no password is stored,
 * and neither is a no.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "lib/message.h"

struct cache;

/*
 * An empty cache with a new key, shared with the processes forked later.
 * Yeses hold for keep_ms; 0: nothing is remembered.  NULL and errno.
 */
struct cache *cache_create(uint64_t keep_ms);
void	cache_destroy(struct cache *c);

/* Was this login answered with yes lately?  Then fill a, serial too. */
bool	cache_find(const struct cache *c, const struct login_question *q,
	    uint64_t now_ms, struct login_answer *a);

/* Remember a yes.  The one that would be forgotten first may have to go. */
void	cache_store(struct cache *c, const struct login_question *q,
	    uint64_t now_ms, const struct login_answer *a);

#endif
