/*
 * Waiting for a helper's answer on behalf of a session.
 */
#ifndef WORKER_ASK_H
#define WORKER_ASK_H

#include <stdint.h>
#include <sys/types.h>

struct asker;
struct session;

/*
 * Send the question and wait for its answer until due_ms.  buf holds
 * MESSAGE_MAX.  Returns the answer's length; 0: none came (the helper died,
 * the time is over, too many wait); -1: the session is over (cut, the client
 * was reset), s->outcome says why.  The time that it took is excused from
 * the handshake's.
 */
ssize_t	ask(struct session *s, struct asker *asker, const void *question,
	    size_t len, uint64_t due_ms, uint8_t *buf);

#endif
