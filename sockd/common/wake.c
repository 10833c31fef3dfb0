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

/*
 * Under full load the last one becomes busy at every session, and the master
 * cannot help: once is enough, until it takes the word back.
 */
static bool
master_can_help(struct board *b, unsigned max)
{
	struct board_header *h = b->header;

	if (atomic_load(&h->workers) < max)
		return true;
	return atomic_load(&h->idle_workers) == 0 &&
	    atomic_load(&h->all_busy) == 0 &&
	    atomic_exchange(&h->all_busy, 1) == 0;
}

void
wake_master(struct board *b, int wake_send, unsigned min_spare, unsigned max)
{
	unsigned idle = atomic_load(&b->header->idle_workers);

	if (wake_send == -1 || (idle > 0 && idle >= min_spare) ||
	    !master_can_help(b, max) ||
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

static void
take(_Atomic uint32_t *flag, int wake_receive)
{
	if (wake_receive != -1)
		fd_drain(wake_receive);
	atomic_store(flag, 0);
}

void
wake_take_accountant(struct board *b, int wake_receive)
{
	take(&b->header->wake_pending, wake_receive);
}

void
wake_take_master(struct board *b, int wake_receive)
{
	take(&b->header->wake_asked, wake_receive);
}
