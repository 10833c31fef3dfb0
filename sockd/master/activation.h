/*
 * What the service manager gives and wants to hear (systemd's protocols,
 * through libsystemd where it was found; silent elsewhere).
 */
#ifndef MASTER_ACTIVATION_H
#define MASTER_ACTIVATION_H

#include <stdint.h>

#include "lib/addr.h"

/* Take the listening sockets that were passed to us. */
void	activation_init(void);

/* A passed socket bound to this address, once; else -1 and errno ENOENT. */
int	activation_take(const struct addr *addr);

/* Sockets that no listen section asked for are closed and told. */
void	activation_finish(void);

enum notice { NOTICE_READY, NOTICE_RELOADING };
void	activation_notify(enum notice notice);

/*
 * We are stopping, and may need so long: the service manager kills us no
 * sooner, whatever its own patience.
 */
void	activation_notify_stopping(uint64_t most_ms);

#endif
