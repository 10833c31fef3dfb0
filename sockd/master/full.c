/*
 * Workers mark on the board that they turned a client away because
 * sessions.max was reached, or all room beyond it taken by handshakes, failed
 * logins and sessions that wait for the ledger, or that a principal found no
 * room; the master, which is one, tells it once.  At such a bound some pass
 * every other moment: it ends when nobody met it for QUIET_MS.
 */
#include "full.h"

#include "sockd/common/clock.h"
#include "sockd/common/conf.h"

enum { QUIET_MS = 10000 };

static const char *const names[N_BOARD_FULL] = {
	[FULL_SESSIONS] = "sessions full",
	[FULL_PRINCIPALS] = "principals full",
	[FULL_SLOTS] = "slots full",
};

static void
start(struct log_condition *c, enum board_full what, const struct conf *conf)
{
	c->what = names[what];
	switch (what) {
	case FULL_SESSIONS:
		log_starts(c, "sessions.max=%u why=\"requests are refused\"",
		    conf->sessions.max);
		break;
	case FULL_PRINCIPALS:
		log_starts(c, "accounting.principals=%u why=\"new ones are "
		    "%s\"", conf->accounting.principals,
		    conf->accounting.unknown_passes ? "held to no limit" :
		    "refused");
		break;
	case FULL_SLOTS:
		log_starts(c, "sessions.max=%u why=\"clients are dropped "
		    "until others have ended and the ledger has them\"",
		    conf->sessions.max);
		break;
	case N_BOARD_FULL:
		break;
	}
}

bool
full_tell(struct full *f, struct board *b, const struct conf *conf)
{
	uint64_t now_ms = clock_ms();
	bool any = false;

	for (int i = 0; i < N_BOARD_FULL; i++) {
		if (atomic_exchange(&b->header->full[i], 0) != 0) {
			f->met_ms[i] = now_ms;
			start(&f->conditions[i], (enum board_full)i, conf);
		} else if (now_ms - f->met_ms[i] >= QUIET_MS) {
			log_ends(&f->conditions[i]);
		}
		any |= f->conditions[i].count != 0;
	}
	return any;
}
