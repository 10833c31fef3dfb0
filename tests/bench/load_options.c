/*
 * The load generator's options: words "key=value", one table.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum kind { KIND_NUMBER, KIND_TEXT, KIND_ADDRESS, KIND_DIRECTION };

/* No number is larger, whatever it counts. */
enum { NUMBER_MAX = 10 * 1000 * 1000 };

static const struct option {
	const char	*key;
	enum kind	kind;
	size_t		at;
} options[] = {
	{ "associations", KIND_NUMBER, offsetof(struct load, associations) },
	{ "cheap", KIND_NUMBER, offsetof(struct load, cheap) },
	{ "concurrency", KIND_NUMBER, offsetof(struct load, concurrency) },
	{ "direction", KIND_DIRECTION, offsetof(struct load, direction) },
	{ "from", KIND_ADDRESS, offsetof(struct load, from) },
	{ "name", KIND_TEXT, offsetof(struct load, name) },
	{ "password", KIND_TEXT, offsetof(struct load, password) },
	{ "rate", KIND_NUMBER, offsetof(struct load, rate) },
	{ "seconds", KIND_NUMBER, offsetof(struct load, seconds) },
	{ "server", KIND_ADDRESS, offsetof(struct load, server) },
	{ "size", KIND_NUMBER, offsetof(struct load, size) },
	{ "streams", KIND_NUMBER, offsetof(struct load, streams) },
	{ "tunnels", KIND_NUMBER, offsetof(struct load, tunnels) },
	{ "user", KIND_TEXT, offsetof(struct load, user) },
	{ "wait_ms", KIND_NUMBER, offsetof(struct load, wait_ms) },
	{ "warm_ms", KIND_NUMBER, offsetof(struct load, warm_ms) },
};

static const struct {
	const char	*word;
	unsigned	direction;
} directions[] = {
	{ "down", DIRECTION_DOWN },
	{ "up", DIRECTION_UP },
	{ "both", DIRECTION_BOTH },
};

static unsigned
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n > NUMBER_MAX)
		errx(2, "%s: a number up to %d is wanted", text, NUMBER_MAX);
	return (unsigned)n;
}

/* "127.0.0.1:1080", or an address alone. */
static void
address(struct sockaddr_in *sin, const char *text)
{
	char host[INET_ADDRSTRLEN] = "";
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (len < sizeof host)
		memcpy(host, text, len);
	sin->sin_family = AF_INET;
	sin->sin_port = htons(colon ? (uint16_t)number(colon + 1) : 0);
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		errx(2, "%s: an IPv4 address is wanted", text);
}

static unsigned
direction(const char *text)
{
	for (size_t i = 0; i < sizeof directions / sizeof *directions; i++)
		if (strcmp(text, directions[i].word) == 0)
			return directions[i].direction;
	errx(2, "%s: down, up or both is wanted", text);
}

static void
set(struct load *l, const struct option *o, const char *text)
{
	void *field = (char *)l + o->at;

	switch (o->kind) {
	case KIND_NUMBER:
		*(unsigned *)field = number(text);
		break;
	case KIND_TEXT:
		*(const char **)field = text;
		break;
	case KIND_ADDRESS:
		address(field, text);
		break;
	case KIND_DIRECTION:
		*(unsigned *)field = direction(text);
		break;
	}
}

static const struct option *
find(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (strlen(options[i].key) == len &&
		    memcmp(options[i].key, word, len) == 0)
			return &options[i];
	return NULL;
}

void
options_read(struct load *l, char *const *words)
{
	for (; *words; words++) {
		const char *is = strchr(*words, '=');
		const struct option *o =
		    is ? find(*words, (size_t)(is - *words)) : NULL;

		if (!o)
			errx(2, "%s: no such key", *words);
		set(l, o, is + 1);
	}
	if (l->user && !l->password)
		errx(2, "a user without a password");
}
