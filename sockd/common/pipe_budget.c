/*
 * The budget of pipe pages (Linux: fs.pipe-user-pages-soft), looked at in the
 * master before it forks.
 */
#include "config.h"

#include "pipe_budget.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static uint64_t
pages_a_worker(unsigned page_size)
{
	return PIPES_A_WORKER *
	    (((uint64_t)PIPE_LEAST_SIZE + page_size - 1) / page_size);
}

uint64_t
pipe_budget_pages(unsigned workers, unsigned page_size)
{
	return workers * pages_a_worker(page_size);
}

uint64_t
pipe_budget_workers(uint64_t pages, unsigned page_size)
{
	return pages / pages_a_worker(page_size);
}

#ifdef HAVE_SPLICE

/* 0: there is none. */
static uint64_t
read_budget(void)
{
	FILE *in = fopen("/proc/sys/fs/pipe-user-pages-soft", "re");
	uint64_t pages;

	if (in == NULL)
		return 0;
	if (fscanf(in, "%" SCNu64, &pages) != 1)
		pages = 0;
	fclose(in);
	return pages;
}

void
pipe_budget_check(unsigned workers, uid_t user)
{
	unsigned page_size = (unsigned)sysconf(_SC_PAGESIZE);
	uint64_t have = read_budget(), want;

	want = pipe_budget_pages(workers, page_size);
	if (user == 0 || have == 0 || have >= want)
		return;
	log_info("pipe pages short workers.max=%u splicing=%" PRIu64
	    " why=\"more busy tunnels are copied; all would splice with sysctl "
	    "fs.pipe-user-pages-soft=%" PRIu64 "\"", workers,
	    pipe_budget_workers(have, page_size), want);
}

#else

void
pipe_budget_check(unsigned workers, uid_t user)
{
	(void)workers;
	(void)user;
}

#endif
