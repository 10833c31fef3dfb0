/*
 * An IP address with its port: making and asking.
 *
 * Runs in every process.  The one place where an IPv4-mapped IPv6 address
 * becomes the IPv4 address that it is (RFC 4291, section 2.5.5.2); nothing
 * else may fill a struct addr from foreign octets.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

static const uint8_t zeros[16];

size_t
addr_size(const struct addr *a)
{
	if (a->family == ADDR_IPV4)
		return 4;
	return a->family == ADDR_IPV6 ? 16 : 0;
}

void
addr_from_ipv4(struct addr *a, const uint8_t ip[4], uint16_t port)
{
	struct addr made = { .family = ADDR_IPV4, .port = port };

	memcpy(made.ip, ip, 4);
	*a = made;
}

void
addr_from_ipv6(struct addr *a, const uint8_t ip[16], uint16_t port)
{
	struct addr made = { .family = ADDR_IPV6, .port = port };

	if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		addr_from_ipv4(a, ip + sizeof(mapped_prefix), port);
		return;
	}
	memcpy(made.ip, ip, 16);
	*a = made;
}

static bool
from_sockaddr_in(struct addr *a, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in sin;
	uint8_t ip[4];

	if (len < sizeof(sin))
		return false;
	memcpy(&sin, sa, sizeof(sin));
	memcpy(ip, &sin.sin_addr, sizeof(ip));
	addr_from_ipv4(a, ip, ntohs(sin.sin_port));
	return true;
}

static bool
from_sockaddr_in6(struct addr *a, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in6 sin6;

	if (len < sizeof(sin6))
		return false;
	memcpy(&sin6, sa, sizeof(sin6));
	addr_from_ipv6(a, sin6.sin6_addr.s6_addr, ntohs(sin6.sin6_port));
	if (addr_is_link_local(a) && a->family == ADDR_IPV6)
		a->scope = sin6.sin6_scope_id;
	return true;
}

bool
addr_from_sockaddr(struct addr *a, const struct sockaddr *sa, socklen_t len)
{
	const size_t family_end =
	    offsetof(struct sockaddr, sa_family) + sizeof(sa->sa_family);

	*a = (struct addr){ 0 };
	if (len < family_end)
		return false;
	if (sa->sa_family == AF_INET)
		return from_sockaddr_in(a, sa, len);
	if (sa->sa_family == AF_INET6)
		return from_sockaddr_in6(a, sa, len);
	return false;
}

static socklen_t
to_sockaddr_in(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_port = htons(a->port);
	memcpy(&sin.sin_addr, a->ip, 4);
	memcpy(ss, &sin, sizeof(sin));
	return sizeof(sin);
}

socklen_t
addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	*ss = (struct sockaddr_storage){ 0 };
	if (a->family == ADDR_IPV4)
		return to_sockaddr_in(a, ss);
	return addr_to_sockaddr6(a, ss);
}

socklen_t
addr_to_sockaddr6(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	uint8_t *ip = sin6.sin6_addr.s6_addr;

	*ss = (struct sockaddr_storage){ 0 };
	if (addr_size(a) == 0)
		return 0;
	sin6.sin6_port = htons(a->port);
	if (a->family == ADDR_IPV4) {
		memcpy(ip, mapped_prefix, sizeof(mapped_prefix));
		memcpy(ip + sizeof(mapped_prefix), a->ip, 4);
	} else {
		memcpy(ip, a->ip, 16);
		sin6.sin6_scope_id = a->scope;
	}
	memcpy(ss, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->ip, b->ip, addr_size(a)) == 0;
}

bool
addr_equal_port(const struct addr *a, const struct addr *b)
{
	return addr_equal(a, b) && a->port == b->port;
}

bool
addr_is_unspecified(const struct addr *a)
{
	return addr_size(a) != 0 && memcmp(a->ip, zeros, addr_size(a)) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	if (a->family == ADDR_IPV4)
		return a->ip[0] == 127;
	return a->family == ADDR_IPV6 && memcmp(a->ip, zeros, 15) == 0 &&
	    a->ip[15] == 1;
}

bool
addr_is_multicast(const struct addr *a)
{
	if (a->family == ADDR_IPV4)
		return (a->ip[0] & 0xf0) == 0xe0;
	return a->family == ADDR_IPV6 && a->ip[0] == 0xff;
}

bool
addr_is_broadcast(const struct addr *a)
{
	static const uint8_t ones[4] = { 255, 255, 255, 255 };

	return a->family == ADDR_IPV4 && memcmp(a->ip, ones, 4) == 0;
}

bool
addr_is_link_local(const struct addr *a)
{
	if (a->family == ADDR_IPV4)
		return a->ip[0] == 169 && a->ip[1] == 254;
	return a->family == ADDR_IPV6 && a->ip[0] == 0xfe &&
	    (a->ip[1] & 0xc0) == 0x80;
}

bool
addr_is_private(const struct addr *a)
{
	if (addr_is_loopback(a) || addr_is_link_local(a))
		return true;
	if (a->family == ADDR_IPV6)
		return (a->ip[0] & 0xfe) == 0xfc;
	return a->family == ADDR_IPV4 &&
	    (a->ip[0] == 10 || (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
	    (a->ip[0] == 192 && a->ip[1] == 168));
}

struct addr
addr_client(const struct addr *a)
{
	enum { NETWORK = 8 };		/* octets of a /64 */
	struct addr client = { .family = a->family };
	size_t n = a->family == ADDR_IPV6 ? NETWORK : addr_size(a);

	memcpy(client.ip, a->ip, n);
	return client;
}
