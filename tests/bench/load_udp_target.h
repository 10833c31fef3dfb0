/*
 * Batches of datagrams, and a target that echoes them.
 */
#ifndef BENCH_LOAD_UDP_TARGET_H
#define BENCH_LOAD_UDP_TARGET_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { UDP_BATCH = 32, UDP_ROOM = 65536 };

struct udp_batch {
	struct mmsghdr	messages[UDP_BATCH];
	struct iovec	vecs[UDP_BATCH];
	struct sockaddr_in peers[UDP_BATCH];
	uint8_t		octets[UDP_BATCH][UDP_ROOM];
};

/* Room for UDP_BATCH messages, each of the largest size, without a peer. */
void	udp_batch_init(struct udp_batch *b);

/* A receive buffer in which the windows of many associations fit. */
void	udp_roomy(int fd);

/*
 * An end point that costs little: what it sends at once is cut by the kernel
 * into datagrams of so many octets (UDP_SEGMENT), and what comes may come
 * merged (UDP_GRO), as with who speaks QUIC.
 */
void	udp_in_runs(int fd, size_t octets);

/*
 * Echoes each datagram to its sender; in runs if they are all of so many
 * octets (0: it is not known).  Returns the port on 127.0.0.1.
 */
uint16_t udp_target(size_t run_octets);

#endif
