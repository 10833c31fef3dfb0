/*
 * SQLite behind a few functions: open, run a prepared query of a table of
 * them, read what it says.  The only file of the daemon that knows SQLite.
 */
#ifndef ACCOUNT_DB_H
#define ACCOUNT_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DB_ERROR = -1, DB_DONE = 0, DB_ROW = 1 };

struct db;
struct query;

/*
 * Open the file at path, made if missing: WAL, kept when closed; no busy
 * wait.  queries is a table of n texts that lives as long as the db.  NULL
 * with the reason in why, and errno like db_errno().
 */
struct db *db_open(const char *path, const char *const *queries, size_t n,
	    char *why, size_t why_size);
void	db_close(struct db *db);

/* Does a commit wait until it is on the disk?  DB_DONE, DB_ERROR. */
int	db_set_sync(struct db *db, bool full);

/* Of the last DB_ERROR; does only a fresh open help? */
const char *db_error(const struct db *db);
bool	db_is_broken(const struct db *db);
/* EAGAIN: locked or full, which may pass by itself; else EIO. */
int	db_errno(const struct db *db);

/* Run a text of several statements without an answer: DB_DONE, DB_ERROR. */
int	db_execute(struct db *db, const char *text);
/* Run one that answers a number (0 if nothing). */
int	db_number(struct db *db, const char *text, int64_t *number);
/* Is the file at this path no longer the one that is open? */
bool	db_has_moved(struct db *db);
bool	db_is_in_transaction(const struct db *db);
/* Rows touched by the last insert, update or delete. */
unsigned db_changes(const struct db *db);

/*
 * A query of the table, ready to be bound (columns from 1).  NULL if it
 * could not be prepared; the functions below take NULL, and db_step() then
 * says DB_ERROR.
 */
struct query *db_query(struct db *db, unsigned which);
/* The text must live until the query ends; NULL and "" are NULL. */
void	query_text(struct query *q, int at, const char *text);
/* The same for text that goes away. */
void	query_text_copy(struct query *q, int at, const char *text);
void	query_number(struct query *q, int at, int64_t number);
void	query_null(struct query *q, int at);
/* A unix time in us becomes seconds with fraction. */
void	query_time(struct query *q, int at, uint64_t unix_us);

/* DB_ROW with an answer (from column 0) until query_end() or the next step;
 * DB_DONE and DB_ERROR have ended the query. */
int	db_step(struct db *db, struct query *q);
int64_t	query_get(struct query *q, int column);
const char *query_get_text(struct query *q, int column);
void	query_end(struct query *q);

/* A query without an answer: DB_DONE, DB_ERROR. */
int	db_run(struct db *db, struct query *q);

#endif
