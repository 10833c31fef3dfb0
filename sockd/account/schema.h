/*
 * The database's tables and views, as sockd.db(5) describes them.
 */
#ifndef ACCOUNT_SCHEMA_H
#define ACCOUNT_SCHEMA_H

/*
 * schema_steps[v] brings a database of user_version v to v + 1;
 * schema_version is what they lead to.
 */
extern const char *const schema_steps[];
extern const int schema_version;

/*
 * The views hold nothing: they are made anew with each step.  Who changes
 * one adds a step, be it an empty one.
 */
extern const char schema_views[];

#endif
