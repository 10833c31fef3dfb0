/*
 * An IP address as text: reading and writing.
 *
 * Runs in every process.  Names are never looked up here: what is no literal
 * is no address.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* The text between the brackets, with a NUL; false if there are none. */
static bool
strip_brackets(const char *text, char inside[INET6_ADDRSTRLEN])
{
	size_t len = strlen(text);

	if (len < 2 || len - 2 >= INET6_ADDRSTRLEN || text[0] != '[' ||
	    text[len - 1] != ']')
		return false;
	memcpy(inside, text + 1, len - 2);
	inside[len - 2] = '\0';
	return true;
}

bool
addr_parse(struct addr *a, const char *text)
{
	char inside[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	if (inet_pton(AF_INET, text, ip) == 1) {
		addr_from_ipv4(a, ip, 0);
		return true;
	}
	if (strip_brackets(text, inside))
		text = inside;
	if (inet_pton(AF_INET6, text, ip) != 1)
		return false;
	addr_from_ipv6(a, ip, 0);
	return true;
}

static char *
put_decimal(char *out, unsigned octet)
{
	if (octet >= 100)
		*out++ = (char)('0' + octet / 100);
	if (octet >= 10)
		*out++ = (char)('0' + octet / 10 % 10);
	*out++ = (char)('0' + octet % 10);
	return out;
}

/*
 * Not inet_ntop(3), which prints: that was a fifth of all that workers and
 * accountant compute for a session.
 */
static void
format_ipv4(const uint8_t ip[4], char *out)
{
	for (int i = 0; i < 4; i++) {
		out = put_decimal(out, ip[i]);
		*out++ = i < 3 ? '.' : '\0';
	}
}

static void
format_ipv6(const struct addr *a, char *buf, size_t size)
{
	size_t len;

	inet_ntop(AF_INET6, a->ip, buf, (socklen_t)size);
	if (a->scope != 0) {
		len = strlen(buf);
		snprintf(buf + len, size - len, "%%%u", (unsigned)a->scope);
	}
}

static void
format_into(const struct addr *a, char *buf, size_t size)
{
	if (a->family == ADDR_IPV4)
		format_ipv4(a->ip, buf);
	else if (a->family == ADDR_IPV6)
		format_ipv6(a, buf, size);
	else
		memcpy(buf, "-", sizeof("-"));
}

const char *
addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	format_into(a, buf, ADDR_TEXT_MAX);
	return buf;
}

const char *
addr_format_port(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	const bool is_ipv6 = a->family == ADDR_IPV6;
	size_t len;

	buf[0] = '[';
	format_into(a, buf + is_ipv6, ADDR_TEXT_MAX - is_ipv6);
	if (addr_size(a) == 0)
		return buf;
	len = strlen(buf);
	snprintf(buf + len, ADDR_TEXT_MAX - len, "%s:%u",
	    is_ipv6 ? "]" : "", (unsigned)a->port);
	return buf;
}
