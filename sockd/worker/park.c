/*
 * Parking, in a worker: only a tunnel with nothing in its pipes goes to a
 * keeper, so whatever arrives meanwhile waits in the sockets.  Who sends
 * stops touching; the keeper swaps the owner word.
 */
#include "park.h"

#include "lib/message.h"
#include "session.h"
#include "sockd/common/channel.h"
#include "sockd/common/slot.h"

enum { PARK_SHORT_MS = 10, LOOK_LEAST_MS = 50, LOOK_MOST_MS = 1000 };

uint64_t
park_after_ms(const struct session *s)
{
	const struct board_header *h = s->board->header;

	if (s->worker->process->park_send == -1)
		return UINT64_MAX;
	if (atomic_load_explicit(&h->idle_workers, memory_order_relaxed) <
	    s->conf->workers.min_spare)
		return PARK_SHORT_MS;
	return s->conf->workers.park_after_ms;
}

uint64_t
park_look_ms(const struct session *s)
{
	uint32_t workers = atomic_load_explicit(&s->board->header->workers,
	    memory_order_relaxed);

	if (workers < LOOK_LEAST_MS)
		return LOOK_LEAST_MS;
	return workers < LOOK_MOST_MS ? workers : LOOK_MOST_MS;
}

bool
park(struct session *s, uint64_t idle_due_ms, uint16_t half_closed)
{
	atomic_store(&s->shown->half_closed, half_closed);
	return park_as(s, PARKED_TUNNEL, &s->target, 1, idle_due_ms);
}

bool
park_as(struct session *s, enum parked_kind kind, const int *more, size_t n,
    uint64_t due_ms)
{
	struct tunnel_message t = { .slot = s->slot,
		.n_fds = (uint32_t)n + 1, .owner = s->owner };
	int fds[CHANNEL_FDS_MAX] = { s->client };
	uint8_t buf[MESSAGE_MAX];

	if (s->worker->process->park_send == -1 || n >= CHANNEL_FDS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		fds[i + 1] = more[i];
	atomic_store(&s->shown->parked_kind, kind);
	atomic_store(&s->shown->idle_due_ms, due_ms);
	if (channel_send(s->worker->process->park_send, buf,
	    tunnel_message_encode(buf, &t), fds, n + 1) == -1) {
		atomic_store(&s->shown->parked_kind, PARKED_NOTHING);
		return false;
	}
	s->parked = true;
	s->slot = BOARD_NOBODY;
	return true;
}
