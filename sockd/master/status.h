/*
 * SIGUSR1: one status line a process kind, and the counts.
 */
#ifndef MASTER_STATUS_H
#define MASTER_STATUS_H

#include "children.h"

void	status_log(const struct children *c);

#endif
