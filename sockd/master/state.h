/*
 * What the master holds: the parts, each with a file of its own.
 */
#ifndef MASTER_STATE_H
#define MASTER_STATE_H

#include "children.h"
#include "full.h"
#include "listeners.h"
#include "run_dir.h"
#include "spares.h"

enum stop_phase {
	STOP_NOT,		/* serving */
	STOP_FINISHING,		/* nobody is accepted; sessions may finish */
	STOP_CUTTING,		/* sessions were told to end */
	STOP_BOOKING,		/* the accountant writes what is left */
	STOP_GONE,		/* all children have ended */
};

struct master {
	const char		*file;		/* configuration */
	bool			verbose;
	struct conf		*conf;
	struct conf		*before;	/* of the generation before */
	struct board		board;
	struct run_dir		run;
	struct listeners	listeners;
	struct children		children;
	struct spares		spares;
	struct full		full;
	bool			is_full;	/* full_tell() said so */
	enum stop_phase		phase;
	uint64_t		phase_due_ms;	/* when patience ends */
	int			self_fd;
	unsigned		rules_max;	/* room on the board */
	/* when it is told that a reload is done; 0: it was */
	uint64_t		told_by_ms;
};

#endif
