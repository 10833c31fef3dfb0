/*
 * The accountant: from the board to the ledger and back.
 *
 * It alone writes the database, which it opens as its own user, never as
 * root, and only while it holds the lock beside it.  It waits for nobody: a
 * database that is locked or full (a warning) or broken (an error) is told
 * once and tried again every interval, while sessions wait in their slots.
 *
 * Its turn comes every interval, at most a second (quotas and hours are held
 * to within it), and at once when it is woken: for a principal that is not
 * loaded yet, because slots run short, or at the end of the run.
 */
#include "account.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bases.h"
#include "enforce.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/process.h"
#include "sockd/common/sandbox.h"
#include "sockd/common/wake.h"
#include "store.h"
#include "sweep.h"
#include "vanished.h"

enum { TURN_MAX_MS = 1000, LOADING_POLL_MS = 50, RETRY_MS = 1000,
       EXPIRE_ROWS = 500,
       EXPIRE_MS = 10000, EXPIRE_MORE_MS = 1000, EXPIRE_TURN_MS = 50 };

struct accountant {
	struct process		*process;
	struct books		books;
	struct bases		bases;
	struct enforcer		*enforcer;
	int			lock;		/* -1: not held */
	bool			agreed;		/* a first sweep succeeded
						 * since it was opened */
	bool			busy;		/* more to do at once */
	bool			blind;		/* some bases are guesses */
	uint64_t		sweep_due_ms, expire_due_ms;	/* monotonic */
	struct log_condition	trouble;
	bool			told_err;	/* it does not pass by itself */
};

/* ---- the database ---- */

/*
 * Another try comes soon, however long the interval is.  What does not pass
 * by itself is told as well where what came before it might have passed.
 */
static void
trouble(struct accountant *a, const char *what, const char *why, bool passes)
{
	const char *dir = a->process->conf->state_dir;

	a->sweep_due_ms = clock_earlier(a->sweep_due_ms,
	    clock_ms() + RETRY_MS);
	if (passes || a->told_err) {
		log_starts(&a->trouble, "%s dir=%s why=\"%s\"", what, dir, why);
		return;
	}
	log_err("%s %s dir=%s why=\"%s\"", a->trouble.what, what, dir, why);
	a->trouble.count++;
	a->told_err = true;
}

static void
trouble_ends(struct accountant *a)
{
	log_ends(&a->trouble);
	a->told_err = false;
}

static void
give_up(struct accountant *a)
{
	struct books *k = &a->books;

	trouble(a, "ledger cannot be written", store_error(k->store),
	    !store_is_broken(k->store));
	if (!store_is_broken(k->store))
		return;
	store_close(k->store);
	k->store = NULL;
}

