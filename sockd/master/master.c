/*
 * The master: reads the configuration, owns the listeners, forks, reaps,
 * reloads.  It reads no octet that a client sent, and never blocks on a
 * child.  It runs with the rights that it was started with.
 */
#include "config.h"
#include "master.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "activation.h"
#include "daemonize.h"
#include "lib/elements.h"
#include "log_target.h"
#include "reload.h"
#include "run_board.h"
#include "self.h"
#include "signals.h"
#include "sockd/common/channel.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/pipe_budget.h"
#include "sockd/common/sandbox.h"
#include "sockd/common/wake.h"
#include "status.h"
#include "stop.h"

enum {
	LISTEN_PATIENCE_MS = 5000,
	TURN_MS = 1000,			/* while somebody is served */
	IDLE_TURN_MS = 30000,
	STOP_TURN_MS = 20,
	RELOAD_TURN_MS = 5,
	SPARE_PROCESSES = 2 * 64 + 8,	/* keepers, families, accountant */
	PLACES_LEAST = 16384, PLACES_MOST = 65536,
	ERROR_SIZE = 1024,
};

_Static_assert(BOARD_PLACES_MAX - PLACES_MOST >= 0, "the board has room");

static struct conf *
load_conf(const struct master_options *options)
{
	char err[ERROR_SIZE];
	struct conf *conf;

	log_open(dup(STDERR_FILENO), options->verbose ? LOG_DEBUG : LOG_INFO,
	    "sockd");
	conf = conf_load(options->file, err, sizeof(err));
	if (conf == NULL)
		log_err("start failed why=\"%s\"", err);
	return conf;
}

/*
 * Of the addresses those are many that are never served: a crowd that guesses
 * passwords is as large before few sessions as before many.
 */
static struct board_sizes
board_sizes(const struct conf *conf)
{
	struct board_sizes sizes = {
		/* an old generation may live on beside the new one */
		.processes = 2 * conf->workers.max + SPARE_PROCESSES,
		.session_max = conf->sessions.max,
		.principals = conf->accounting.principals,
		.places = conf->sessions.max,
		.rules = BOARD_RULES_MAX,
	};

	if (sizes.places < PLACES_LEAST)
		sizes.places = PLACES_LEAST;
	if (sizes.places > PLACES_MOST)
		sizes.places = PLACES_MOST;
	return sizes;
}

static int
make_channels(struct process *p)
{
	int auth[2], resolver[2], park[2], woken[2], wake[2], account[2];

	if (channel_make(auth) == -1 || channel_make(resolver) == -1 ||
	    channel_make(park) == -1 || channel_make(woken) == -1 ||
	    wake_make(wake) == -1 || wake_make(account) == -1) {
		log_err("start failed why=\"channels: %s\"", strerror(errno));
		return -1;
	}
	p->auth_ask = auth[0];
	p->auth_answer = auth[1];
	p->resolver_ask = resolver[0];
	p->resolver_answer = resolver[1];
	p->park_send = park[0];
	p->park_receive = park[1];
	p->woken_send = woken[0];
	p->woken_receive = woken[1];
	p->wake_receive = wake[0];
	p->wake_send = wake[1];
	p->account_wake_receive = account[0];
	p->account_wake_send = account[1];
	return 0;
}

/*
 * What every child would look up by itself is looked up once: a fork
 * inherits it.  A child that cannot become its user serves nobody.
 */
static int
find_users(const struct conf *conf)
{
	const char *const users[] = { conf->user, conf->accounting.user,
	    conf->pam.user };
	uid_t uid;
	gid_t gid;

	for (size_t i = 0; i < N_ELEMENTS(users); i++) {
		if (process_find_user(users[i], &uid, &gid) == 0 ||
		    geteuid() != 0)
			continue;
		log_err("start failed why=\"no user %s; make it with: "
		    "useradd --system %s\"", users[i], users[i]);
		return -1;
	}
	return 0;
}

