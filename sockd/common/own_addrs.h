/*
 * The addresses of this machine, as its interfaces have them now.
 */
#ifndef COMMON_OWN_ADDRS_H
#define COMMON_OWN_ADDRS_H

#include <sys/types.h>

struct addr;

/*
 * Write the first max of them, port 0, to list.  Returns how many there are,
 * which may be more; -1 and errno if the system does not say.
 */
ssize_t	own_addrs(struct addr *list, size_t max);

#endif
