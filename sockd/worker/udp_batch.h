/*
 * Datagrams by the batch: recvmmsg(2) and sendmmsg(2), or one at a time
 * where a system has neither.  Where the kernel can, datagrams of one size
 * between two ends travel through it as one message, a run: cut on the way
 * out (UDP_SEGMENT), merged on the way in (UDP_GRO).
 */
#ifndef WORKER_UDP_BATCH_H
#define WORKER_UDP_BATCH_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { UDP_BATCH = 32 };	/* messages at once */

union udp_name {
	struct sockaddr		any;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

#endif
