/*
 * The small tables of the board: this machine's addresses, the process
 * slots, and the words for what stands in them.
 *
 * The master alone writes the addresses and claims process slots; a process
 * sets the state of its own.
 */
#include "board.h"

#include <poll.h>
#include <string.h>

#include "clock.h"

/* A writer is at it for a microsecond, or for longer if it has lost its CPU
 * in the middle of it. */
enum { SELF_TRIES = 200, SELF_TRIES_AT_ONCE = 100 };

static uint32_t
self_copy(const struct board *b, struct addr *out)
{
	uint32_t n = atomic_load_explicit(&b->header->n_self,
	    memory_order_relaxed);

	if (n > BOARD_SELF_MAX)
		n = BOARD_SELF_MAX;
	memcpy(out, b->header->self, n * sizeof(*out));
	return n;
}

/*
 * A sequence lock: the copy is good if the serial was even and the same on
 * both sides of it.
 */
static bool
self_try(const struct board *b, struct addr *out, uint32_t *n)
{
	const _Atomic uint32_t *serial = &b->header->self_serial;
	uint32_t before = atomic_load_explicit(serial, memory_order_acquire);

	*n = self_copy(b, out);
	atomic_thread_fence(memory_order_acquire);
	return before % 2 == 0 &&
	    before == atomic_load_explicit(serial, memory_order_relaxed);
}

/* A writer that was killed in between leaves what is better than nothing. */
size_t
board_self(const struct board *b, struct addr out[BOARD_SELF_MAX])
{
	uint32_t n = 0;

	for (int i = 0; i < SELF_TRIES && !self_try(b, out, &n); i++)
		if (i >= SELF_TRIES_AT_ONCE)
			poll(NULL, 0, 1);
	return n;
}

void
board_set_self(struct board *b, const struct addr *addrs, size_t n)
{
	struct board_header *h = b->header;

	if (n > BOARD_SELF_MAX)
		n = BOARD_SELF_MAX;
	atomic_fetch_or(&h->self_serial, 1);
	atomic_thread_fence(memory_order_release);
	memcpy(h->self, addrs, n * sizeof(*addrs));
	atomic_store(&h->n_self, (uint32_t)n);
	atomic_fetch_add(&h->self_serial, 1);
}

/* An epoch fits the 24 bits of the owner word and is never 0. */
static uint32_t
epoch_after(uint32_t epoch)
{
	epoch = (epoch + 1) & 0xffffff;
	return epoch == 0 ? 1 : epoch;
}

int
process_claim(struct board *b, enum process_kind kind, uint32_t generation)
{
	for (uint32_t i = 0; i < b->n.processes; i++) {
		struct process_slot *p = &b->processes[i];

		if (atomic_load(&p->state) != PROCESS_FREE)
			continue;
		atomic_store(&p->pid, 0);
		atomic_store(&p->kind, kind);
		atomic_store(&p->generation, generation);
		atomic_store(&p->served, 0);
		atomic_store(&p->epoch, epoch_after(atomic_load(&p->epoch)));
		process_set_state(b, i, PROCESS_STARTING);
		return (int)i;
	}
	return -1;
}

void
process_free(struct board *b, unsigned index)
{
	if (index >= b->n.processes)
		return;
	atomic_store(&b->processes[index].pid, 0);
	atomic_store(&b->processes[index].kind, PROCESS_NONE);
	process_set_state(b, index, PROCESS_FREE);
}

void
process_set_state(struct board *b, unsigned index, enum process_state state)
{
	if (index >= b->n.processes)
		return;
	atomic_store(&b->processes[index].since_ms, clock_ms());
	atomic_store(&b->processes[index].state, state);
}

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[N_OUTCOMES] = {
		[OUTCOME_NONE] = "none",
		[OUTCOME_CLIENT_CLOSED] = "client-closed",
		[OUTCOME_TARGET_CLOSED] = "target-closed",
		[OUTCOME_RESET] = "reset",
		[OUTCOME_IDLE] = "idle",
		[OUTCOME_QUOTA] = "quota",
		[OUTCOME_CUT] = "cut",
		[OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_UNRESOLVED] = "unresolved",
		[OUTCOME_BLOCKED] = "blocked",
		[OUTCOME_AUTH_FAILED] = "auth-failed",
		[OUTCOME_BAD_REQUEST] = "bad-request",
		[OUTCOME_LIMIT] = "limit",
		[OUTCOME_STOPPED] = "stopped",
		[OUTCOME_LOST] = "lost",
		[OUTCOME_ERROR] = "error",
	};

	return (unsigned)outcome < N_OUTCOMES ? names[outcome] : "error";
}

const char *
process_kind_name(enum process_kind kind)
{
	static const char *const names[N_PROCESS_KINDS] = {
		[PROCESS_NONE] = "none",
		[PROCESS_MASTER] = "master",
		[PROCESS_WORKER] = "worker",
		[PROCESS_KEEPER] = "keeper",
		[PROCESS_AUTH] = "auth",
		[PROCESS_RESOLVER] = "resolver",
		[PROCESS_ACCOUNT] = "account",
	};

	return (unsigned)kind < N_PROCESS_KINDS ? names[kind] : "none";
}
