/*
 * The listening sockets: opened by the master before it forks, shared by all
 * workers, kept open over a reload where the address stays.
 */
#include "listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "activation.h"
#include "lib/text.h"
#include "sockd/common/clock.h"
#include "sockd/common/fd.h"
#include "sockd/common/log.h"

enum { BACKLOG = 4096, RETRY_STEP_MS = 50, DEFER_S = 30 };

/* One socket that a section wants. */
struct wanted {
	unsigned	index;		/* of the section */
	struct addr	addr;		/* port 0: any free one */
	bool		optional;	/* "*": a machine may lack a family */
};

static const struct addr any4 = { .family = ADDR_IPV4 };
static const struct addr any6 = { .family = ADDR_IPV6 };

static void
set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) == -1)
		log_debug("socket option level=%d name=%d why=\"%s\"", level,
		    name, strerror(errno));
}

static void
share_port(int fd, bool on)
{
#ifdef SO_REUSEPORT
	set_option(fd, SOL_SOCKET, SO_REUSEPORT, on);
#else
	(void)fd;
	(void)on;
#endif
}

/*
 * What is accepted inherits TCP_NODELAY, and that urgent octets keep their
 * place (local_prepare()): two calls less for each client.  One that
 * connects and says nothing does not wake a worker at once (TCP_DEFER_ACCEPT).
 */
static void
prepare(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1);
#ifdef TCP_DEFER_ACCEPT
	set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S);
#endif
}

static int
open_socket(const struct addr *addr, bool shared)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(addr, &ss);
	int fd;

	fd = socket(ss.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (shared)
		share_port(fd, true);
	if (addr->family == ADDR_IPV6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	prepare(fd);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1)
		goto fail;
	if (listen(fd, BACKLOG) == -1)
		goto fail;
	if (shared)
		share_port(fd, false);
	return fd;
fail:
	fd_close_keep_errno(fd);
	return -1;
}

static int
open_patiently(const struct addr *addr, bool shared, uint64_t patience_ms)
{
	uint64_t until_ms = clock_ms() + patience_ms;
	int fd;

	for (;;) {
		fd = open_socket(addr, shared);
		if (fd != -1 || errno != EADDRINUSE || clock_ms() >= until_ms)
			return fd;
		poll(NULL, 0, RETRY_STEP_MS);
	}
}

/* The sockets of one section: one, or for "*" one a family. */
static size_t
section_wants(const struct conf_listen *section, unsigned index,
    struct wanted out[2])
{
	if (section->addr.family != ADDR_NONE) {
		out[0] = (struct wanted){ index, section->addr, false };
		out[0].addr.port = section->port;
		return 1;
	}
	out[0] = (struct wanted){ index, any4, true };
	out[1] = (struct wanted){ index, any6, true };
	out[0].addr.port = out[1].addr.port = section->port;
	return 2;
}

static struct listener *
find_open(const struct listeners *l, const struct wanted *w,
    const struct conf *conf)
{
	const char *name = conf->listens[w->index].name;

	for (size_t i = 0; i < l->n; i++) {
		struct listener *have = &l->list[i];

		if (!addr_equal(&have->addr, &w->addr) || have->fd == -1)
			continue;
		if (have->addr.port == w->addr.port || (w->addr.port == 0 &&
		    strcmp(have->name, name) == 0))
			return have;
	}
	return NULL;
}

/* Will conf have this socket no more? */
static bool
is_going(const struct listeners *l, const struct listener *have,
    const struct conf *conf)
{
	struct wanted want[2];

	for (unsigned i = 0; i < conf->n_listens; i++) {
		size_t n = section_wants(&conf->listens[i], i, want);

		for (size_t k = 0; k < n; k++)
			if (find_open(l, &want[k], conf) == have)
				return false;
	}
	return true;
}

/*
 * One address and all addresses of a port exclude each other, also where one
 * of them is ours and about to go.  The system lets both be there while both
 * say SO_REUSEPORT: it is said for the moment of opening only, so that at no
 * time nobody listens, and nobody else comes in.  A service manager keeps
 * its sockets open, and would get the clients that we no longer take.
 *
 * Tells whether there is such a socket.
 */
static bool
share_with_going(const struct listeners *l, const struct addr *addr,
    const struct conf *conf, bool on)
{
	bool found = false;

	for (size_t i = 0; i < l->n && !l->activated; i++) {
		const struct listener *have = &l->list[i];

		if (have->addr.family != addr->family ||
		    have->addr.port != addr->port || addr->port == 0 ||
		    !is_going(l, have, conf))
			continue;
		share_port(have->fd, on);
		found = true;
	}
	return found;
}

static int
open_anew(const struct listeners *now, const struct addr *addr,
    const struct conf *conf, uint64_t patience_ms)
{
	bool shared = share_with_going(now, addr, conf, true);
	int fd = open_patiently(addr, shared, patience_ms), saved = errno;

	if (shared)
		share_with_going(now, addr, conf, false);
	errno = saved;
	return fd;
}

