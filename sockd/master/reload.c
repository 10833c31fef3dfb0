/*
 * Reload.  Parsing, listeners and the log are tried first; only when all of
 * that worked does a new generation of workers, auth, resolvers and, one at
 * a time, accountant take over.  Keepers need no configuration and stay.
 */
#include "reload.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "activation.h"
#include "lib/elements.h"
#include "log_target.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"

enum { LISTEN_PATIENCE_MS = 200, TELL_PATIENCE_MS = 2000, ERROR_SIZE = 1024 };

/*
 * Keys that shape the board, the directories and who the processes are
 * cannot change under the living: they keep their values, and the log says
 * so.
 */
static int
keep_fixed(struct conf *next, const struct conf *now)
{
	char names[256];

	conf_needs_restart(now, next, names, sizeof(names));
	if (names[0] == '\0')
		return 0;
	log_warning("reload incomplete keys=\"%s\" why=\"their change needs "
	    "a restart\"", names);
	return conf_keep_fixed(next, now) ? 0 : -1;
}

/* What came out of it is gone, and for more the master would wait. */
static bool
is_pipe(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISFIFO(st.st_mode);
}

static struct conf *
load(const struct master *m)
{
	char err[ERROR_SIZE];
	struct conf *next;

	if (is_pipe(m->file)) {
		log_err("reload refused why=\"%s: a pipe, which cannot be read "
		    "anew\"", m->file);
		return NULL;
	}
	next = conf_load(m->file, err, sizeof(err));
	if (next == NULL) {
		log_err("reload refused why=\"%s\"", err);
		return NULL;
	}
	if (next->policy.n_rules > m->rules_max) {
		log_err("reload refused why=\"%zu rules; at most %u\"",
		    next->policy.n_rules, m->rules_max);
		conf_free(next);
		return NULL;
	}
	if (keep_fixed(next, m->conf) == -1) {
		log_err("reload refused why=\"%s\"", strerror(errno));
		conf_free(next);
		return NULL;
	}
	return next;
}

/*
 * The new generation is forked as soon as the old one was told to end; the
 * sockets stay, so whoever connects meanwhile waits in their queues.
 */
static void
take_over(struct master *m, struct conf *next)
{
	static const enum process_kind kinds[] = { PROCESS_WORKER,
	    PROCESS_AUTH, PROCESS_RESOLVER, PROCESS_ACCOUNT };
	struct children *c = &m->children;

	conf_free(m->before);
	c->base.before = m->before = m->conf;
	c->base.conf = m->conf = next;
	c->base.listeners = m->listeners.list;
	c->base.n_listeners = m->listeners.n;
	c->base.generation++;
	atomic_store(&m->board.header->generation, c->base.generation);
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (children_renew(c, kinds[i]) == -1)
			log_err("reload incomplete kind=%s why=\"%s\"",
			    process_kind_name(kinds[i]), strerror(errno));
	spares_renew(&m->spares, c);
}

/*
 * Everything that may fail, so that nothing has changed if it does: -1 after
 * the one error line.
 */
static int
prepare(struct master *m, const struct conf *next)
{
	int fd;

	if (log_target_open(next, &fd) == -1)
		return -1;
	if (listeners_update(&m->listeners, next, LISTEN_PATIENCE_MS) == -1) {
		if (fd > STDERR_FILENO)
			close(fd);
		return -1;
	}
	log_target_use(next, m->verbose, fd);
	return 0;
}

static void
tell(struct master *m)
{
	m->told_by_ms = 0;
	log_info("reloaded generation=%u rules=%zu limits=%zu",
	    m->children.base.generation, m->conf->policy.n_rules,
	    m->conf->policy.n_limits);
	activation_notify(NOTICE_READY);
}

/*
 * Whoever comes after the word is served by the new rules: it is said when no
 * worker of the old ones waits any more, be it one that was stopped.
 */
void
reload_tell(struct master *m)
{
	if (m->told_by_ms != 0 && (clock_ms() >= m->told_by_ms ||
	    !children_has_old_idle(&m->children)))
		tell(m);
}

void
reload(struct master *m)
{
	struct conf *next;

	if (m->told_by_ms != 0)
		tell(m);
	activation_notify(NOTICE_RELOADING);
	/* first, so that the new log gets the line if the file is wrong */
	log_target_renew(m->conf, m->verbose);
	next = load(m);
	if (next == NULL)
		goto out;
	if (prepare(m, next) == -1) {
		log_info("reload refused why=\"see the line before\"");
		conf_free(next);
		goto out;
	}
	take_over(m, next);
	m->told_by_ms = clock_ms() + TELL_PATIENCE_MS;
	reload_tell(m);
	return;
out:
	activation_notify(NOTICE_READY);
}
