/*
 * The board of a run: made at its start, left or removed at its end.
 */
#ifndef MASTER_RUN_BOARD_H
#define MASTER_RUN_BOARD_H

#include "sockd/common/board.h"

/*
 * Make the board of this run in run_dir and take over what the last one left:
 * sessions that the database does not have yet, which end as lost.  A board
 * that cannot be read is kept aside and named in the log.  0; -1 after an
 * error.
 */
int	run_board_make(int dirfd, struct board *board,
	    const struct board_sizes *sizes);

/* The end: the file goes only if it holds nothing. */
void	run_board_leave(int dirfd, const struct board *board);

#endif
