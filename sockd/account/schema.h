/*
 * The database's tables and views, as sockd.db(5) describes them.
 */
#ifndef ACCOUNT_SCHEMA_H
#define ACCOUNT_SCHEMA_H

#include <stddef.h>

struct db;

/* The user_version to which a database is brought. */
extern const int schema_version;

/*
 * Make the tables, or bring those of an older version up to date.  The views
 * hold nothing: they are made anew with each step.  Who changes one adds a
 * step, be it an empty one.  0; -1 with the reason in why, and errno: EAGAIN
 * if it may pass (db_errno()), else another.
 */
int	schema_bring_up_to_date(struct db *db, char *why, size_t why_size);

#endif