static bool
fill(struct listener *l, int fd, unsigned index, const char *name)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    !addr_from_sockaddr(&l->addr, (struct sockaddr *)&ss, len))
		return false;
	l->fd = fd;
	l->index = index;
	text_copy(l->name, sizeof(l->name), name);
	return true;
}

/*
 * Open one socket for the new list.  0 also where a family is missing and
 * need not be there; -1 after a logged error.
 */
static int
open_wanted(struct listeners *next, const struct listeners *now,
    const struct wanted *w, const struct conf *conf, uint64_t patience_ms)
{
	const struct conf_listen *section = &conf->listens[w->index];
	struct listener *l = &next->list[next->n];
	char text[ADDR_TEXT_MAX];
	int fd;

	fd = activation_take(&w->addr);
	if (fd != -1) {
		next->activated = true;
		prepare(fd);
	} else {
		fd = open_anew(now, &w->addr, conf, patience_ms);
	}
	if (fd == -1 && w->optional && (errno == EAFNOSUPPORT ||
	    errno == EADDRNOTAVAIL))
		return 0;
	if (fd == -1) {
		log_err("listen failed name=%s address=%s line=%u why=\"%s\"",
		    section->name, addr_format_port(&w->addr, text),
		    section->line, strerror(errno));
		return -1;
	}
	if (!fill(l, fd, w->index, section->name)) {
		log_err("listen failed name=%s why=\"no internet socket\"",
		    section->name);
		close(fd);
		return -1;
	}
	l->fresh = true;
	next->n++;
	return 0;
}

/* Close what only one of two lists holds. */
static void
close_fresh(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].fresh)
			close(l->list[i].fd);
	free(l->list);
}

static bool
holds(const struct listeners *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].fd == fd)
			return true;
	return false;
}

static void
close_gone(struct listeners *l, const struct listeners *next)
{
	for (size_t i = 0; i < l->n; i++) {
		if (holds(next, l->list[i].fd))
			continue;
		log_info("listening no more name=%s", l->list[i].name);
		/* a busy worker of the old generation has it open as well */
		if (!l->activated)
			shutdown(l->list[i].fd, SHUT_RDWR);
		close(l->list[i].fd);
	}
	free(l->list);
}

/* All are open and will stay: those of this reload are new no longer. */
static void
tell_fresh(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct listener *one = &l->list[i];
		char text[ADDR_TEXT_MAX];

		if (one->fresh)
			log_info("listening name=%s address=%s", one->name,
			    addr_format_port(&one->addr, text));
		one->fresh = false;
	}
}

/*
 * Sockets that stay are taken over first, so that one section may take an
 * address from another in the same reload.
 */
static int
build(struct listeners *next, const struct listeners *now,
    const struct conf *conf, uint64_t patience_ms)
{
	struct wanted want[2];

	for (unsigned i = 0; i < conf->n_listens; i++) {
		size_t n = section_wants(&conf->listens[i], i, want);
		size_t before = next->n;

		for (size_t k = 0; k < n; k++) {
			struct listener *have = find_open(now, &want[k], conf);

			/* "*" with port 0: both families on one port. */
			if (k == 1 && want[1].addr.port == 0 &&
			    next->n > before)
				want[1].addr.port =
				    next->list[before].addr.port;
			if (have != NULL && !holds(next, have->fd)) {
				fill(&next->list[next->n++], have->fd, i,
				    conf->listens[i].name);
				continue;
			}
			if (open_wanted(next, now, &want[k], conf,
			    patience_ms) == -1)
				return -1;
		}
		if (next->n == before) {
			log_err("listen failed name=%s why=\"no family of "
			    "addresses is there\"", conf->listens[i].name);
			return -1;
		}
	}
	return 0;
}

int
listeners_update(struct listeners *l, const struct conf *conf,
    uint64_t patience_ms)
{
	struct listeners next = { .activated = l->activated };

	next.list = calloc(conf->n_listens * 2, sizeof(*next.list));
	if (next.list == NULL) {
		log_err("listen failed why=\"%s\"", strerror(errno));
		return -1;
	}
	if (build(&next, l, conf, patience_ms) == -1) {
		close_fresh(&next);
		return -1;
	}
	tell_fresh(&next);
	close_gone(l, &next);
	*l = next;
	return 0;
}

/*
 * A socket of the service manager lives on for the next start; it is only
 * left alone (workers look at header.stopping).
 */
void
listeners_stop(const struct listeners *l)
{
	if (l->activated)
		return;
	for (size_t i = 0; i < l->n; i++)
		shutdown(l->list[i].fd, SHUT_RDWR);
}

void
listeners_close(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->list[i].fd);
	free(l->list);
	*l = (struct listeners){ 0 };
}
