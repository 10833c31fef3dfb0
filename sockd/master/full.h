/*
 * Whether the board is full: told when it starts and when it ends.
 */
#ifndef MASTER_FULL_H
#define MASTER_FULL_H

#include "sockd/common/board.h"
#include "sockd/common/log.h"

struct conf;

struct full {
	struct log_condition	conditions[N_BOARD_FULL];
	uint64_t		met_ms[N_BOARD_FULL];	/* the last time */
};

/*
 * Look whether workers have found it full since the last time: cheap, called
 * at every turn of the master's loop.  True: it is, and the end of that is to
 * be noticed.
 */
bool	full_tell(struct full *f, struct board *b, const struct conf *conf);

#endif
