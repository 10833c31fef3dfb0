/*
 * Signals of the master: a handler counts, and writes one octet.
 */
#ifndef MASTER_SIGNALS_H
#define MASTER_SIGNALS_H

/*
 * Install the handlers.  Returns the descriptor to wait for, -1 and errno;
 * *write_end is the other one, which no child should keep.
 */
int	signals_init(int *write_end);

/* Empty the pipe; called before the flags are read. */
void	signals_drain(void);

/* Has this signal come since it was last asked for?  How often, at least. */
unsigned signals_take(int sig);

#endif
