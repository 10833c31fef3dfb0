/*
 * The auth family: who may log in, and who they are then.
 *
 * The parent draws the cache's key and forks helpers (sockd/common/helper.h);
 * a helper answers one login at a time, from the cache or through PAM, with
 * the canonical user and the groups.  Runs as pam.user, which is root where
 * PAM must read /etc/shadow, without no_new_privs, because modules run
 * set-user-id programs, and without a sandbox, because nobody knows what
 * they need.  It listens to workers only, through messages that lib/message
 * has checked.
 *
 * A helper never sleeps for a failure; it is replaced after RETIRE_AFTER
 * questions to PAM, because modules leak.
 */
#include "auth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cache.h"
#include "groups.h"
#include "lib/elements.h"
#include "lib/quote.h"
#include "pam.h"
#include "sockd/common/clock.h"
#include "sockd/common/helper.h"
#include "sockd/common/log.h"

enum {
	RETIRE_AFTER = 1000,
	DESCRIPTORS = 1024,	/* what modules and their programs expect */
	QUOTED_SIZE = 96,
};

struct auth {
	const struct conf	*conf;
	const struct conf	*before;	/* workers of it still ask */
	struct cache		*cache;
};

/* ---- a helper's start ---- */

/*
 * Modules print, and what they run prints: to nowhere.  A log on standard
 * error moves away first.
 */
static bool
silence(void)
{
	int null;

	if (log_fd() == STDERR_FILENO) {
		int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC,
		    STDERR_FILENO + 1);

		if (fd != -1)
			log_move(fd);
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		return false;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) == -1)
			return false;
	if (null > STDERR_FILENO)
		close(null);
	return true;
}

static void
do_nothing(int sig)
{
	(void)sig;
}

/*
 * What a module runs must not inherit our deafness: a signal with a handler
 * is at its default after exec, one that is ignored stays ignored.
 */
static void
unignore_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR2,
				       SIGPIPE };
	struct sigaction nothing = { .sa_handler = do_nothing,
	    .sa_flags = SA_RESTART };

	sigemptyset(&nothing.sa_mask);
	for (size_t i = 0; i < N_ELEMENTS(signals); i++)
		sigaction(signals[i], &nothing, NULL);
}

/* Modules close every descriptor that there may be, one by one. */
static void
limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_max <= DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max = DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
start(const struct process *p, void *arg)
{
	(void)p;
	(void)arg;
	unignore_signals();
	setpgid(0, 0);			/* what it signals is its own */
	limit_descriptors();
	if (silence())
		return true;
	log_err("auth helper cannot start why=\"%s\"", strerror(errno));
	return false;
}

/* ---- a question ---- */

static bool
names_service(const struct conf *conf, const char *service)
{
	for (size_t i = 0; i < conf->n_listens; i++)
		if (strcmp(conf->listens[i].pam_service, service) == 0)
			return true;
	return false;
}

/* A worker that was stolen must not ask the services of others: some believe
 * root, which we are. */
static bool
is_our_service(const struct auth *auth, const char *service)
{
	return names_service(auth->conf, service) ||
	    (auth->before != NULL && names_service(auth->before, service));
}

static void
tell_foreign(const struct login_question *q)
{
	char service[QUOTED_SIZE], client[ADDR_TEXT_MAX];

	log_warning("login ignored why=foreign-service service=%s client=%s",
	    quote_text(service, sizeof(service), q->service),
	    addr_format_port(&q->client, client));
}

static size_t
answer_from_memory(void *arg, const uint8_t *buf, size_t len, uint8_t *out)
{
	const struct auth *auth = arg;
	struct login_question q;
	struct login_answer a;
	size_t n = 0;

	if (!login_question_decode(buf, len, &q))
		return 0;
	if (cache_find(auth->cache, &q, clock_ms(), &a))
		n = login_answer_encode(out, &a);
	explicit_bzero(&q, sizeof(q));
	return n;
}

static size_t
answer_through_pam(void *arg, const uint8_t *buf, size_t len, uint8_t *out)
{
	struct auth *auth = arg;
	struct login_question q;
	struct login_answer a = { 0 };

	if (!login_question_decode(buf, len, &q))
		return 0;
	a.serial = q.serial;
	a.verdict = LOGIN_ERROR;
	if (is_our_service(auth, q.service))
		a.verdict = pam_login(auth->conf->pam.confdir, &q, a.user);
	else
		tell_foreign(&q);
	if (a.verdict == LOGIN_YES &&
	    !groups_look_up(&a, &auth->conf->policy))
		a.verdict = LOGIN_ERROR;
	cache_store(auth->cache, &q, clock_ms(), &a);
	explicit_bzero(&q, sizeof(q));
	alarm(0);			/* a module may have forgotten it */
	process_follow_parent();	/* or may have been another */
	return login_answer_encode(out, &a);
}

/* ---- the family ---- */

/* A start and each reload say so: others may log in than were meant to. */
static void
warn_of_service(void *arg, const char *text)
{
	(void)arg;
	log_warning("login doubtful why=\"%s\"", text);
}

void
auth_main(struct process *p)
{
	const struct conf *conf = p->conf;
	struct auth auth = { .conf = conf, .before = p->before };
	const struct helper_family family = {
		.name = "auth",
		.questions = p->auth_answer,
		.min = conf->pam.helpers,
		.max = conf->pam.helpers_max,
		.timeout_ms = conf->pam.timeout_ms,
		.retire_after = RETIRE_AFTER,
		.start = start,
		.quick = answer_from_memory,
		.answer = answer_through_pam,
		.arg = &auth,
	};

	process_enter(p);
	if (process_become(p, conf->pam.user, false) == -1)
		_exit(EXIT_FAILURE);
	conf_doubt_pam(conf, warn_of_service, NULL);
	auth.cache = cache_create(conf->pam.cache_ms);
	if (auth.cache == NULL) {
		log_err("auth cache impossible why=\"%s\"",
		    strerror(errno));
		_exit(EXIT_FAILURE);
	}
	if (helper_family_run(p, &family) == -1)	/* says ready */
		_exit(EXIT_FAILURE);
	cache_destroy(auth.cache);
	_exit(EXIT_SUCCESS);
}