/* It works, and gives away what the change of user is for. */
static void
warn_of_root(const struct conf *conf)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() == 0 && process_find_user(conf->user, &uid, &gid) == 0 &&
	    uid == 0)
		log_warning("workers are root user=%s why=\"give them a user "
		    "that owns nothing; make one with: useradd --system "
		    "sockd\"", conf->user);
}

static void
check_pipes(const struct conf *conf)
{
	uid_t uid;
	gid_t gid;

	if (process_find_user(conf->user, &uid, &gid) == -1 || geteuid() != 0)
		uid = geteuid();	/* whoever started us, root or not */
	pipe_budget_check(conf->workers.max, uid);
}

/* A fork inherits these too. */
static void
prepare_sandboxes(void)
{
	for (int kind = PROCESS_WORKER; kind < N_PROCESS_KINDS; kind++)
		if (sandbox_prepare((enum process_kind)kind) == -1)
			log_warning("sandbox not prepared kind=%s",
			    process_kind_name((enum process_kind)kind));
}

/* Everything that is opened before the first fork. */
static int
open_all(struct master *m)
{
	struct board_sizes sizes = board_sizes(m->conf);
	struct process *base = &m->children.base;
	int done;

	process_raise_descriptors();
	if (find_users(m->conf) == -1 ||
	    run_dir_open(&m->run, m->conf) == -1 ||
	    run_board_make(m->run.fd, &m->board, &sizes) == -1)
		return -1;
	m->rules_max = sizes.rules;
	if (m->conf->policy.n_rules > m->rules_max) {
		log_err("start failed why=\"%zu rules; at most %u\"",
		    m->conf->policy.n_rules, m->rules_max);
		return -1;
	}
	if (log_target_renew(m->conf, m->verbose) == -1)
		return -1;
	log_echo(true);
	activation_init();
	done = listeners_update(&m->listeners, m->conf, LISTEN_PATIENCE_MS);
	activation_finish();		/* may tell what was in the way */
	if (done == -1)
		return -1;
	check_pipes(m->conf);
	warn_of_root(m->conf);
	prepare_sandboxes();
	base->conf = m->conf;
	base->board = &m->board;
	base->listeners = m->listeners.list;
	base->n_listeners = m->listeners.n;
	base->lock = m->run.lock;
	base->generation = 1;
	atomic_store(&m->board.header->generation, 1);
	return make_channels(base);
}

/* Pipes and table; they are started by keep_children(). */
static int
init_children(struct master *m, int signal_fd, int signal_write)
{
	struct children *c = &m->children;

	if (children_init(c) == -1) {
		log_err("start failed why=\"%s\"", strerror(errno));
		return -1;
	}
	children_hide(c, signal_fd);
	children_hide(c, signal_write);
	children_hide(c, m->run.fd);
	children_hide(c, c->base.wake_receive);
	if (m->self_fd != -1)
		children_hide(c, m->self_fd);
	return 0;
}

/*
 * A stolen worker can write another generation on the board.  All workers
 * would end by it, and those that follow them as soon as they start.
 */
static void
show_generation(const struct master *m)
{
	_Atomic uint32_t *shown = &m->board.header->generation;

	if (atomic_load(shown) != m->children.base.generation)
		atomic_store(shown, m->children.base.generation);
}

/*
 * Whoever ought to be there.  The next accountant starts only when the last
 * has been reaped: there is never more than one.
 */
static void
keep_children(struct master *m)
{
	struct children *c = &m->children;

	if (m->phase > STOP_CUTTING)
		return;
	show_generation(m);
	if (children_count(c, PROCESS_ACCOUNT) == 0)
		child_start(c, PROCESS_ACCOUNT);
	if (c->broods[PROCESS_AUTH].living == 0)
		child_start(c, PROCESS_AUTH);
	if (c->broods[PROCESS_RESOLVER].living == 0)
		child_start(c, PROCESS_RESOLVER);
	spares_keep(&m->spares, c);
}

