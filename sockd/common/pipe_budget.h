/*
 * The budget of pipe pages that an unprivileged user has, and what workers
 * would take of it: beyond it they copy what they would splice.
 */
#ifndef COMMON_PIPE_BUDGET_H
#define COMMON_PIPE_BUDGET_H

#include <stdint.h>
#include <sys/types.h>

enum {
	PIPE_LEAST_SIZE = 64 * 1024,	/* a smaller pipe is no gain */
	PIPES_A_WORKER = 2,
};

/* Pages that so many workers take when each has a busy tunnel. */
uint64_t pipe_budget_pages(unsigned workers, unsigned page_size);

/* How many workers find room in so many pages. */
uint64_t pipe_budget_workers(uint64_t pages, unsigned page_size);

/*
 * Warn, once, if not all of these workers of this user can splice, and say
 * what sysctl would be right.  Nothing where the system knows no budget, or
 * the user is root, whom none holds.
 */
void	pipe_budget_check(unsigned workers, uid_t user);

#endif
