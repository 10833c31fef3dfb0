/*
 * sockctl status: who works, and what was counted since the start.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ctl.h"
#include "lib/elements.h"

enum { N_PROCESS_STATES = PROCESS_LEAVING + 1 };

/* The master has no slot: it is there as long as the board is in use. */
static void
print_processes(const struct board *b)
{
	unsigned n[N_PROCESS_KINDS][N_PROCESS_STATES] = { { 0 } };

	for (uint32_t i = 0; i < b->n.processes; i++) {
		uint32_t kind = atomic_load(&b->processes[i].kind);
		uint32_t state = atomic_load(&b->processes[i].state);

		if (kind < N_PROCESS_KINDS && state < N_PROCESS_STATES)
			n[kind][state]++;
	}
	printf("%-12s %8s %8s %8s %8s\n", "process", "starting", "idle",
	    "busy", "leaving");
	for (int kind = PROCESS_MASTER + 1; kind < N_PROCESS_KINDS; kind++)
		printf("%-12s %8u %8u %8u %8u\n",
		    process_kind_name((enum process_kind)kind),
		    n[kind][PROCESS_STARTING], n[kind][PROCESS_IDLE],
		    n[kind][PROCESS_BUSY], n[kind][PROCESS_LEAVING]);
}

static void
print_sessions(const struct board *b)
{
	unsigned n[N_SLOT_STATES] = { 0 }, parked = 0;

	for (uint32_t i = 0; i < b->n.sessions; i++) {
		uint32_t state = atomic_load(&b->states[i]);

		if (state >= N_SLOT_STATES)
			continue;
		n[state]++;
		parked += state == SLOT_LIVE && atomic_load(
		    &b->sessions[i].parked_kind) != PARKED_NOTHING;
	}
	printf("\nsessions     %u live (%u parked), %u connecting, "
	    "%u negotiating, %u waiting for the ledger\n", n[SLOT_LIVE],
	    parked, n[SLOT_REQUESTED], n[SLOT_CLAIMED] + n[SLOT_NEGOTIATED],
	    n[SLOT_ENDED]);
	printf("room         %u of %u sessions, %u of %u slots\n",
	    atomic_load(&b->header->sessions), b->session_max,
	    atomic_load(&b->header->used), b->n.sessions);
}

static void
print_counts(struct board_counts *c)
{
	const struct {
		const char		*name;
		_Atomic uint64_t	*count;
	} rows[] = {
		{ "accepted", &c->accepted }, { "silent", &c->silent },
		{ "unpassable", &c->unpassable }, { "refused", &c->refused },
		{ "granted", &c->granted }, { "parked", &c->parked },
		{ "woken", &c->woken }, { "lost", &c->lost },
		{ "unrecorded", &c->unrecorded },
	};

	printf("\nsince the start\n");
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		printf("%-12s %" PRIu64 "\n", rows[i].name,
		    atomic_load(rows[i].count));
}

enum ctl_exit
ctl_status(const struct conf *conf, int argc, char *argv[])
{
	enum ctl_exit rc;
	struct board b;

	(void)argv;
	if (argc != 0) {
		fprintf(stderr, "sockctl: status takes no words\n");
		return CTL_USAGE;
	}
	if (!ctl_open_board(conf, &b, false))
		return CTL_NO;
	rc = ctl_sockd_runs(conf) ? CTL_OK : CTL_NO;
	print_processes(&b);
	print_sessions(&b);
	print_counts(&b.header->counts);
	board_unmap(&b);
	return rc;
}
