/*
 * This machine's addresses, and word from the kernel when one
 * comes or goes (rtnetlink; elsewhere the master asks now and then).
 */
#include "self.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

#include "sockd/common/log.h"
#include "sockd/common/own_addrs.h"

#ifdef __linux__
int
self_watch(void)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);
	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}
#else
int
self_watch(void)
{
	return -1;
}
#endif

void
self_refresh(int fd, struct board *board)
{
	struct addr list[BOARD_SELF_MAX];
	char ignored[4096];
	ssize_t n;

	while (fd != -1 && (recv(fd, ignored, sizeof(ignored), 0) > 0 ||
	    errno == ENOBUFS))
		;
	n = own_addrs(list, BOARD_SELF_MAX);
	if (n == -1) {
		log_warning("own addresses unknown why=\"%s\"",
		    strerror(errno));
		return;
	}
	if (n > BOARD_SELF_MAX) {
		log_warning("own addresses cut at=%d why=\"self knows no "
		    "more\"", BOARD_SELF_MAX);
		n = BOARD_SELF_MAX;
	}
	board_set_self(board, list, (size_t)n);
}
