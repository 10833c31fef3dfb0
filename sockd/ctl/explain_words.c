/*
 * Each key has a reader in a table; a reader that says no has its example
 * printed.
 */
#include "explain_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/elements.h"
#include "lib/hours.h"
#include "sockd/common/clock.h"

static bool
read_user(const struct conf *conf, const char *text, struct explain_words *w)
{
	(void)conf;
	w->user = text;
	return strlen(text) < BOARD_USER_SIZE;
}

static bool
read_from(const struct conf *conf, const char *text, struct explain_words *w)
{
	(void)conf;
	w->has_from = addr_parse(&w->from, text);
	return w->has_from;
}

static bool
read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n > UINT16_MAX)
		return false;
	*port = (uint16_t)n;
	return true;
}

/* host:port, [address]:port */
static bool
read_to(const struct conf *conf, const char *text, struct explain_words *w)
{
	const char *colon = strrchr(text, ':');
	uint16_t port;

	(void)conf;
	if (colon == NULL || !read_port(colon + 1, &port))
		return false;
	/* a bare IPv6 address is not cut at its last colon */
	if (text[0] != '[' && memchr(text, ':', (size_t)(colon - text)) !=
	    NULL)
		return false;
	w->has_to = target_from_name(&w->to, (const uint8_t *)text,
	    (size_t)(colon - text), port);
	return w->has_to;
}

static bool
read_command(const struct conf *conf, const char *text,
    struct explain_words *w)
{
	(void)conf;
	for (enum command c = COMMAND_CONNECT; c <= COMMAND_UDP; c++) {
		if (strcmp(text, command_name(c)) != 0)
			continue;
		w->command = c;
		return true;
	}
	return false;
}

static bool
read_protocol(const struct conf *conf, const char *text,
    struct explain_words *w)
{
	(void)conf;
	w->version = strcmp(text, "socks4") == 0 ? 4 : 5;
	return w->version == 4 || strcmp(text, "socks5") == 0;
}

static bool
read_listen(const struct conf *conf, const char *text,
    struct explain_words *w)
{
	const struct conf_listen *l = conf_listen_named(conf, text);

	w->listen = text;
	if (l != NULL)
		w->listener = (unsigned)(l - conf->listens);
	return l != NULL;
}

/* "mon 09:00": a window of the week begins there. */
static bool
read_at(const struct conf *conf, const char *text, struct explain_words *w)
{
	char window[64];
	const char *why;
	struct hours h;

	(void)conf;
	if (strlen(text) != strlen("mon 09:00"))
		return false;
	snprintf(window, sizeof(window), "%s-24:00", text);
	if (!hours_parse(&h, window, &why))
		return false;
	for (unsigned day = 0; day < 7; day++)
		if (h.days == 1U << day)
			w->minute = day * 24 * 60 + h.begin;
	return true;
}

static const struct {
	const char	*key;
	bool		(*read)(const struct conf *conf, const char *text,
			    struct explain_words *w);
	const char	*example;
} keys[] = {
	{ "user", read_user, "user=ann, or user= for no login" },
	{ "from", read_from, "from=10.0.0.7 or from=2001:db8::7" },
	{ "to", read_to, "to=example.org:443 or to=[2001:db8::1]:443" },
	{ "command", read_command, "command=connect, bind or udp" },
	{ "protocol", read_protocol, "protocol=socks4 or socks5" },
	{ "listen", read_listen, "listen= and the name of a listener" },
	{ "at", read_at, "at=\"mon 09:00\"" },
};

static bool
read_word(const struct conf *conf, const char *word, struct explain_words *w)
{
	const char *equals = strchr(word, '=');
	size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		if (strlen(keys[i].key) != len ||
		    strncmp(keys[i].key, word, len) != 0)
			continue;
		if (w->said & 1U << i) {
			fprintf(stderr, "sockctl: \"%s\" comes behind another "
			    "%s=\n", word, keys[i].key);
			return false;
		}
		w->said |= 1U << i;
		if (equals != NULL && keys[i].read(conf, equals + 1, w))
			return true;
		fprintf(stderr, "sockctl: \"%s\" is wrong; write %s\n", word,
		    keys[i].example);
		return false;
	}
	fprintf(stderr, "sockctl: \"%s\" is unknown; the keys are user from "
	    "to command protocol listen at\n", word);
	return false;
}

/* No client can ask for this; NULL: one can. */
static const char *
impossible(const struct explain_words *w)
{
	if (w->has_to && w->to.port == 0 && w->command != COMMAND_BIND)
		return "port 0 can be asked for with command=bind alone";
	if (w->version == 4 && w->command == COMMAND_UDP)
		return "SOCKS4 has no command udp";
	return NULL;
}

bool
explain_read(const struct conf *conf, int argc, char *argv[],
    struct explain_words *w)
{
	const char *why;

	*w = (struct explain_words){ .command = COMMAND_CONNECT, .version = 5,
	    .minute = clock_week_minute_now() };
	for (int i = 0; i < argc; i++)
		if (!read_word(conf, argv[i], w))
			return false;
	why = impossible(w);
	if (why != NULL) {
		fprintf(stderr, "sockctl: %s\n", why);
		return false;
	}
	if (w->listen == NULL && conf->n_listens == 1)
		w->listen = conf->listens[0].name;	/* no other is there */
	if (w->version == 4 && w->user == NULL)
		w->user = "";			/* SOCKS4 has no login */
	return true;
}
