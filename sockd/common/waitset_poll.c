/*
 * The set in poll(2), where there is no epoll(7): a wait looks at all of it,
 * and a shared descriptor wakes everybody.
 */
#include "config.h"

#ifndef HAVE_EPOLL

#include "waitset.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { GROW_BY = 64 };

struct waitset {
	struct pollfd	*fds;
	uint32_t	*tags;		/* of each of fds */
	uint32_t	n, room;
	uint32_t	next;		/* whose turn it is to be told first */
};

struct waitset *
waitset_new(void)
{
	return calloc(1, sizeof(struct waitset));
}

void
waitset_free(struct waitset *set)
{
	if (set == NULL)
		return;
	free(set->fds);
	free(set->tags);
	free(set);
}

/* set->n: it is not there. */
static uint32_t
find(const struct waitset *set, int fd)
{
	uint32_t i = 0;

	while (i < set->n && set->fds[i].fd != fd)
		i++;
	return i;
}

static int
grow(struct waitset *set)
{
	uint32_t room = set->room + GROW_BY;
	struct pollfd *fds = realloc(set->fds, room * sizeof(*fds));
	uint32_t *tags;

	if (fds == NULL)
		return -1;
	set->fds = fds;
	tags = realloc(set->tags, room * sizeof(*tags));
	if (tags == NULL)
		return -1;
	set->tags = tags;
	set->room = room;
	return 0;
}

int
waitset_add(struct waitset *set, int fd, short events, uint32_t tag,
    bool shared)
{
	(void)shared;
	if (find(set, fd) < set->n)
		return 0;
	if (set->n == set->room && grow(set) == -1)
		return -1;
	set->fds[set->n] = (struct pollfd){ .fd = fd, .events = events };
	set->tags[set->n++] = tag;
	return 0;
}

void
waitset_remove(struct waitset *set, int fd)
{
	uint32_t i = find(set, fd);

	if (i == set->n)
		return;
	set->n--;
	set->fds[i] = set->fds[set->n];
	set->tags[i] = set->tags[set->n];
}

/* Whoever comes after the last one told is looked at first. */
static int
tell(struct waitset *set, uint32_t *tags, int max)
{
	uint32_t first = set->n == 0 ? 0 : set->next % set->n;
	int told = 0;

	for (uint32_t i = 0; i < set->n && told < max; i++) {
		uint32_t at = (first + i) % set->n;

		if (set->fds[at].revents == 0)
			continue;
		tags[told++] = set->tags[at];
		set->next = at + 1;
	}
	return told;
}

int
waitset_wait(struct waitset *set, uint32_t *tags, int max, int ms,
    const sigset_t *mask)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L };
	int n = ppoll(set->fds, set->n, ms < 0 ? NULL : &t, mask);

	return n > 0 ? tell(set, tags, max) : n;
}

#endif /* !HAVE_EPOLL */
