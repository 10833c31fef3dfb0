/*
 * The configuration: read once, const until the process ends.  conf.c is the
 * only file that knows libConfuse.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdio.h>
#include <string.h>

#include "board.h"
#include "lib/rule.h"

enum conf_log_target { LOG_TO_SYSLOG, LOG_TO_STDERR, LOG_TO_FILE };

enum { METHODS_MAX = 3 };

struct arena;

struct conf_listen {
	const char	*name;
	struct addr	addr;		/* ADDR_NONE: "*", both families */
	uint16_t	port;		/* 0: any */
	unsigned	protocols;	/* PROTOCOL_ bits */
	size_t		n_methods;
	uint8_t		methods[METHODS_MAX];	/* SOCKS5_METHOD_, preferred
						 * first */
	const char	*pam_service;	/* pam.service if none was given */
	unsigned	line;
};

/* Does the listener have this method (SOCKS5_METHOD_)? */
static inline bool
conf_listen_offers(const struct conf_listen *l, uint8_t method)
{
	return memchr(l->methods, method, l->n_methods) != NULL;
}

struct conf_ports {
	uint16_t	first, last;	/* 0-0: any */
};

enum conf_anonymous { ANONYMOUS_ADDRESS, ANONYMOUS_SHARED };

struct conf {
	const char	*file;		/* as given; NULL: built-in defaults */
	const char	*user, *state_dir, *run_dir;
	struct {
		enum conf_log_target	target;
		const char		*file;	/* with LOG_TO_FILE */
		int			level;	/* LOG_ERR ... LOG_DEBUG */
	} log;
	size_t			n_listens;
	const struct conf_listen *listens;
	struct {
		unsigned	start, min_spare, max_spare, max;
		uint64_t	park_after_ms;
	} workers;
	struct {
		unsigned	max, max_per_address, handshakes_per_address;
	} sessions;
	struct {
		uint64_t	negotiate_ms, connect_ms, idle_ms,
				half_closed_ms, bind_ms, udp_ms, stop_ms;
	} timeouts;
	struct {
		const char	*service, *confdir, *user;
		unsigned	helpers, helpers_max;
		uint64_t	timeout_ms, cache_ms, fail_delay_ms;
	} pam;
	struct {
		unsigned		failures;
		uint64_t		window_ms, penalty_ms;
		size_t			n_exempt;
		const struct cidr	*exempt;
	} abuse;
	struct {
		unsigned	helpers, helpers_max;
		uint64_t	timeout_ms;
		int		prefer;		/* 0, ADDR_IPV4, ADDR_IPV6 */
	} resolver;
	struct {
		struct conf_ports	ports;
		struct addr		advertise;	/* ADDR_NONE: none */
		bool			filter;		/* "address" */
	} udp;
	struct {
		struct conf_ports	ports;
		struct addr		advertise;
	} bind;
	struct {
		uint64_t		interval_ms, keep_ms, keep_refused_ms,
					time_idle_ms;
		bool			sync_full;
		enum conf_anonymous	anonymous;
		bool			unknown_passes;
		unsigned		principals;
		const char		*user;	/* conf.user if none given */
	} accounting;
	struct policy	policy;
	struct arena	*memory;	/* conf_free()'s: all of the above */
};

/*
 * Read a file (NULL: the built-in defaults).  On failure NULL, and err holds
 * one line naming file, line, key and what would be right.  Warnings of
 * `sockd -t` are another function.  conf_free() for tests; a process keeps
 * its configuration until it ends, the master until the next reload but one.
 */
struct conf *conf_load(const char *file, char *err, size_t err_size);
void	conf_free(struct conf *conf);

/*
 * The same for who only looks at what run_dir and state_dir hold: without
 * listeners, rules and limits, which may ask for what this machine lacks just
 * now, an address or a group.
 */
struct conf *conf_load_places(const char *file, char *err, size_t err_size);

/* The listen section of this name; NULL: there is none. */
const struct conf_listen *conf_listen_named(const struct conf *conf,
	    const char *name);

/* -T: the effective configuration, in the syntax that conf_load() reads. */
void	conf_print(const struct conf *conf, FILE *out);

/* -t: what is legal and cannot be meant; calls warn() for each. */
typedef void conf_warn_fn(void *arg, const char *text);
void	conf_doubt(const struct conf *conf, conf_warn_fn *warn, void *arg);

/* Of these, the PAM services in use without a file: PAM would ask "other". */
void	conf_doubt_pam(const struct conf *conf, conf_warn_fn *warn,
	    void *arg);

/*
 * Keys whose change needs a restart: writes their names into out, "" if
 * none differs.
 */
void	conf_needs_restart(const struct conf *running,
	    const struct conf *next, char *out, size_t size);

/*
 * A reload: those keys of next take the running values, and what must not be
 * above them is lowered.  false: no memory.
 */
bool	conf_keep_fixed(struct conf *next, const struct conf *running);

/*
 * One key of the table that drives defaults, parsing, -T and
 * conf_needs_restart(); tests hold manual and sample file against it.
 */
struct conf_key {
	const char	*section;	/* "" at top level */
	const char	*name;
	const char	*initial;	/* a list's with ", " between; NULL:
					 * without a value if none is given */
	bool		reloadable;
	const char	*type;
	/* For conf_*.c alone: how it is read, where it lies, its bounds. */
	const struct conf_type *how;
	size_t		offset, size;
	uint64_t	min, max;
	const struct conf_word *words;
	size_t		count_offset;
};
extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

#endif
