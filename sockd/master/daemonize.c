/*
 * Going into the background (-D).
 */
#include "daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

/* Standard error stays where it is if the log goes there. */
void
daemonize_ready(void)
{
	int null;

	if (ready == -1)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	while (write(ready, "", 1) == -1 && errno == EINTR)
		;
	close(ready);
	ready = -1;
}
