/*
 * Processes of the load generator.  Nobody outlives the first one: each dies
 * with its parent, so an interrupted run leaves nothing behind.
 */
#include "load_process.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const uint64_t second_ns = 1000000000;

void *
process_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

bool
process_fork(void)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid > 0)
		return false;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(1);
	return true;
}

uint64_t
tally_sum(struct tally *tallies, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += atomic_load(&tallies[i].n);
	return sum;
}

bool
tally_wait(struct tally *t, uint64_t want, unsigned seconds)
{
	uint64_t until = now_ns() + seconds * second_ns;

	while (atomic_load(&t->n) < want) {
		if (now_ns() > until)
			return false;
		sleep_ms(1);
	}
	return true;
}

void
mark(const char *name)
{
	char nod;

	printf("%s\n", name);
	fflush(stdout);
	if (read(STDIN_FILENO, &nod, 1) != 1)
		errx(1, "the driver is gone");
}

uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * second_ns + (uint64_t)t.tv_nsec;
}

void
sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / second_ns),
		.tv_nsec = (long)(ns % second_ns) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	    EINTR)
		continue;
}

void
sleep_ms(unsigned ms)
{
	sleep_until(now_ns() + ms * UINT64_C(1000000));
}