/* Only one accountant may write, whichever daemon it belongs to. */
static bool
take_lock(struct accountant *a)
{
	char path[PATH_MAX];

	if (a->lock != -1)
		return true;
	snprintf(path, sizeof(path), "%s/sockd.lock",
	    a->process->conf->state_dir);
	a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (a->lock != -1 && flock(a->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	trouble(a, "ledger cannot be locked", errno == EWOULDBLOCK ?
	    "another accountant holds sockd.lock" : strerror(errno),
	    errno == EWOULDBLOCK);
	if (a->lock != -1)
		close(a->lock);
	a->lock = -1;
	return false;
}

static int
write_caps(struct accountant *a)
{
	struct store *s = a->books.store;
	int rc = store_begin(s);

	if (rc == STORE_OK)
		rc = store_put_caps(s, &a->process->conf->policy);
	if (rc == STORE_OK)
		rc = store_commit(s, clock_wall_us());
	if (rc != STORE_OK)
		store_roll_back(s);
	return rc;
}

static bool
open_store(struct accountant *a)
{
	const struct conf *conf = a->process->conf;
	char path[PATH_MAX], why[256];

	if (a->books.store != NULL)
		return true;
	if (!take_lock(a))
		return false;
	a->agreed = false;	/* it may be another than the last one */
	a->books.anew = true;
	snprintf(path, sizeof(path), "%s/sockd.db", conf->state_dir);
	a->books.store = store_open(path, conf->accounting.sync_full, why,
	    sizeof(why));
	if (a->books.store == NULL) {
		trouble(a, "ledger cannot be opened", why, errno == EAGAIN);
		return false;
	}
	/* with the last board gone and a clock behind, ids would come again */
	board_raise_id(a->process->board, store_last_id(a->books.store) + 1);
	return true;
}

/*
 * Somebody took the file away: go on with the one that is there now, once all
 * that was written is in it.  Until then nothing is written.
 */
static void
leave_moved(struct accountant *a)
{
	struct books *k = &a->books;

	k->left = k->store != NULL && store_has_moved(k->store);
	if (!k->left)
		return;
	if (!store_settle(k->store)) {
		trouble(a, "ledger was moved and cannot be left yet",
		    "somebody reads or writes it, or the disk is full", true);
		return;
	}
	k->left = false;
	store_close(k->store);
	log_warning("ledger was moved or removed dir=%s",
	    a->process->conf->state_dir);
	k->store = NULL;
}

/* ---- a turn ---- */

static void
note_session(void *arg, const struct row *row)
{
	struct accountant *a = arg;

	enforce_note(a->enforcer, row);
}

static uint64_t
ago_us(uint64_t ms)
{
	uint64_t now_us = clock_wall_us();

	return now_us < ms * 1000 ? 0 : now_us - ms * 1000;
}

/*
 * In batches, and no longer than EXPIRE_TURN_MS a second: somebody may wait
 * for us, and yet more must go than can come.
 */
static void
expire(struct accountant *a)
{
	const struct conf *conf = a->process->conf;
	uint64_t keep_us = ago_us(conf->accounting.keep_ms);
	uint64_t refused_us = ago_us(conf->accounting.keep_refused_ms);
	uint64_t now_ms = clock_ms();
	unsigned deleted;

	if (now_ms < a->expire_due_ms)
		return;
	a->expire_due_ms = now_ms + EXPIRE_MS;
	do {
		if (store_expire(a->books.store, EXPIRE_ROWS, keep_us,
		    refused_us, &deleted) != STORE_OK) {
			give_up(a);
			return;
		}
	} while (deleted >= EXPIRE_ROWS &&
	    clock_ms() - now_ms < EXPIRE_TURN_MS);
	a->expire_due_ms = now_ms + (deleted < EXPIRE_ROWS ? EXPIRE_MS :
	    EXPIRE_MORE_MS);
}

/* Once the ledger knows every slot: what it says holds from here on. */
static int
agree_first(struct accountant *a, uint64_t now_us)
{
	if (a->agreed)
		return STORE_OK;
	if (write_caps(a) != STORE_OK ||
	    vanished_lose(&a->books, now_us) != STORE_OK ||
	    bases_preload(&a->bases, &a->books) != STORE_OK)
		return STORE_ERROR;
	enforce_write_anew(a->enforcer);
	bases_refresh(&a->bases);
	a->agreed = true;
	return STORE_OK;
}

/* No news says nothing of a ledger in trouble: can it be written again? */
static int
write_nothing(struct store *s, uint64_t now_us)
{
	if (store_begin(s) == STORE_OK && store_commit(s, now_us) == STORE_OK)
		return STORE_OK;
	store_roll_back(s);
	return STORE_ERROR;
}

static void
sweep(struct accountant *a)
{
	uint64_t now_us = clock_wall_us();
	struct books *k = &a->books;
	int rc;

	leave_moved(a);
	open_store(a);
	rc = sweep_run(k, now_us, note_session, a);
	if (k->store == NULL || k->left)
		return;
	if (rc == STORE_NONE && a->trouble.count > 0)
		rc = write_nothing(k->store, now_us);
	if (rc != STORE_ERROR)
		rc = agree_first(a, now_us);
	if (rc == STORE_ERROR) {
		give_up(a);
		return;
	}
	trouble_ends(a);
	if (store_was_changed(k->store) || a->blind)
		bases_refresh(&a->bases);
	a->blind = false;
	if (enforce_write(a->enforcer) != STORE_OK)
		give_up(a);
}

/*
 * A ledger that cannot be written may well be read, and what it lacks stands
 * on the board.  One that cannot be read holds up nobody, unless that is asked
 * for.
 */
static void
load_principals(struct accountant *a)
{
	if (atomic_exchange(&a->process->board->header->loading, 0) != 0)
		a->bases.loading = true;
	if (!a->bases.loading)
		return;
	if (a->books.store != NULL && (a->agreed || a->trouble.count > 0)) {
		a->blind |= !a->agreed;
		if (bases_load(&a->bases, &a->books) == STORE_OK)
			return;
		give_up(a);
	}
	if (a->trouble.count == 0 ||
	    !a->process->conf->accounting.unknown_passes)
		return;
	bases_load_blind(&a->bases, &a->books);
	a->blind = true;
}

static bool
day_is_over(const struct accountant *a)
{
	return clock_wall_us() / 1000000 >= a->books.periods.day_ends_s;
}

/* The day turns after a sweep has put what moved until now on the last one. */
static void
turn_periods(struct accountant *a)
{
	struct periods *p = &a->books.periods;
	unsigned turned = books_turn(&a->books, clock_wall_us() / 1000000);

	if (turned == 0)
		return;
	log_info("period turned day=%s", p->first[PERIOD_DAY]);
	atomic_store(&a->process->board->header->day, (uint32_t)p->day);
	bases_turn(&a->bases, &a->books, turned);
}

static void
take_turn(struct accountant *a, bool last)
{
	struct board *b = a->process->board;
	uint64_t now_ms = clock_ms();

	load_principals(a);
	if (last || now_ms >= a->sweep_due_ms || day_is_over(a) ||
	    (wake_is_due(b) && a->trouble.count == 0)) {
		a->sweep_due_ms = now_ms +
		    a->process->conf->accounting.interval_ms;
		sweep(a);
		load_principals(a);
	}
	if (a->books.store != NULL && a->agreed && a->trouble.count == 0)
		expire(a);
	turn_periods(a);
	a->busy = a->books.store != NULL && a->agreed &&
	    bases_go_on(&a->bases, &a->books);
	enforce_run(a->enforcer, clock_wall_us());
}

/* ---- the loop ---- */

static int
turn_ms(const struct accountant *a)
{
	uint64_t interval = a->process->conf->accounting.interval_ms;
	const struct process *p = a->process;

	if (a->busy)
		return 0;
	if (p->account_wake_receive == -1 && interval > LOADING_POLL_MS)
		return LOADING_POLL_MS;
	return interval < TURN_MAX_MS ? (int)interval : TURN_MAX_MS;
}

/* False when it is time to end. */
static bool
wait_for_turn(struct accountant *a)
{
	struct process *p = a->process;
	struct pollfd fds[] = {
		{ .fd = p->lifeline, .events = POLLIN },
		{ .fd = p->generation_end, .events = POLLIN },
		{ .fd = p->account_wake_receive, .events = POLLIN },
	};

	if (poll(fds, 3, turn_ms(a)) == -1 && errno != EINTR) {
		log_err("accountant failed why=\"poll: %s\"",
		    strerror(errno));
		return false;
	}
	if (fds[0].revents != 0 || fds[1].revents != 0)
		return false;
	wake_take_accountant(p->board, p->account_wake_receive);
	return true;
}

/* The last run's day holds if it is ours or, by a clock set back, later. */
static void
begin_periods(struct accountant *a)
{
	int32_t today = period_day(clock_wall_us() / 1000000);
	struct board_header *h = a->process->board->header;
	uint32_t shown = atomic_load(&h->day);

	if (shown > (uint32_t)today && shown - (uint32_t)today <=
	    PERIODS_AHEAD_DAYS)
		today = (int32_t)shown;
	periods_begin(&a->books.periods, today);
	atomic_store(&h->day, (uint32_t)today);
}

static int
open_books(struct accountant *a)
{
	struct process *p = a->process;

	if (books_open(&a->books, p->board, p->conf) == -1 ||
	    bases_open(&a->bases, p->board, &p->conf->policy) == -1)
		return -1;
	a->enforcer = enforce_new(&a->books, p->generation);
	begin_periods(a);
	return a->enforcer == NULL ? -1 : 0;
}

static int
work(struct accountant *a)
{
	struct process *p = a->process;

	process_enter(p);
	if (open_books(a) == -1) {
		log_err("accountant out of memory");
		return EXIT_FAILURE;
	}
	if (process_become(p, p->conf->accounting.user, true) == -1)
		return EXIT_FAILURE;
	umask(027);
	if (sandbox_enter(PROCESS_ACCOUNT) == -1)
		return EXIT_FAILURE;
	process_set_state(p->board, p->index, PROCESS_IDLE);
	do {
		take_turn(a, false);
	} while (wait_for_turn(a));
	take_turn(a, true);
	books_close(&a->books);
	return EXIT_SUCCESS;
}

_Noreturn void
account_main(struct process *p)
{
	struct accountant a = { .process = p, .lock = -1,
	    .trouble = { .what = "ledger trouble" } };

	_exit(work(&a));
}
