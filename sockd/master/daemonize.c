/*
 * Going into the background (-D).
 */
#include "daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sockd/common/log.h"

static int ready = -1;

int
daemonize(void)
{
	char octet;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	pid = fork();
	if (pid == -1)
		return -1;
	if (pid > 0) {
		close(fds[1]);
		_exit(read(fds[0], &octet, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	ready = fds[1];
	setsid();
	return chdir("/");
}

void
daemonize_detach(void)
{
	int null;

	if (ready == -1)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (log_fd() != STDERR_FILENO)
		dup2(null, STDERR_FILENO);
	close(null);
}

void
daemonize_ready(void)
{
	if (ready == -1)
		return;
	while (write(ready, "", 1) == -1 && errno == EINTR)
		;
	close(ready);
	ready = -1;
}
