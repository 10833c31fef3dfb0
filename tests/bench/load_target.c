/*
 * Targets of the load generator.  They are to cost little: what they take of
 * the CPU, the measured server lacks.
 */
#include "load_target.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "load_process.h"

enum { BACKLOG = 4096, SPARE_DESCRIPTORS = 64, N_EVENTS = 64 };

/* A listener at this address; with port 0 it is told which one it got.  -1:
 * there is no such address. */
static int
listen_at(struct sockaddr *at, socklen_t len)
{
	static const int yes = 1;
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (bind(fd, at, len) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, at, &len) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A listener on 127.0.0.1 at any port. */
static int
listen_any(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = listen_at((struct sockaddr *)&sin, sizeof sin);

	if (fd == -1)
		err(1, "listen");
	*port = ntohs(sin.sin_port);
	return fd;
}

static int
listen_ipv6(uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_addr = in6addr_loopback, .sin6_port = htons(port) };

	return listen_at((struct sockaddr *)&sin6, sizeof sin6);
}

uint16_t
target_each(void (*serve)(int fd, void *arg), void *arg)
{
	uint16_t port;
	int listener = listen_any(&port);

	if (!process_fork()) {
		close(listener);
		return port;
	}
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd != -1 && process_fork()) {
			serve(fd, arg);
			_exit(0);
		}
		close(fd);
	}
}

/*
 * With TCP_DEFER_ACCEPT a connection is handed over together with its first
 * octets: one process can wait for them in turn and wait for none.
 */
static void
answer(int listener)
{
	static const int patience_s = PATIENCE_S;
	char buf[PAYLOAD_SIZE];

	setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &patience_s,
	    sizeof patience_s);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd == -1)
			continue;
		if (recv(fd, buf, sizeof buf, MSG_WAITALL) == sizeof buf)
			send(fd, buf, sizeof buf, MSG_NOSIGNAL);
		close(fd);
	}
}

uint16_t
target_answer(void)
{
	uint16_t port;
	int ipv4 = listen_any(&port);
	int ipv6 = listen_ipv6(port);

	if (process_fork())
		answer(ipv4);
	if (ipv6 != -1 && process_fork())
		answer(ipv6);
	close(ipv4);
	close(ipv6);
	return port;
}

static void
watch(int set, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) == -1)
		err(1, "epoll_ctl");
}

/* Accept one; at its share of connections a process looks away. */
static void
echo_accept(int set, int listener, unsigned *room)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1)
		return;
	watch(set, fd, EPOLLIN);
	if (--*room == 0)
		epoll_ctl(set, EPOLL_CTL_DEL, listener, NULL);
}

static void
echo_one(int fd)
{
	static char buf[CHUNK_SIZE];
	ssize_t n = recv(fd, buf, sizeof buf, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		close(fd);
	else
		send(fd, buf, (size_t)n, MSG_NOSIGNAL);
}

static void
echo(int listener, unsigned room)
{
	struct epoll_event events[N_EVENTS];
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (set == -1)
		err(1, "epoll_create1");
	watch(set, listener, EPOLLIN | EPOLLEXCLUSIVE);
	for (;;) {
		int n = epoll_wait(set, events, N_EVENTS, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				echo_accept(set, listener, &room);
			else
				echo_one(events[i].data.fd);
	}
}

unsigned
target_share(unsigned connections)
{
	struct rlimit r;
	rlim_t room;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		err(1, "getrlimit");
	room = r.rlim_cur > 2 * SPARE_DESCRIPTORS ?
	    r.rlim_cur - SPARE_DESCRIPTORS : SPARE_DESCRIPTORS;
	return connections < room ? connections : (unsigned)room;
}

/* One process more than is needed: clients that give up also count. */
uint16_t
target_echo(unsigned connections)
{
	unsigned share = target_share(connections + SPARE_DESCRIPTORS);
	unsigned n = connections / share + 1;
	uint16_t port;
	int listener = listen_any(&port);

	/* Several wait for it: whoever comes late must not block. */
	if (fcntl(listener, F_SETFL, O_NONBLOCK) == -1)
		err(1, "fcntl");
	for (unsigned i = 0; i < n; i++)
		if (process_fork())
			echo(listener, share);
	close(listener);
	return port;
}
