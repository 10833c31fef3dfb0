/*
 * The directories of a run: run_dir with the lock and the pid file (its board
 * has run_board.h); state_dir, in which root opens nothing.
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

/* The end: the pid file goes, and the lock is given back. */
void	run_dir_close(struct run_dir *d);

#endif
