/*
 * An idle association and the keeper, in a worker.  The client's port stands
 * in its slot on the board, and what else must not be lost in its block: what
 * was dropped, to which addresses it has sent, and the targets that the ledger
 * counts.  One without a block goes only where it must, to the new rules, and
 * is there as if it had sent to nobody.
 */
#include "udp.h"

#include <string.h>
#include <unistd.h>

#include "park.h"
#include "sockd/common/drops.h"
#include "sockd/common/slot.h"

enum { PARK_AGAIN_MS = 250 };

enum { WORD_CLIENT = 0 };		/* in the slot's park_data */

/* Of that word. */
enum { HAS_IPV4 = 1 << 16, HAS_IPV6 = 1 << 17, PORT_MASK = 0xffff };

/* An old worker lets go at once: the next one knows the new rules. */
static bool
is_old(const struct udp *u)
{
	return process_is_old(u->session->worker->process, u->session->board);
}

static bool
is_idle(const struct udp *u)
{
	bool waits = u->names.n > 0 || u->n_waiting > 0;

	return ((u->block != NULL && !waits) || is_old(u)) &&
	    udp_up_wants(u) && udp_down_wants(u);
}

bool
udp_lets_go(const struct udp *u)
{
	return is_old(u) && park_after_ms(u->session) != UINT64_MAX &&
	    u->now_ms >= u->park_again_ms;
}

/* What is shaped goes long after it came. */
static uint64_t
stirred_ms(const struct udp *u)
{
	return u->heard_ms > u->moved_ms ? u->heard_ms : u->moved_ms;
}

uint64_t
udp_park_due_ms(const struct udp *u)
{
	const struct session *s = u->session;
	uint64_t after_ms, due_ms;

	if (!is_idle(u))
		return UINT64_MAX;
	after_ms = park_after_ms(s);
	if (after_ms == UINT64_MAX)
		return UINT64_MAX;
	due_ms = stirred_ms(u) + after_ms;
	if (is_old(u))
		due_ms = u->now_ms;
	return due_ms > u->park_again_ms ? due_ms : u->park_again_ms;
}

static size_t
save(struct udp *u, int fds[3])
{
	uint32_t client = u->client.port;
	size_t n = 0;

	fds[n++] = u->relay;
	if (u->out[0] != -1) {
		client |= HAS_IPV4;
		fds[n++] = u->out[0];
	}
	if (u->out[1] != -1) {
		client |= HAS_IPV6;
		fds[n++] = u->out[1];
	}
	atomic_store(&u->session->shown->park_data[WORD_CLIENT], client);
	for (int i = 0; u->block != NULL && i < N_UDP_DROPS; i++)
		atomic_store(&u->block->drops[i], u->drops[i]);
	return n;
}

/* What stands in the block the accountant tells, and else we do. */
static void
take_drops(struct udp *u)
{
	for (int i = 0; u->block != NULL && i < N_UDP_DROPS; i++)
		u->drops[i] = atomic_exchange(&u->block->drops[i], 0);
}

bool
udp_park(struct udp *u)
{
	struct session *s = u->session;
	const uint64_t id = atomic_load(&s->shown->id);
	int fds[3];

	if (u->now_ms < udp_park_due_ms(u))
		return false;
	/* of one that was dropped meanwhile, or forbidden */
	udp_pay_back(&u->up);
	udp_pay_back(&u->down);
	/* Names are asked for anew when their client sends again, as it does
	 * where nobody answers. */
	u->drops[UDP_UNRESOLVED] += u->n_waiting;
	if (park_as(s, PARKED_UDP, fds, save(u, fds),
	    u->moved_ms + s->conf->timeouts.udp_ms)) {
		if (u->block == NULL)
			drops_log(id, u->drops);
		return true;
	}
	take_drops(u);
	u->drops[UDP_UNRESOLVED] -= u->n_waiting;
	u->park_again_ms = u->now_ms + PARK_AGAIN_MS;	/* keepers are full */
	return false;
}

static int
take(int *more, size_t n, size_t *at)
{
	int fd = -1;

	if (*at < n) {
		fd = more[*at];
		more[(*at)++] = -1;
	}
	return fd;
}

bool
udp_recall(struct udp *u, int *more, size_t n)
{
	struct session *s = u->session;
	uint64_t due_ms = atomic_load(&s->shown->idle_due_ms);
	uint32_t word;
	size_t at = 0;

	u->block = slot_udp_block(s->board, s->slot);
	take_drops(u);
	word = atomic_load(&s->shown->park_data[WORD_CLIENT]);
	u->relay = take(more, n, &at);
	if (word & HAS_IPV4)
		u->out[0] = take(more, n, &at);
	if (word & HAS_IPV6)
		u->out[1] = take(more, n, &at);
	if ((word & PORT_MASK) != 0)
		udp_set_client(u, (uint16_t)(word & PORT_MASK));
	u->granted = atomic_load(&s->board->states[s->slot]) == SLOT_LIVE;
	u->moved_ms = due_ms > s->conf->timeouts.udp_ms ?
	    due_ms - s->conf->timeouts.udp_ms : 0;
	return at == n;
}
