/*
 * -D: leave the terminal; whoever started us waits until we serve.
 */
#ifndef MASTER_DAEMONIZE_H
#define MASTER_DAEMONIZE_H

/*
 * Fork; the parent waits and ends with 0 once daemonize_ready() was called,
 * or with 1 if the child ended before.  Returns 0 in the child alone; -1
 * and errno in the parent if there is no child, or in a child that cannot
 * leave its directory.
 */
int	daemonize(void);

/*
 * Give up standard input, output and error, before the first fork: whoever
 * started us may wait for their end.  Standard error stays where it is if
 * the log goes there.  Does nothing unless daemonize() was called.
 */
void	daemonize_detach(void);

/* Serving.  Does nothing unless daemonize() was called. */
void	daemonize_ready(void);

#endif
