/*
 * The client's side of SOCKS5 (RFC 1928, RFC 1929), as little as traffic
 * needs.  It trusts nothing of the server's code: it shares none with it.
 */
#include "load_client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "load.h"
#include "load_process.h"

enum { VERSION = 5, LOGIN_VERSION = 1, METHOD_NONE = 0, METHOD_PASSWORD = 2,
       ATYP_IPV4 = 1, ATYP_NAME = 3, ATYP_IPV6 = 4, SUCCEEDED = 0 };

size_t
client_greeting(const struct load *l, uint8_t buf[MESSAGE_MAX])
{
	buf[0] = VERSION;
	buf[1] = 1;
	buf[2] = l->user ? METHOD_PASSWORD : METHOD_NONE;
	return 3;
}

/* A string behind its length, as RFC 1928 and 1929 have it. */
static size_t
counted(uint8_t *buf, const char *text)
{
	size_t len = strnlen(text, 255);

	buf[0] = (uint8_t)len;
	memcpy(buf + 1, text, len);
	return 1 + len;
}

size_t
client_login(const struct load *l, uint8_t buf[MESSAGE_MAX])
{
	size_t at = 1;

	buf[0] = LOGIN_VERSION;
	at += counted(buf + at, l->user);
	at += counted(buf + at, l->password);
	return at;
}

size_t
client_request(const struct load *l, uint8_t command, uint16_t port,
    uint8_t buf[MESSAGE_MAX])
{
	static const uint8_t any[4] = { 0 };
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	size_t at = 4;

	buf[0] = VERSION;
	buf[1] = command;
	buf[2] = 0;
	if (command == COMMAND_CONNECT && l->name) {
		buf[3] = ATYP_NAME;
		at += counted(buf + at, l->name);
	} else {
		buf[3] = ATYP_IPV4;
		memcpy(buf + at, command == COMMAND_UDP ? any : loopback, 4);
		at += 4;
	}
	buf[at++] = (uint8_t)(port >> 8);
	buf[at++] = (uint8_t)port;
	return at;
}

size_t
client_reply_size(const uint8_t *buf, size_t len)
{
	if (len < 5)
		return 0;
	switch (buf[3]) {
	case ATYP_IPV4:
		return 10;
	case ATYP_IPV6:
		return 22;
	default:
		return (size_t)7 + buf[4];
	}
}

int
client_dial(const struct load *l, uint16_t port)
{
	static const int yes = 1;
	static const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_in to = l->server;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (to.sin_port == 0) {
		to.sin_family = AF_INET;
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		to.sin_port = htons(port);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
	if (l->from.sin_family == AF_INET && bind(fd,
	    (const struct sockaddr *)&l->from, sizeof l->from) == -1)
		goto fail;
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == -1)
		goto fail;
	return fd;
fail:
	close(fd);
	return -1;
}

int
client_read(int fd, void *buf, size_t len)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = recv(fd, p, len, MSG_WAITALL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Send a message and read an answer of two octets, the second being want. */
static int
exchange(int fd, const uint8_t *message, size_t len, uint8_t want)
{
	uint8_t answer[2];

	if (send(fd, message, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	if (client_read(fd, answer, sizeof answer) == -1)
		return -1;
	return answer[1] == want ? 0 : -1;
}

/* Greeting and login. */
static int
introduce(const struct load *l, int fd)
{
	uint8_t buf[MESSAGE_MAX];
	uint8_t method = l->user ? METHOD_PASSWORD : METHOD_NONE;

	if (exchange(fd, buf, client_greeting(l, buf), method) == -1)
		return -1;
	if (!l->user)
		return 0;
	return exchange(fd, buf, client_login(l, buf), SUCCEEDED);
}

/* The whole handshake; reply holds the server's last word. */
static int
shake_hands(const struct load *l, int fd, uint8_t command, uint16_t port,
    uint8_t reply[MESSAGE_MAX])
{
	uint8_t buf[MESSAGE_MAX];
	size_t len;

	if (introduce(l, fd) == -1)
		return -1;
	len = client_request(l, command, port, buf);
	if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	if (client_read(fd, reply, 5) == -1 || reply[1] != SUCCEEDED)
		return -1;
	return client_read(fd, reply + 5, client_reply_size(reply, 5) - 5);
}

int
client_tunnel(const struct load *l, uint16_t port)
{
	uint8_t reply[MESSAGE_MAX];
	int fd = client_dial(l, port);

	if (fd == -1 || l->server.sin_port == 0)
		return fd;
	if (shake_hands(l, fd, COMMAND_CONNECT, port, reply) == 0)
		return fd;
	close(fd);
	return -1;
}

int
client_associate(const struct load *l, int fd, struct sockaddr_in *relay)
{
	uint8_t reply[MESSAGE_MAX];

	if (shake_hands(l, fd, COMMAND_UDP, 0, reply) == -1 ||
	    reply[3] != ATYP_IPV4)
		return -1;
	*relay = l->server;
	memcpy(&relay->sin_port, reply + 8, 2);
	if (memcmp(reply + 4, "\0\0\0\0", 4) != 0)
		memcpy(&relay->sin_addr, reply + 4, 4);
	return 0;
}

uint64_t
client_ping(int fd, uint8_t *buf, size_t len)
{
	uint64_t start = now_ns();

	if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		return 0;
	if (client_read(fd, buf, len) == -1)
		return 0;
	return now_ns() - start;
}
