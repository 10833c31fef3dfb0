/*
 * The database's tables and views, as sockd.db(5) describes them.
 */
#ifndef ACCOUNT_SCHEMA_H
#define ACCOUNT_SCHEMA_H

#include <stddef.h>

/*
 * schema_steps[v] brings a database of user_version v to v + 1;
 * schema_version is what they lead to.
 */
extern const char *const schema_steps[];
extern const int schema_version;

/* The views hold nothing: they are made anew whenever they differ. */
extern const char schema_views[];

#endif
