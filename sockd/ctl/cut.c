/*
 * sockctl cut: end sessions by their id.
 *
 * Needs the right to write to the board.  The worker or keeper that has the
 * session ends it within a second; outcome "cut".
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl.h"
#include "sockd/common/slot.h"

enum { PATIENCE_MS = 3000, STEP_MS = 20 };

static bool
lives(const struct board *b, uint32_t slot, uint64_t id)
{
	uint32_t state = atomic_load(&b->states[slot]);

	return state > SLOT_CLAIMED && state < SLOT_ENDED &&
	    atomic_load(&b->sessions[slot].id) == id;
}

static bool
cut(struct board *b, uint64_t id)
{
	for (uint32_t slot = 0; slot < b->n.sessions; slot++) {
		if (!lives(b, slot, id))
			continue;
		slot_cut(b, slot, id, OUTCOME_CUT);
		for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
			if (!lives(b, slot, id))
				return true;
			poll(NULL, 0, STEP_MS);
		}
		fprintf(stderr, "sockctl: session %" PRIu64
		    " was asked to end and has not yet\n", id);
		return false;
	}
	fprintf(stderr, "sockctl: no session %" PRIu64 " lives\n", id);
	return false;
}

static bool
read_id(const char *text, uint64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *id != 0 && text[0] >= '0' &&
	    text[0] <= '9';
}

enum ctl_exit
ctl_cut(const struct conf *conf, int argc, char *argv[])
{
	enum ctl_exit rc = CTL_OK;
	struct board b;
	uint64_t id;

	for (int i = 0; i < argc; i++) {
		if (read_id(argv[i], &id))
			continue;
		fprintf(stderr, "sockctl: \"%s\" is no session's id\n",
		    argv[i]);
		return CTL_USAGE;
	}
	if (argc == 0) {
		fprintf(stderr, "sockctl: cut takes the ids of sessions\n");
		return CTL_USAGE;
	}
	if (!ctl_open_board(conf, &b, true))
		return CTL_NO;
	if (!ctl_sockd_runs(conf)) {
		board_unmap(&b);
		return CTL_NO;
	}
	for (int i = 0; i < argc; i++)
		if (read_id(argv[i], &id) && !cut(&b, id))
			rc = CTL_NO;
	board_unmap(&b);
	return rc;
}
