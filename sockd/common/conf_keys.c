/*
 * Every key of the configuration: one row each, and all that the reader,
 * the printer, the reload and the manual must agree on.
 *
 * A section's rows stand together, in the order in which -T prints them.
 */
#include "conf_read.h"

#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "helper.h"
#include "lib/elements.h"

/* A row's type and field, which nothing but a macro can name twice. */
#define T(t)		#t, &conf_type_##t
#define AT(s, field)	.offset = offsetof(s, field), sizeof(((s *)NULL)->field)
#define LIST(s, n, field) .count_offset = offsetof(s, n), AT(s, field)
#define CONF(field)	AT(struct conf, field)
#define LISTEN(field)	AT(struct conf_listen, field)
#define RULE(field)	AT(struct rule, field)
#define LIMIT(field)	AT(struct limit, field)

/* Bounds of durations, in ms. */
#define HOURS(n)	((n) * UINT64_C(60) * 60 * 1000)
#define DAYS(n)		HOURS((n) * 24)
#define YEARS(n)	DAYS((n) * 366)

enum {
	RESTART = false, RELOAD = true,	/* may SIGHUP change it? */
	CONF_WORKERS_MAX = 32000,
	CONF_HELPERS_MAX = 1000,
	CONF_SESSIONS_MAX = 1000000,
	CONF_PRINCIPALS_MIN = 16, CONF_PRINCIPALS_MAX = 4000000,
	RATE_MIN = 125,			/* octets a second: 1 kbit/s */
};

_Static_assert(BOARD_PROCESSES_MAX - 2 * CONF_WORKERS_MAX > 0,
    "the board has room for two generations");
_Static_assert(BOARD_SESSIONS_MAX / 4 - CONF_SESSIONS_MAX >= 0, "its sessions");
_Static_assert(BOARD_PRINCIPALS_MAX - CONF_PRINCIPALS_MAX >= 0, "its people");
_Static_assert(HELPERS_MAX - CONF_HELPERS_MAX >= 0, "a family can be as large");

static const struct conf_word level_words[] = {
	{ "err", LOG_ERR }, { "warning", LOG_WARNING }, { "info", LOG_INFO },
	{ "debug", LOG_DEBUG }, { NULL, 0 },
};
static const struct conf_word protocol_words[] = {
	{ "socks4", PROTOCOL_SOCKS4 }, { "socks5", PROTOCOL_SOCKS5 },
	{ NULL, 0 },
};
static const struct conf_word command_words[] = {
	{ "connect", 1 << COMMAND_CONNECT }, { "bind", 1 << COMMAND_BIND },
	{ "udp", 1 << COMMAND_UDP }, { NULL, 0 },
};
static const struct conf_word prefer_words[] = {
	{ "any", 0 }, { "ipv4", ADDR_IPV4 }, { "ipv6", ADDR_IPV6 },
	{ NULL, 0 },
};
static const struct conf_word filter_words[] = {
	{ "address", true }, { "none", false }, { NULL, 0 },
};
static const struct conf_word sync_words[] = {
	{ "full", true }, { "normal", false }, { NULL, 0 },
};
static const struct conf_word anonymous_words[] = {
	{ "address", ANONYMOUS_ADDRESS }, { "shared", ANONYMOUS_SHARED },
	{ NULL, 0 },
};
static const struct conf_word unknown_words[] = {
	{ "pass", true }, { "block", false }, { NULL, 0 },
};
static const struct conf_word action_words[] = {
	{ "pass", RULE_PASS }, { "block", RULE_BLOCK }, { NULL, 0 },
};
/* The word that stands for no address at all. */
static const struct conf_word all_addresses[] = { { "*", 0 }, { NULL, 0 } };
static const struct conf_word no_address[] = { { "", 0 }, { NULL, 0 } };

