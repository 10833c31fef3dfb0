/*
 * Where the log goes, as the configuration says: opened by the master at the
 * start and at each SIGHUP, before it forks whoever is to write there.
 */
#ifndef MASTER_LOG_TARGET_H
#define MASTER_LOG_TARGET_H

#include <stdbool.h>

struct conf;

/*
 * Open what conf names; what is logged goes on as before.  0, and in *fd what
 * log_target_use() takes: a file's, or STDERR_FILENO, or -1 for syslog.  -1
 * after an error line.
 */
int	log_target_open(const struct conf *conf, int *fd);

/* Log there from now on, at conf's level, or all if verbose.  Takes fd. */
void	log_target_use(const struct conf *conf, bool verbose, int fd);

/* Both.  -1 after an error line in the log as it was. */
int	log_target_renew(const struct conf *conf, bool verbose);

#endif
