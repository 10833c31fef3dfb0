/*
 * The resolvers: names in, addresses out, one question at a time.
 *
 * A family of helpers (sockd/common/helper.h), each around getaddrinfo(3):
 * what the machine knows as a name is what sockd knows, with /etc/hosts,
 * nsswitch.conf and resolv.conf, which the C library reads again when it
 * changes.  A helper that overruns resolver.timeout is killed and replaced.
 *
 * Runs as conf.user; each helper is confined (reads files, speaks to name
 * servers, nothing else) and has no board.  Literals never come here.
 */
#include "resolver.h"

#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/message.h"
#include "sockd/common/helper.h"
#include "sockd/common/log.h"
#include "sockd/common/sandbox.h"

enum { UNKNOWN_S = 255 };

static bool
start(const struct process *p, void *arg)
{
	(void)arg;
	return sandbox_enter(p->kind) == 0;
}

/*
 * How long the C library waits for a name server, in seconds.  Asked in a
 * process of its own: what it once read it keeps until the file changes, and
 * would not see RES_OPTIONS afterwards.
 */
static int
system_patience(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(res_init() == -1 ? UNKNOWN_S : _res.retrans);
	if (pid == -1 || waitpid(pid, &status, 0) == -1 || !WIFEXITED(status))
		return UNKNOWN_S;
	return WEXITSTATUS(status);
}

/*
 * The C library turns to the second server of resolv.conf after 5 seconds,
 * which is all that a name has by default: with the first one dead nothing
 * would be resolved.
 */
static void
ask_second_in_time(uint64_t timeout_ms)
{
	const char *given = getenv("RES_OPTIONS");
	const int half_s = timeout_ms < 4000 ? 1 : (int)(timeout_ms / 2000);
	char options[512];

	if (system_patience() <= half_s)
		return;
	snprintf(options, sizeof(options), "%s timeout:%d",
	    given == NULL ? "" : given, half_s);
	setenv("RES_OPTIONS", options, 1);
}

static bool
has(const struct resolve_answer *a, const struct addr *addr)
{
	for (size_t i = 0; i < a->n_addrs; i++)
		if (addr_equal(&a->addrs[i], addr))
			return true;
	return false;
}

/* In the order of getaddrinfo(3) (RFC 6724), each once. */
static void
collect(struct resolve_answer *a, const struct addrinfo *list)
{
	for (; list != NULL && a->n_addrs < MESSAGE_ADDRS_MAX;
	    list = list->ai_next) {
		struct addr addr;

		if (!addr_from_sockaddr(&addr, list->ai_addr,
		    list->ai_addrlen))
			continue;
		addr.port = 0;
		if (!has(a, &addr))
			a->addrs[a->n_addrs++] = addr;
	}
}

static enum resolve_verdict
verdict_of(int error)
{
	switch (error) {
	case EAI_AGAIN:
	case EAI_MEMORY:
	case EAI_SYSTEM:
		return RESOLVE_AGAIN;
	default:
		return RESOLVE_NONE;
	}
}

static void
resolve(const char *name, struct resolve_answer *a)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int error;

	error = getaddrinfo(name, NULL, &hints, &list);
	if (error != 0) {
		log_debug("unresolved name=%s why=\"%s\"", name,
		    gai_strerror(error));
		a->verdict = verdict_of(error);
		return;
	}
	collect(a, list);
	freeaddrinfo(list);
	a->verdict = a->n_addrs > 0 ? RESOLVE_FOUND : RESOLVE_NONE;
}

static size_t
answer(void *arg, const uint8_t *buf, size_t len, uint8_t *out)
{
	struct resolve_question q;
	struct resolve_answer a = { 0 };

	(void)arg;
	if (!resolve_question_decode(buf, len, &q))
		return 0;
	a.serial = q.serial;
	resolve(q.name, &a);
	return resolve_answer_encode(out, &a);
}

void
resolver_main(struct process *p)
{
	const struct conf *conf = p->conf;
	const struct helper_family family = {
		.name = "resolver",
		.questions = p->resolver_answer,
		.min = conf->resolver.helpers,
		.max = conf->resolver.helpers_max,
		.timeout_ms = conf->resolver.timeout_ms,
		.start = start,
		.answer = answer,
	};

	process_enter(p);
	if (process_become(p, conf->user, true) == -1)
		_exit(EXIT_FAILURE);
	ask_second_in_time(conf->resolver.timeout_ms);
	if (helper_family_run(p, &family) == -1)	/* says ready */
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}
