/*
 * Batches of datagrams, and a target that echoes them.
 */
#ifndef BENCH_LOAD_UDP_TARGET_H
#define BENCH_LOAD_UDP_TARGET_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { UDP_BATCH = 32, UDP_DATAGRAM_MAX = 2048 };

struct udp_batch {
	struct mmsghdr	messages[UDP_BATCH];
	struct iovec	vecs[UDP_BATCH];
	struct sockaddr_in peers[UDP_BATCH];
	uint8_t		octets[UDP_BATCH][UDP_DATAGRAM_MAX];
};

/* Room for UDP_BATCH datagrams, each of the largest size, without a peer. */
void	udp_batch_init(struct udp_batch *b);

/* A receive buffer in which the windows of many associations fit. */
void	udp_roomy(int fd);

/* Echoes each datagram to its sender; returns the port on 127.0.0.1. */
uint16_t udp_target(void);

#endif
