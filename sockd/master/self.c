/*
 * This machine's addresses (getifaddrs), and word from the kernel when one
 * comes or goes (rtnetlink; elsewhere the master asks now and then).
 */
#include "config.h"
#include "self.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

#include "sockd/common/log.h"

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
	struct ifaddrs *all;
	char ignored[4096];
	size_t n = 0;

	while (fd != -1 && (recv(fd, ignored, sizeof(ignored), 0) > 0 ||
	    errno == ENOBUFS))
		;
	if (getifaddrs(&all) == -1) {
		log_warning("own addresses unknown why=\"%s\"",
		    strerror(errno));
		return;
	}
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		socklen_t len = sizeof(struct sockaddr_in6);

		if (n == BOARD_SELF_MAX) {
			log_warning("own addresses cut at=%zu why=\"self knows "
			    "no more\"", n);
			break;
		}
		if (i->ifa_addr == NULL ||
		    !addr_from_sockaddr(&list[n], i->ifa_addr, len))
			continue;
		list[n].port = 0;
		n++;
	}
	freeifaddrs(all);
	board_set_self(board, list, n);
}
