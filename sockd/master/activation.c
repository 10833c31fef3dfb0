/*
 * Socket activation and readiness under a service manager.  Runs in the
 * master; does nothing where sockd was started by hand.
 */
#include "config.h"
#include "activation.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "sockd/common/clock.h"
#include "sockd/common/log.h"

#ifdef HAVE_SYSTEMD

enum { PASSED_MAX = 128 };

static int passed[PASSED_MAX];
static int n_passed;

void
activation_init(void)
{
	int n = sd_listen_fds(1);

	for (int i = 0; i < n && n_passed < PASSED_MAX; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		passed[n_passed++] = fd;
	}
}

int
activation_take(const struct addr *addr)
{
	for (int i = 0; i < n_passed; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		struct addr have;
		int fd = passed[i];

		if (fd == -1 ||
		    sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
		    getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
		    !addr_from_sockaddr(&have, (struct sockaddr *)&ss, len) ||
		    !addr_equal_port(&have, addr))
			continue;
		passed[i] = -1;
		return fd;
	}
	errno = ENOENT;
	return -1;
}

void
activation_finish(void)
{
	for (int i = 0; i < n_passed; i++) {
		if (passed[i] == -1)
			continue;
		log_warning("socket not used fd=%d why=\"passed by the "
		    "service manager, named by no listen section\"",
		    passed[i]);
		close(passed[i]);
		passed[i] = -1;
	}
}

void
activation_notify(enum notice notice)
{
	switch (notice) {
	case NOTICE_READY:
		sd_notify(0, "READY=1");
		return;
	case NOTICE_RELOADING:
		sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		    (unsigned long long)(clock_ns() / 1000));
		return;
	}
}

void
activation_notify_stopping(uint64_t most_ms)
{
	sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
	    (unsigned long long)most_ms * 1000);
}

#else

void
activation_init(void)
{
}

int
activation_take(const struct addr *addr)
{
	(void)addr;
	errno = ENOENT;
	return -1;
}

void
activation_finish(void)
{
}

void
activation_notify(enum notice notice)
{
	(void)notice;
}

void
activation_notify_stopping(uint64_t most_ms)
{
	(void)most_ms;
}

#endif
