/*
 * How many pipe pages workers take.
 */
#include <criterion/criterion.h>

#include "lib/elements.h"
#include "sockd/common/pipe_budget.h"

static const struct {
	unsigned	workers, page_size;
	uint64_t	pages;
} cases[] = {
	{ 1, 4096, 32 },
	{ 512, 4096, 16384 },		/* what Linux gives by default */
	{ 1024, 4096, 32768 },
	{ 60000, 4096, 1920000 },
	{ 1, 65536, 2 },
	{ 1024, 16384, 8192 },
	{ 3, 262144, 6 },		/* a pipe has a page at least */
};

Test(pipe_budget, pages_and_workers)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		uint64_t pages = cases[i].pages;
		unsigned size = cases[i].page_size;

		cr_expect_eq(pipe_budget_pages(cases[i].workers, size), pages);
		cr_expect_eq(pipe_budget_workers(pages, size),
		    cases[i].workers);
		cr_expect_eq(pipe_budget_workers(pages - 1, size),
		    cases[i].workers - 1);
	}
}
