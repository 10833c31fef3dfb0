/*
 * The master's front door.
 */
#ifndef MASTER_H
#define MASTER_H

#include <stdbool.h>

struct master_options {
	const char	*file;		/* configuration */
	bool		daemonize;	/* -D */
	bool		verbose;	/* -v: log level debug */
};

/* Run until told to stop.  Returns main()'s exit status. */
int	master_run(const struct master_options *options);

#endif
