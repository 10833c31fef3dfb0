/*
 * What NSS says of a name that it does not find.
 */
#ifndef COMMON_NSS_H
#define COMMON_NSS_H

#include <errno.h>
#include <stdbool.h>

/*
 * Does errno, 0 before getpwnam(3) or getgrnam(3) and now this, say that
 * nobody has the name?  Else NSS could not look.
 */
static inline bool
nss_knows_nobody(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH ||
	    error == EBADF || error == EPERM;
}

#endif