static void
heed_signals(struct master *m)
{
	unsigned n;

	signals_drain();
	n = signals_take(SIGTERM) + signals_take(SIGINT);
	while (n-- > 0)
		stop_asked(m);
	if (signals_take(SIGHUP) > 0 && m->phase == STOP_NOT)
		reload(m);
	if (signals_take(SIGUSR1) > 0)
		status_log(&m->children);
	if (signals_take(SIGCHLD) > 0)
		children_reap(&m->children);
}

static int
turn_ms(const struct master *m)
{
	uint64_t ms = IDLE_TURN_MS, patience_ms;

	if (atomic_load(&m->board.header->used) > 0 ||
	    m->spares.surplus_since_ms != 0 || m->spares.busy.count != 0 ||
	    m->is_full)
		ms = TURN_MS;
	if (m->phase != STOP_NOT)
		ms = STOP_TURN_MS;
	if (m->told_by_ms != 0)
		ms = RELOAD_TURN_MS;
	patience_ms = children_patience_ms(&m->children);
	if (patience_ms < ms)
		ms = patience_ms + 1;
	return (int)ms;
}

static void
loop(struct master *m, int signal_fd)
{
	struct pollfd fds[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = m->children.base.wake_receive, .events = POLLIN },
		{ .fd = m->self_fd, .events = POLLIN },
	};
	int n;

	while (m->phase != STOP_GONE) {
		keep_children(m);
		n = poll(fds, N_ELEMENTS(fds), turn_ms(m));
		if (n == -1 && errno != EINTR)
			log_err("poll failed why=\"%s\"", strerror(errno));
		heed_signals(m);
		wake_take_master(&m->board, m->children.base.wake_receive);
		if (fds[2].revents != 0 || (m->self_fd == -1 && n == 0))
			self_refresh(m->self_fd, &m->board);
		m->is_full = full_tell(&m->full, &m->board, m->conf);
		reload_tell(m);
		stop_step(m);
	}
}

/* Serve until told to stop. */
static int
serve(struct master *m, bool daemonized)
{
	int signal_fd, signal_write;

	if (daemonized && daemonize() == -1) {
		log_err("start failed why=\"%s\"", strerror(errno));
		return -1;
	}
	signal_fd = signals_init(&signal_write);
	if (signal_fd == -1 || open_all(m) == -1 ||
	    run_dir_write_pid(&m->run) == -1)
		return -1;
	m->self_fd = self_watch();
	self_refresh(m->self_fd, &m->board);
	if (init_children(m, signal_fd, signal_write) == -1)
		return -1;
	log_echo(false);
	daemonize_detach();
	spares_renew(&m->spares, &m->children);
	log_info("started version=%s pid=%ld sessions.max=%u", PACKAGE_VERSION,
	    (long)getpid(), m->conf->sessions.max);
	daemonize_ready();
	activation_notify(NOTICE_READY);
	loop(m, signal_fd);
	log_info("stopped");
	run_board_leave(m->run.fd, &m->board);
	run_dir_close(&m->run);
	return 0;
}

/*
 * The file by an absolute name: -D leaves the directory.  A symbolic link on
 * the way is followed anew at each reload.
 */
static const char *
absolute(const char *file, char name[PATH_MAX])
{
	size_t len;

	if (file[0] == '/' || getcwd(name, PATH_MAX) == NULL)
		return file;
	len = strlen(name);
	if (len + 1 + strlen(file) >= PATH_MAX)
		return file;
	snprintf(name + len, PATH_MAX - len, "/%s", file);
	return name;
}

int
master_run(const struct master_options *options)
{
	struct master m = { .verbose = options->verbose };
	char file[PATH_MAX];
	int done;

	process_set_name("sockd-master");
	umask(022);
	tzset();
	m.conf = load_conf(options);
	if (m.conf == NULL)
		return 1;
	m.file = absolute(options->file, file);
	done = serve(&m, options->daemonize);
	children_free(&m.children);
	listeners_close(&m.listeners);
	conf_free(m.before);
	conf_free(m.conf);
	return done == 0 ? 0 : 1;
}
