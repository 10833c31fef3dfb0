/*
 * This machine's addresses, kept current on the board for "self".
 */
#ifndef MASTER_SELF_H
#define MASTER_SELF_H

#include "sockd/common/board.h"

/* A descriptor that is readable when addresses changed, or -1. */
int	self_watch(void);

/* Empty the descriptor (if not -1) and read all addresses anew. */
void	self_refresh(int fd, struct board *board);

#endif
