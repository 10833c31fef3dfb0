/*
 * The addresses of this machine (getifaddrs(3)).
 */
#include "own_addrs.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include "lib/addr.h"

ssize_t
own_addrs(struct addr *list, size_t max)
{
	struct ifaddrs *all;
	struct addr addr;
	size_t n = 0;

	if (getifaddrs(&all) == -1)
		return -1;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr == NULL || !addr_from_sockaddr(&addr,
		    i->ifa_addr, sizeof(struct sockaddr_in6)))
			continue;
		addr.port = 0;
		if (n < max)
			list[n] = addr;
		n++;
	}
	freeifaddrs(all);
	return (ssize_t)n;
}
