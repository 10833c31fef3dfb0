/*
 * Answers to a client: the reply to a request in its protocol's form, and
 * what a failed connect(2) is called there.
 */
#ifndef WORKER_REPLY_H
#define WORKER_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/socks5.h"
#include "sockd/common/board.h"

struct session;

/* The kinds of failure: how they are told, and how they are recorded. */
struct reply_failure {
	enum socks5_rep	rep;
	enum outcome	outcome;
};

/* What errno of connect(2), bind(2) or socket(2) means. */
struct reply_failure reply_of_errno(int error);

/*
 * Send len octets of an answer.  False: the client is gone or the handshake's
 * deadline has come; s->outcome says which.
 */
bool	reply_octets(struct session *s, const void *octets, size_t len);

/*
 * Send the reply to a request: SOCKS5's rep (RFC 1928, section 6), or SOCKS4's
 * 90 or 91 that it is mapped to.  bnd may be NULL: zeros.  The board shows
 * rep.  False as above.
 */
bool	reply_send(struct session *s, enum socks5_rep rep,
	    const struct addr *bnd);

#endif
