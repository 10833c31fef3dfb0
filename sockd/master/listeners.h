/*
 * The listening sockets, by the listen sections of the configuration.
 */
#ifndef MASTER_LISTENERS_H
#define MASTER_LISTENERS_H

#include "sockd/common/process.h"

struct listeners {
	struct listener	*list;		/* one or two sockets a section */
	size_t		n;
	bool		activated;	/* some came from the service manager */
};

/*
 * Open what conf names and keep what is open already: a socket whose address
 * stays is not touched, so that no client is refused.  An address in use is
 * tried again for patience_ms.  On failure -1 after a logged error, and *l is
 * as before; on success what is gone has been closed.
 */
int	listeners_update(struct listeners *l, const struct conf *conf,
	    uint64_t patience_ms);

/* Stop listening, for every process that shares the sockets. */
void	listeners_stop(const struct listeners *l);
void	listeners_close(struct listeners *l);

#endif
