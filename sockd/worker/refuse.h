/*
 * Refusing a client: the answer, what is recorded, and an end that lets the
 * answer arrive.
 */
#ifndef WORKER_REFUSE_H
#define WORKER_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/socks5.h"
#include "sockd/common/board.h"

struct session;

/*
 * A request fails: reply, and record this outcome.  Returns false.  Whoever
 * closes the client sees to it that a reset does not eat the reply
 * (refuse_close).
 */
bool	refuse(struct session *s, enum socks5_rep rep, enum outcome why);

/* The same with an answer that is no reply to a request. */
bool	refuse_octets(struct session *s, const void *octets, size_t len,
	    enum outcome why);

/*
 * Close a client that was refused: say that no more comes, and for a short
 * while take what still arrives (RFC 1928, section 6: 10 s at most).
 */
void	refuse_close(struct session *s);

#endif
