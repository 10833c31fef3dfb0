/*
 * The pipes that wake the accountant and the master.
 *
 * A flag on the board keeps each pipe at one octet.  A waker that dies
 * between flag and write delays the other to its next turn and no longer, for
 * each clears its flag at every turn.
 */
#include "wake.h"

#include <fcntl.h>
#include <unistd.h>

#include "fd.h"

int
wake_make(int ends[2])
{
	return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

void
wake_accountant(struct board *b, int wake_send)
{
	if (wake_send == -1 ||
	    atomic_exchange(&b->header->wake_pending, 1) != 0)
		return;
	if (write(wake_send, "", 1) == -1)
		atomic_store(&b->header->wake_pending, 0);
}

static bool
workers_run_short(const struct board *b, unsigned min_spare, unsigned max)
{
	unsigned idle = atomic_load(&b->header->idle_workers);

	return idle == 0 || (idle < min_spare &&
	    atomic_load(&b->header->workers) < max);
}

void
wake_master(struct board *b, int wake_send, unsigned min_spare, unsigned max)
{
	if (wake_send == -1 || !workers_run_short(b, min_spare, max) ||
	    atomic_exchange(&b->header->wake_asked, 1) != 0)
		return;
	if (write(wake_send, "", 1) == -1)
		atomic_store(&b->header->wake_asked, 0);
}

bool
wake_is_due(const struct board *b)
{
	const struct board_header *h = b->header;

	return atomic_load(&h->used) > b->n.sessions / 2 ||
	    atomic_load(&h->stopping) != 0;
}

void
wake_take(struct board *b, int wake_receive)
{
	if (wake_receive != -1)
		fd_drain(wake_receive);
	atomic_store(&b->header->wake_pending, 0);
}