const struct conf_key conf_keys[] = {
{ "", "user", "sockd", RESTART, T(name), CONF(user), 1 },
{ "", "state_dir", LOCALSTATEDIR "/lib/sockd", RESTART, T(path),
    CONF(state_dir), 1 },
{ "", "run_dir", RUNSTATEDIR "/sockd", RESTART, T(path), CONF(run_dir), 1 },

{ "log", "target", "syslog", RELOAD, T(log), CONF(log) },
{ "log", "level", "info", RELOAD, T(word), CONF(log.level),
    .words = level_words },

{ "listen", "address", "127.0.0.1", RELOAD, T(address), LISTEN(addr),
    .words = all_addresses },
{ "listen", "port", "1080", RELOAD, T(count), LISTEN(port), 0, 65535 },
{ "listen", "protocols", "socks4, socks5", RELOAD, T(words),
    LISTEN(protocols), .words = protocol_words },
{ "listen", "methods", "password, none", RELOAD, T(methods),
    LIST(struct conf_listen, n_methods, methods) },
{ "listen", "pam_service", "", RELOAD, T(service), LISTEN(pam_service) },

{ "workers", "start", "8", RELOAD, T(count), CONF(workers.start), 1,
    CONF_WORKERS_MAX },
{ "workers", "min_spare", "4", RELOAD, T(count), CONF(workers.min_spare), 1,
    CONF_WORKERS_MAX },
{ "workers", "max_spare", "32", RELOAD, T(count), CONF(workers.max_spare), 1,
    CONF_WORKERS_MAX },
{ "workers", "max", "1024", RESTART, T(count), CONF(workers.max), 1,
    CONF_WORKERS_MAX },
{ "workers", "park_after", "2s", RELOAD, T(duration),
    CONF(workers.park_after_ms), 1, DAYS(1) },

{ "sessions", "max", "65536", RESTART, T(count), CONF(sessions.max), 1,
    CONF_SESSIONS_MAX },
{ "sessions", "max_per_address", "0", RELOAD, T(count),
    CONF(sessions.max_per_address), 0, CONF_SESSIONS_MAX },
{ "sessions", "handshakes_per_address", "0", RELOAD, T(count),
    CONF(sessions.handshakes_per_address), 0, CONF_SESSIONS_MAX },

{ "timeouts", "negotiate", "30s", RELOAD, T(duration),
    CONF(timeouts.negotiate_ms), 10, DAYS(1) },
{ "timeouts", "connect", "30s", RELOAD, T(duration),
    CONF(timeouts.connect_ms), 10, DAYS(1) },
{ "timeouts", "idle", "2h", RELOAD, T(duration), CONF(timeouts.idle_ms), 10,
    YEARS(1) },
{ "timeouts", "half_closed", "5m", RELOAD, T(duration),
    CONF(timeouts.half_closed_ms), 10, YEARS(1) },
{ "timeouts", "bind", "3m", RELOAD, T(duration), CONF(timeouts.bind_ms), 10,
    YEARS(1) },
{ "timeouts", "udp", "5m", RELOAD, T(duration), CONF(timeouts.udp_ms), 10,
    YEARS(1) },
{ "timeouts", "stop", "3s", RELOAD, T(duration), CONF(timeouts.stop_ms), 0,
    DAYS(30) },

{ "pam", "service", "sockd", RELOAD, T(service), CONF(pam.service), 1 },
{ "pam", "confdir", "", RELOAD, T(path), CONF(pam.confdir) },
{ "pam", "user", "root", RELOAD, T(name), CONF(pam.user), 1 },
{ "pam", "helpers", "2", RELOAD, T(count), CONF(pam.helpers), 1,
    CONF_HELPERS_MAX },
{ "pam", "helpers_max", "32", RELOAD, T(count), CONF(pam.helpers_max), 1,
    CONF_HELPERS_MAX },
{ "pam", "timeout", "30s", RELOAD, T(duration), CONF(pam.timeout_ms), 10,
    HOURS(1) },
{ "pam", "cache", "60s", RELOAD, T(duration), CONF(pam.cache_ms), 0, DAYS(30) },
{ "pam", "fail_delay", "2s", RELOAD, T(duration), CONF(pam.fail_delay_ms), 0,
    HOURS(1) },

{ "abuse", "failures", "0", RELOAD, T(count), CONF(abuse.failures), 0,
    1000000 },
{ "abuse", "window", "10m", RELOAD, T(duration), CONF(abuse.window_ms), 1,
    YEARS(1) },
{ "abuse", "penalty", "1h", RELOAD, T(duration), CONF(abuse.penalty_ms), 1,
    YEARS(1) },
{ "abuse", "exempt", "", RELOAD, T(prefixes),
    LIST(struct conf, abuse.n_exempt, abuse.exempt) },

{ "resolver", "helpers", "2", RELOAD, T(count), CONF(resolver.helpers), 1,
    CONF_HELPERS_MAX },
{ "resolver", "helpers_max", "64", RELOAD, T(count),
    CONF(resolver.helpers_max), 1, CONF_HELPERS_MAX },
{ "resolver", "timeout", "5s", RELOAD, T(duration), CONF(resolver.timeout_ms),
    10, HOURS(1) },
{ "resolver", "prefer", "any", RELOAD, T(word), CONF(resolver.prefer),
    .words = prefer_words },

{ "udp", "ports", "0", RELOAD, T(range), CONF(udp.ports) },
{ "udp", "advertise", "", RELOAD, T(address), CONF(udp.advertise),
    .words = no_address },
{ "udp", "filter", "address", RELOAD, T(word), CONF(udp.filter),
    .words = filter_words },

{ "bind", "ports", "0", RELOAD, T(range), CONF(bind.ports) },
{ "bind", "advertise", "", RELOAD, T(address), CONF(bind.advertise),
    .words = no_address },

{ "accounting", "interval", "1s", RELOAD, T(duration),
    CONF(accounting.interval_ms), 10, HOURS(1) },
{ "accounting", "sync", "full", RELOAD, T(word), CONF(accounting.sync_full),
    .words = sync_words },
{ "accounting", "keep", "400d", RELOAD, T(duration), CONF(accounting.keep_ms),
    1, YEARS(100) },
{ "accounting", "keep_refused", "30d", RELOAD, T(duration),
    CONF(accounting.keep_refused_ms), 1, YEARS(100) },
{ "accounting", "anonymous", "address", RELOAD, T(word),
    CONF(accounting.anonymous), .words = anonymous_words },
{ "accounting", "unknown", "pass", RELOAD, T(word),
    CONF(accounting.unknown_passes), .words = unknown_words },
{ "accounting", "time_idle", "5m", RELOAD, T(duration),
    CONF(accounting.time_idle_ms), 1, DAYS(1) },
{ "accounting", "principals", "65536", RESTART, T(count),
    CONF(accounting.principals), CONF_PRINCIPALS_MIN, CONF_PRINCIPALS_MAX },
{ "accounting", "user", "", RESTART, T(name), CONF(accounting.user) },

{ "rule", "action", NULL, RELOAD, T(word), RULE(action),
    .words = action_words },
{ "rule", "listen", NULL, RELOAD, T(listens), RULE(listeners) },
{ "rule", "from", NULL, RELOAD, T(prefixes), LIST(struct rule, n_from, from) },
{ "rule", "to", NULL, RELOAD, T(targets), LIST(struct rule, n_to, to) },
{ "rule", "ports", NULL, RELOAD, T(ports), LIST(struct rule, n_ports, ports) },
{ "rule", "protocols", NULL, RELOAD, T(words), RULE(protocols),
    .words = protocol_words },
{ "rule", "commands", "connect, udp", RELOAD, T(words), RULE(commands),
    .words = command_words },
{ "rule", "users", NULL, RELOAD, T(users), LIST(struct rule, n_users, users) },
{ "rule", "groups", NULL, RELOAD, T(groups),
    LIST(struct rule, n_groups, groups) },
{ "rule", "hours", NULL, RELOAD, T(hours), LIST(struct rule, n_hours, hours) },
{ "rule", "source", NULL, RELOAD, T(addresses), RULE(source4) },
{ "rule", "rate_up", NULL, RELOAD, T(rate), RULE(rate_up), RATE_MIN },
{ "rule", "rate_down", NULL, RELOAD, T(rate), RULE(rate_down), RATE_MIN },
{ "rule", "metered", "true", RELOAD, T(bool), RULE(metered) },
{ "rule", "log", "true", RELOAD, T(bool), RULE(log) },

{ "limit", "users", NULL, RELOAD, T(users),
    LIST(struct limit, n_users, users) },
{ "limit", "groups", NULL, RELOAD, T(groups),
    LIST(struct limit, n_groups, groups) },
{ "limit", "from", NULL, RELOAD, T(prefixes),
    LIST(struct limit, n_from, from) },
{ "limit", "bytes", NULL, RELOAD, T(sizes),
    LIST(struct limit, n_bytes, bytes) },
{ "limit", "time", NULL, RELOAD, T(durations),
    LIST(struct limit, n_time, time) },
{ "limit", "rate_up", NULL, RELOAD, T(rate), LIMIT(rate_up), RATE_MIN },
{ "limit", "rate_down", NULL, RELOAD, T(rate), LIMIT(rate_down), RATE_MIN },
{ "limit", "sessions", "0", RELOAD, T(count), LIMIT(sessions), 0,
    CONF_SESSIONS_MAX },
{ "limit", "addresses", "0", RELOAD, T(count), LIMIT(addresses), 0,
    BOARD_ADDRESSES_MAX },
};

const size_t conf_n_keys = N_ELEMENTS(conf_keys);

const struct conf_key *
conf_keys_of(const char *section, size_t *n)
{
	const struct conf_key *first = NULL;

	*n = 0;
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (strcmp(conf_keys[i].section, section) != 0)
			continue;
		if (first == NULL)
			first = &conf_keys[i];
		++*n;
	}
	return first;
}

struct conf_section
conf_section_empty(const char *kind)
{
	struct conf_section s = { 0 };

	s.keys = conf_keys_of(kind, &s.n_keys);
	s.kind = s.keys->section;
	return s;
}

bool
conf_is_titled(const char *section)
{
	static const char *const titled[] = { "listen", "rule", "limit" };

	for (size_t i = 0; i < N_ELEMENTS(titled); i++)
		if (strcmp(titled[i], section) == 0)
			return true;
	return false;
}
