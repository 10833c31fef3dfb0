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
 * Send the question, len octets at buf, and wait for its answer until due_ms;
 * it comes into buf, which has room for MESSAGE_MAX.  Returns the answer's
 * length; 0: none came (the helper died, the time is over, too many wait);
 * -1: the session is over (cut, the client was reset), s->outcome says why.
 * The time that it took is excused from the handshake's.
 */
ssize_t	ask(struct session *s, struct asker *asker, uint8_t *buf, size_t len,
	    uint64_t due_ms);

#endif
