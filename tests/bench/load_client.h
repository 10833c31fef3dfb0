/*
 * The client's side of SOCKS5, in lock step like most clients: greeting,
 * login, request, each sent when the answer to the last has come.
 */
#ifndef BENCH_LOAD_CLIENT_H
#define BENCH_LOAD_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct load;

enum { MESSAGE_MAX = 520, COMMAND_CONNECT = 1, COMMAND_UDP = 3 };

/* Write a message; return its length. */
size_t	client_greeting(const struct load *l, uint8_t buf[MESSAGE_MAX]);
size_t	client_login(const struct load *l, uint8_t buf[MESSAGE_MAX]);
/* For 127.0.0.1, or l->name, and this port; UDP: nothing declared. */
size_t	client_request(const struct load *l, uint8_t command, uint16_t port,
	    uint8_t buf[MESSAGE_MAX]);

/* How long the reply (RFC 1928, section 6) at buf is; 0: more, please. */
size_t	client_reply_size(const uint8_t *buf, size_t len);

/*
 * A TCP connection to the server, or to this port of loopback if there is no
 * server.  Blocking, with a receive timeout.  -1 and errno.
 */
int	client_dial(const struct load *l, uint16_t port);

/*
 * A tunnel to this port of loopback, the handshake done.  -1: the server
 * would not; with errno EAGAIN it was silent.
 */
int	client_tunnel(const struct load *l, uint16_t port);

/*
 * Ask for an association on this fresh connection; *relay is where datagrams
 * go, BND.ADDR or, if it is unspecified, the server.  -1: it would not.
 */
int	client_associate(const struct load *l, int fd,
	    struct sockaddr_in *relay);

/* Read exactly len octets; 0, or -1 for an end, an error, a timeout. */
int	client_read(int fd, void *buf, size_t len);

/* Send an octet string and wait for its echo; ns it took, or 0 (with errno
 * EAGAIN: silence). */
uint64_t client_ping(int fd, uint8_t *buf, size_t len);

#endif
