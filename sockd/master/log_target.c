/*
 * Opening the log, in the master, with the rights that it was started with.
 * What it cannot open leaves the log as it is.
 */
#include "log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "sockd/common/conf.h"
#include "sockd/common/log.h"

/* In a container there is often none, and every line would be lost in
 * silence. */
static void
doubt_syslog(void)
{
	if (access(_PATH_LOG, W_OK) == -1)
		log_warning("log goes nowhere file=%s why=\"%s\"", _PATH_LOG,
		    strerror(errno));
}

int
log_target_open(const struct conf *conf, int *fd)
{
	*fd = conf->log.target == LOG_TO_STDERR ? STDERR_FILENO : -1;
	if (conf->log.target == LOG_TO_SYSLOG)
		doubt_syslog();
	if (conf->log.target != LOG_TO_FILE)
		return 0;
	/* Of a pipe neither the open nor a write is to wait for a reader. */
	*fd = open(conf->log.file, O_WRONLY | O_APPEND | O_CREAT |
	    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	if (*fd != -1)
		return 0;
	log_err("log not opened file=%s why=\"%s\"", conf->log.file,
	    errno == ELOOP ? "must not be a symbolic link" : strerror(errno));
	return -1;
}

void
log_target_use(const struct conf *conf, bool verbose, int fd)
{
	log_open(fd, verbose ? LOG_DEBUG : conf->log.level, "sockd");
}

int
log_target_renew(const struct conf *conf, bool verbose)
{
	int fd;

	if (log_target_open(conf, &fd) == -1)
		return -1;
	log_target_use(conf, verbose, fd);
	return 0;
}
