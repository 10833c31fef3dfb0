/*
 * What SIGUSR1 writes into the log.
 */
#include "status.h"

#include <inttypes.h>

#include "sockd/common/log.h"

static void
log_kind(const struct children *c, enum process_kind kind)
{
	unsigned processes = 0, idle = 0, busy = 0, leaving = 0;
	uint64_t served = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct process_slot *slot = &c->base.board->processes[i];
		uint32_t state = atomic_load(&slot->state);

		if (c->by_index[i].pid == 0 || c->by_index[i].kind != kind)
			continue;
		processes++;
		idle += state == PROCESS_IDLE;
		busy += state == PROCESS_BUSY;
		leaving += state == PROCESS_LEAVING || c->by_index[i].leaving;
		served += atomic_load(&slot->served);
	}
	log_info("status kind=%s processes=%u idle=%u busy=%u leaving=%u "
	    "served=%" PRIu64, process_kind_name(kind), processes, idle, busy,
	    leaving, served);
}

static void
log_counts(const struct board_header *h)
{
	const struct board_counts *n = &h->counts;

	log_info("status kind=session sessions=%u slots=%u of=%u "
	    "accepted=%" PRIu64 " granted=%" PRIu64 " refused=%" PRIu64
	    " silent=%" PRIu64 " unpassable=%" PRIu64 " unrecorded=%" PRIu64
	    " lost=%" PRIu64, atomic_load(&h->sessions),
	    atomic_load(&h->used), h->n_sessions, atomic_load(&n->accepted),
	    atomic_load(&n->granted), atomic_load(&n->refused),
	    atomic_load(&n->silent), atomic_load(&n->unpassable),
	    atomic_load(&n->unrecorded), atomic_load(&n->lost));
	log_info("status kind=tunnel parked=%" PRIu64 " woken=%" PRIu64
	    " wakeups=%" PRIu64, atomic_load(&n->parked),
	    atomic_load(&n->woken), atomic_load(&n->wakeups));
}

void
status_log(const struct children *c)
{
	log_info("status kind=master generation=%u", c->base.generation);
	for (enum process_kind kind = PROCESS_WORKER; kind < N_PROCESS_KINDS;
	    kind++)
		log_kind(c, kind);
	log_counts(c->base.board->header);
}
