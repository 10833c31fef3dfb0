/*
 * -D: leave the terminal; whoever started us waits until we serve.
 */
#ifndef MASTER_DAEMONIZE_H
#define MASTER_DAEMONIZE_H

/*
 * Fork; the parent waits and ends with 0 once daemonize_ready() was called,
 * or with 1 if the child ended before.  Returns in the child alone: 0, or -1
 * and errno in the parent if there is no child.
 */
int	daemonize(void);

/* Serving.  Does nothing unless daemonize() was called. */
void	daemonize_ready(void);

#endif
