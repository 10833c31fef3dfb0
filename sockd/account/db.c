/*
 * SQLite, with the accountant's habits: nothing waits, each query is prepared
 * once, at its first use, and an error is remembered with its reason.
 */
#include "db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAL_LIMIT_OCTETS = 64 << 20, CACHE_KIB = 8 << 10 };

struct db {
	sqlite3			*sqlite;
	const char *const	*texts;
	sqlite3_stmt		**prepared;
	size_t			n;
	bool			broken;
	char			error[256];
};

/* ---- errors ---- */

static int
fail(struct db *db, int rc)
{
	int primary = rc & 0xff;
	int error = primary == SQLITE_CANTOPEN ?
	    sqlite3_system_errno(db->sqlite) : 0;

	snprintf(db->error, sizeof(db->error), "%s%s%s",
	    sqlite3_errmsg(db->sqlite), error != 0 ? ": " : "",
	    error != 0 ? strerror(error) : "");
	db->broken = primary != SQLITE_BUSY && primary != SQLITE_LOCKED &&
	    primary != SQLITE_FULL;
	return DB_ERROR;
}

const char *
db_error(const struct db *db)
{
	return db->error;
}

bool
db_is_broken(const struct db *db)
{
	return db->broken;
}

int
db_errno(const struct db *db)
{
	return db->broken ? EIO : EAGAIN;
}

/* ---- plain texts ---- */

int
db_execute(struct db *db, const char *text)
{
	int rc = sqlite3_exec(db->sqlite, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? DB_DONE : fail(db, rc);
}

int
db_number(struct db *db, const char *text, int64_t *number)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->sqlite, text, -1, &st, NULL);

	*number = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*number = sqlite3_column_int64(st, 0);
	else if (rc != SQLITE_DONE)
		fail(db, rc);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? DB_DONE : DB_ERROR;
}

bool
db_has_moved(struct db *db)
{
	int moved = 0;

	return sqlite3_file_control(db->sqlite, "main",
	    SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool
db_is_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->sqlite) == 0;
}

unsigned
db_changes(const struct db *db)
{
	return (unsigned)sqlite3_changes(db->sqlite);
}

/* ---- opening ---- */

static int
set_up(struct db *db)
{
	int persist = 1;
	int64_t ignored;
	char limit[64], cache[64];

	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, 0);
	sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_PERSIST_WAL,
	    &persist);
	snprintf(limit, sizeof(limit), "PRAGMA journal_size_limit = %d",
	    WAL_LIMIT_OCTETS);
	snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%d", CACHE_KIB);
	if (db_number(db, "PRAGMA journal_mode = WAL", &ignored) != DB_DONE ||
	    db_number(db, limit, &ignored) != DB_DONE ||
	    db_execute(db, cache) != DB_DONE)
		return DB_ERROR;
	return db_execute(db, "PRAGMA temp_store = MEMORY");
}

struct db *
db_open(const char *path, const char *const *queries, size_t n, char *why,
    size_t why_size)
{
	struct db *db = calloc(1, sizeof(*db));
	sqlite3_stmt **prepared = calloc(n, sizeof(*prepared));
	int rc, saved;

	if (db == NULL || prepared == NULL) {
		snprintf(why, why_size, "out of memory");
		free(prepared);
		free(db);
		errno = ENOMEM;
		return NULL;
	}
	*db = (struct db){ .texts = queries, .prepared = prepared, .n = n };
	rc = sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK && set_up(db) == DB_DONE)
		return db;
	if (rc != SQLITE_OK)
		fail(db, rc);
	snprintf(why, why_size, "%s", db->error);
	saved = db_errno(db);
	db_close(db);
	errno = saved;
	return NULL;
}

int
db_set_sync(struct db *db, bool full)
{
	return db_execute(db, full ? "PRAGMA synchronous = FULL" :
	    "PRAGMA synchronous = NORMAL");
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->n; i++)
		sqlite3_finalize(db->prepared[i]);
	sqlite3_close(db->sqlite);
	free(db->prepared);
	free(db);
}

/* ---- queries ---- */

static sqlite3_stmt *
raw(struct query *q)
{
	return (sqlite3_stmt *)q;
}

struct query *
db_query(struct db *db, unsigned which)
{
	sqlite3_stmt **st = &db->prepared[which];
	int rc;

	if (*st == NULL) {
		rc = sqlite3_prepare_v3(db->sqlite, db->texts[which], -1,
		    SQLITE_PREPARE_PERSISTENT, st, NULL);
		if (rc != SQLITE_OK)
			fail(db, rc);
	}
	return (struct query *)*st;
}

void
query_text(struct query *q, int at, const char *text)
{
	if (text == NULL || text[0] == '\0')
		query_null(q, at);
	else
		sqlite3_bind_text(raw(q), at, text, -1, SQLITE_STATIC);
}

void
query_text_copy(struct query *q, int at, const char *text)
{
	sqlite3_bind_text(raw(q), at, text, -1, SQLITE_TRANSIENT);
}

void
query_number(struct query *q, int at, int64_t number)
{
	sqlite3_bind_int64(raw(q), at, number);
}

void
query_null(struct query *q, int at)
{
	sqlite3_bind_null(raw(q), at);
}

void
query_time(struct query *q, int at, uint64_t unix_us)
{
	sqlite3_bind_double(raw(q), at, (double)unix_us / 1e6);
}

int
db_step(struct db *db, struct query *q)
{
	int rc;

	if (q == NULL)
		return DB_ERROR;
	rc = sqlite3_step(raw(q));
	if (rc == SQLITE_ROW)
		return DB_ROW;
	if (rc != SQLITE_DONE)
		fail(db, rc);
	sqlite3_reset(raw(q));
	return rc == SQLITE_DONE ? DB_DONE : DB_ERROR;
}

int64_t
query_get(struct query *q, int column)
{
	return sqlite3_column_int64(raw(q), column);
}

const char *
query_get_text(struct query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(raw(q), column);

	return text == NULL ? "" : (const char *)text;
}

void
query_end(struct query *q)
{
	sqlite3_reset(raw(q));
}

int
db_run(struct db *db, struct query *q)
{
	int rc = db_step(db, q);

	if (rc == DB_ROW)
		query_end(q);
	return rc == DB_ERROR ? DB_ERROR : DB_DONE;
}
