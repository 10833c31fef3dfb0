/*
 * A tunnel on its way between a worker and a keeper: a message that names its
 * session, and its descriptors beside it.
 */
#ifndef COMMON_TUNNEL_H
#define COMMON_TUNNEL_H

#include "board.h"
#include "channel.h"

struct tunnel {
	uint32_t	slot;
	uint64_t	owner;		/* us, from now on */
	size_t		n_fds;		/* at least 1: the client's */
	int		fds[CHANNEL_FDS_MAX];
};

enum tunnel_from {
	FROM_WORKER,		/* it may be stolen */
	FROM_KEEPER,		/* what wakes is wanted soon */
};

enum tunnel_fate {
	TUNNEL_NONE,		/* none is in the channel */
	TUNNEL_LOST,		/* there was one that is not to be served */
	TUNNEL_TAKEN,		/* it is ours, descriptors and all */
};

/*
 * Receive one tunnel and swap its owner word.  owner is a word of ours that
 * was not used before.  One with a descriptor that blocks is not taken from a
 * worker, for it could hold the next one in a call that heeds no cut; so a
 * keeper has none to give, and is not asked.  One whose descriptors found no
 * room in this process can be served by nobody: its session ends here, as an
 * error.  Does not block where the channel does not.
 */
enum tunnel_fate tunnel_take(struct board *b, int channel,
	    enum tunnel_from from, uint64_t owner, struct tunnel *t);

#endif
