/*
 * The directories of a run: run_dir with the lock, the pid file and the
 * board; state_dir, in which root opens nothing.
 */
#ifndef MASTER_RUN_DIR_H
#define MASTER_RUN_DIR_H

#include "sockd/common/conf.h"

struct run_dir {
	int	fd;		/* the directory */
	int	lock;		/* shared by all processes of the run */
};

/*
 * Make what is missing (run_dir 0755, the starter's; state_dir 0750, the
 * accountant's), open run_dir and take the lock, waiting at most 5 s for a
 * dying run.  0; -1 after one logged error, which names the first sockd's
 * pid if another holds the lock.
 */
int	run_dir_open(struct run_dir *d, const struct conf *conf);

/* Write sockd.pid. */
int	run_dir_write_pid(const struct run_dir *d);

/*
 * Make the board of this run and take over what the last one left: sessions
 * that the database does not have yet, which end as lost.  A board that
 * cannot be read is kept aside and named in the log.  0; -1 after an error.
 */
int	run_dir_make_board(const struct run_dir *d, struct board *board,
	    const struct board_sizes *sizes);

/* The end: the pid file goes, the board only if it holds nothing. */
void	run_dir_close(struct run_dir *d, const struct board *board);

#endif
