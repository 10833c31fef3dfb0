/*
 * How many helpers a family has.
 *
 * A helper that leaves nobody idle tells the parent, which looks WATCH_MS
 * later, and again until somebody is idle:
 *
 *	a question waits, and all have	fork: 1, 2, 4, 8 at a time
 *	been at theirs for WATCH_MS
 *	no question waits		poll the channel for one
 *
 * That all are busy is no reason by itself: with questions that take
 * microseconds more helpers would only share the same processors.
 */
#include "helper_family.h"

#include <poll.h>

enum {
	WATCH_MS = 10,
	CROWDED_MS = 50,	/* between looks when max is reached */
	SURPLUS_MS = 10000,	/* idle for so long: too many */
	SETTLED_MS = 1000,	/* without a death: the back-off is over */
	BURST_MAX = 8,
};

enum seat_state
family_state(const struct family *fam, unsigned i)
{
	uint32_t state;

	if (fam->helpers[i].pid == 0)
		return SEAT_EMPTY;
	state = atomic_load(&fam->row->seats[i].state);
	return state <= SEAT_BUSY ? (enum seat_state)state : SEAT_EMPTY;
}

uint64_t
family_busy_ms(const struct family *fam, unsigned i, uint64_t now_ms)
{
	uint64_t since_ms;

	if (family_state(fam, i) != SEAT_BUSY)
		return 0;
	since_ms = atomic_load(&fam->row->seats[i].since_ms);
	return now_ms > since_ms ? now_ms - since_ms : 0;
}

static unsigned
count_idle(const struct family *fam)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fam->f->max; i++)
		n += family_state(fam, i) == SEAT_IDLE;
	return n;
}

void
family_dismiss(struct family *fam, unsigned n, bool anyone)
{
	for (unsigned i = 0; i < fam->f->max && n > 0; i++) {
		enum seat_state state = family_state(fam, i);

		if (state == SEAT_EMPTY || fam->helpers[i].leaving)
			continue;
		if (state != SEAT_IDLE && !anyone)
			continue;
		fam->helpers[i].leaving = true;
		atomic_store(&fam->row->seats[i].leave, 1);
		n--;
	}
}

static bool
question_waits(const struct family *fam)
{
	struct pollfd pfd = { .fd = fam->f->questions, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* Has each been at its question for long enough to be called stuck? */
static bool
all_are_stuck(const struct family *fam, uint64_t now_ms)
{
	for (unsigned i = 0; i < fam->f->max; i++)
		if (fam->helpers[i].pid != 0 &&
		    family_busy_ms(fam, i, now_ms) < WATCH_MS)
			return false;
	return true;
}

void
family_alarm(struct family *fam, uint64_t now_ms)
{
	atomic_store(&fam->row->watched, 1);
	fam->listens = false;
	fam->watch_ms = now_ms + WATCH_MS;
}

static void
measure_spare(struct family *fam, uint64_t now_ms)
{
	fam->spare = fam->f->max;
	fam->spare_ms = now_ms + SURPLUS_MS;
}

static void
stop_watching(struct family *fam, uint64_t now_ms)
{
	fam->watch_ms = 0;
	fam->listens = false;
	fam->burst = 1;
	measure_spare(fam, now_ms);
	log_ends(&fam->crowded);
	atomic_store(&fam->row->watched, 0);
	if (helper_row_is_busy(fam->row, fam->f->max))	/* it did not poke */
		family_alarm(fam, now_ms);
}

static void
grow(struct family *fam, uint64_t now_ms)
{
	if (fam->n >= fam->f->max) {
		log_starts(&fam->crowded, "family=%s helpers=%u",
		    fam->f->name, fam->n);
		fam->watch_ms = now_ms + CROWDED_MS;
		return;
	}
	family_fork(fam, fam->burst, now_ms);
	if (fam->burst < BURST_MAX)
		fam->burst *= 2;
}

void
family_watch(struct family *fam, uint64_t now_ms)
{
	bool is_due = fam->watch_ms != 0 && now_ms >= fam->watch_ms;

	if (!is_due && !fam->listens)
		return;
	if (!helper_row_is_busy(fam->row, fam->f->max)) {
		stop_watching(fam, now_ms);
		return;
	}
	if (!is_due)
		return;
	fam->watch_ms = now_ms + WATCH_MS;
	if (!question_waits(fam)) {
		fam->watch_ms = 0;
		fam->listens = true;
	} else if (all_are_stuck(fam, now_ms)) {
		grow(fam, now_ms);
	}
}

void
family_shrink(struct family *fam, uint64_t now_ms)
{
	unsigned idle = count_idle(fam);
	unsigned over = fam->n > fam->f->min ? fam->n - fam->f->min : 0;

	if (fam->watch_ms != 0 || fam->listens)
		return;			/* nobody is, or was, idle */
	if (idle < fam->spare)
		fam->spare = idle;
	if (now_ms < fam->spare_ms)
		return;
	family_dismiss(fam, fam->spare < over ? fam->spare : over, false);
	measure_spare(fam, now_ms);
}

void
family_refill(struct family *fam, uint64_t now_ms)
{
	if (fam->n < fam->f->min) {
		family_fork(fam, fam->f->min - fam->n, now_ms);
	} else if (fam->backoff_ms > 0 &&
	    now_ms > fam->fork_ms + SETTLED_MS) {
		fam->backoff_ms = 0;
		log_ends(&fam->dying);
	}
}
