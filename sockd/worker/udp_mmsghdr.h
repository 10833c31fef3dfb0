/*
 * struct mmsghdr, where a system has none; config.h comes before it.
 */
#ifndef WORKER_UDP_MMSGHDR_H
#define WORKER_UDP_MMSGHDR_H

#include <sys/socket.h>

#ifndef HAVE_STRUCT_MMSGHDR
struct mmsghdr {
	struct msghdr	msg_hdr;
	unsigned	msg_len;
};
#endif

#endif
