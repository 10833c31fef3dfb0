/*
 * A set of descriptors to wait for: epoll(7), or poll(2) where there is none.
 * Events are those of poll(2); errors and hang-ups are always told.
 */
#ifndef COMMON_WAITSET_H
#define COMMON_WAITSET_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef POLLRDHUP
#define POLLRDHUP 0		/* where it is not told apart from POLLIN */
#endif

struct waitset;

/* For this process alone: make it after the fork.  NULL and errno. */
struct waitset *waitset_new(void);
void	waitset_free(struct waitset *set);

/*
 * Wait for events of fd too; tag tells it from the others.  shared: other
 * processes wait for it as well, and where the kernel can it wakes one of
 * them.  0, for one that is there already too; -1 and errno.
 */
int	waitset_add(struct waitset *set, int fd, short events, uint32_t tag,
	    bool shared);
void	waitset_remove(struct waitset *set, int fd);

/*
 * Wait for ms, or -1: for ever; mask, if it is not NULL, is the signal mask
 * meanwhile.  The tags of at most max descriptors go to tags, and how many
 * is returned; 0 when the time is over; -1 and errno.
 */
int	waitset_wait(struct waitset *set, uint32_t *tags, int max, int ms,
	    const sigset_t *mask);

#endif
