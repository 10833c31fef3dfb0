/*
 * The ledger through SQLite, opened read only: the one file of sockctl that
 * knows it.
 */
#include "ledger.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

enum { BUSY_MS = 2000 };

struct ledger {
	sqlite3	*db;
};

struct ledger *
ledger_open(const struct conf *conf, char *why, size_t why_size)
{
	struct ledger *l = calloc(1, sizeof(*l));
	char path[PATH_MAX];
	int error;

	if (l == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/sockd.db", conf->state_dir);
	if (sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK) {
		sqlite3_busy_timeout(l->db, BUSY_MS);
		return l;
	}
	error = sqlite3_system_errno(l->db);
	snprintf(why, why_size, "%s: %s", path, error != 0 ?
	    strerror(error) : sqlite3_errmsg(l->db));
	ledger_close(l);
	return NULL;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	sqlite3_close(l->db);
	free(l);
}

static void
complain(const struct ledger *l)
{
	char text[CTL_TEXT_MAX];

	/* it tells what it found */
	fprintf(stderr, "sockctl: ledger: %s\n",
	    ctl_text(sqlite3_errmsg(l->db), text, sizeof(text)));
}

static sqlite3_stmt *
prepare(struct ledger *l, const char *sql, const char *principal)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(l->db, sql, -1, &st, NULL) != SQLITE_OK) {
		complain(l);
		return NULL;
	}
	if (principal != NULL)
		sqlite3_bind_text(st, 1, principal, -1, SQLITE_STATIC);
	return st;
}

bool
ledger_used(struct ledger *l, const char *principal,
    enum units_period period, bool seconds, int64_t *used)
{
	static const char *const since[N_PERIODS] = {
		[PERIOD_DAY] = "date('now', 'localtime')",
		[PERIOD_WEEK] =
		    "date('now', 'localtime', 'weekday 0', '-6 days')",
		[PERIOD_MONTH] = "date('now', 'localtime', 'start of month')",
		[PERIOD_EVER] = "''",
	};
	sqlite3_stmt *st;
	char sql[256];
	bool ok;

	snprintf(sql, sizeof(sql), "SELECT sum(%s) FROM usage WHERE "
	    "principal = ?1 AND metered = 1 AND day >= %s",
	    seconds ? "seconds" : "bytes_up + bytes_down", since[period]);
	st = prepare(l, sql, principal);
	if (st == NULL)
		return false;
	ok = sqlite3_step(st) == SQLITE_ROW;
	if (ok)
		*used = sqlite3_column_int64(st, 0);
	else
		complain(l);
	sqlite3_finalize(st);
	return ok;
}

static const char *
text(sqlite3_stmt *st, int column)
{
	const unsigned char *t = sqlite3_column_text(st, column);

	return t == NULL ? "" : (const char *)t;
}

bool
ledger_quotas(struct ledger *l, const char *principal, ledger_quota_fn *fn,
    void *arg)
{
	sqlite3_stmt *st = prepare(l, "SELECT principal, \"limit\", period,"
	    " resets, used, allowed, left, unit = 'seconds' FROM quota"
	    " WHERE ?1 IS NULL OR principal = ?1", principal);
	int rc;

	if (st == NULL)
		return false;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct ledger_quota row = {
			.principal = text(st, 0), .limit = text(st, 1),
			.period = text(st, 2), .resets = text(st, 3),
			.used = sqlite3_column_int64(st, 4),
			.allowed = (uint64_t)sqlite3_column_int64(st, 5),
			.left = (uint64_t)sqlite3_column_int64(st, 6),
			.seconds = sqlite3_column_int(st, 7) != 0,
		};

		fn(arg, &row);
	}
	if (rc != SQLITE_DONE)
		complain(l);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}
