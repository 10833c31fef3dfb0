/*
 * What the service manager gives and wants to hear (systemd's protocols,
 * through libsystemd where it was found; silent elsewhere).
 */
#ifndef MASTER_ACTIVATION_H
#define MASTER_ACTIVATION_H

#include "lib/addr.h"

/* Take the listening sockets that were passed to us. */
void	activation_init(void);

/* A passed socket bound to this address, once; else -1 and errno ENOENT. */
int	activation_take(const struct addr *addr);

/* Sockets that no listen section asked for are closed and told. */
void	activation_finish(void);

enum notice { NOTICE_READY, NOTICE_RELOADING, NOTICE_STOPPING };
void	activation_notify(enum notice notice);

#endif
