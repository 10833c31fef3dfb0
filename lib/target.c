/*
 * A target out of the name that a client sent, for every protocol alike, and
 * those that nobody may have.
 *
 * Runs in workers.  The one gate between a client's octets and the resolvers:
 * what passes is a name by lib/name's rules, or an address and never asked.
 */
#include "target.h"

#include <string.h>

#include "elements.h"

const char *
command_name(unsigned command)
{
	static const char *const names[] = {
		[COMMAND_CONNECT] = "connect",
		[COMMAND_BIND] = "bind",
		[COMMAND_UDP] = "udp",
	};

	return command < N_ELEMENTS(names) ? names[command] : NULL;
}

/* The octets as an IP literal; false if they are none. */
static bool
literal_read(struct addr *a, const uint8_t *octets, size_t len)
{
	char text[ADDR_TEXT_MAX];

	if (len >= sizeof(text) || memchr(octets, '\0', len) != NULL)
		return false;
	memcpy(text, octets, len);
	text[len] = '\0';
	return addr_parse(a, text);
}

bool
target_from_name(struct target *target, const uint8_t *octets, size_t len,
    uint16_t port)
{
	struct target made = { .port = port };

	if (literal_read(&made.addr, octets, len))
		made.addr.port = port;
	else if (!name_read((const char *)octets, len, made.name))
		return false;
	*target = made;
	return true;
}

bool
target_may_contain(const uint8_t *octets, size_t len)
{
	static const char others[] = { '-', '_', '.', ':', '[', ']' };

	for (size_t i = 0; i < len; i++) {
		const uint8_t c = octets[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') &&
		    memchr(others, c, sizeof(others)) == NULL)
			return false;
	}
	return true;
}

bool
target_is_never_allowed(const struct addr *to)
{
	return to->family == ADDR_NONE || addr_is_unspecified(to) ||
	    addr_is_multicast(to) || addr_is_broadcast(to);
}
