/*
 * The set in epoll(7): the cost of a wait is that of what happened.
 */
#include "config.h"

#ifdef HAVE_EPOLL

#include "waitset.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* The kernel gives both families the same values. */
_Static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI &&
    POLLOUT == EPOLLOUT && POLLRDHUP == EPOLLRDHUP, "events of poll(2)");

enum { EVENTS_MAX = 64 };

struct waitset {
	int	epoll;
};

struct waitset *
waitset_new(void)
{
	struct waitset *set = malloc(sizeof(*set));

	if (set == NULL)
		return NULL;
	set->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (set->epoll != -1)
		return set;
	free(set);
	return NULL;
}

void
waitset_free(struct waitset *set)
{
	if (set != NULL)
		close(set->epoll);
	free(set);
}

int
waitset_add(struct waitset *set, int fd, short events, uint32_t tag,
    bool shared)
{
	struct epoll_event e = { .events = (uint32_t)events,
		.data.u32 = tag };

#if HAVE_DECL_EPOLLEXCLUSIVE
	if (shared)
		e.events |= EPOLLEXCLUSIVE;
#else
	(void)shared;
#endif
	if (epoll_ctl(set->epoll, EPOLL_CTL_ADD, fd, &e) == -1 &&
	    errno != EEXIST)
		return -1;
	return 0;
}

void
waitset_remove(struct waitset *set, int fd)
{
	epoll_ctl(set->epoll, EPOLL_CTL_DEL, fd, NULL);
}

int
waitset_wait(struct waitset *set, uint32_t *tags, int max, int ms,
    const sigset_t *mask)
{
	struct epoll_event events[EVENTS_MAX];
	int n;

	n = epoll_pwait(set->epoll, events, max < EVENTS_MAX ? max :
	    EVENTS_MAX, ms, mask);
	for (int i = 0; i < n; i++)
		tags[i] = events[i].data.u32;
	return n;
}

#endif /* HAVE_EPOLL */
