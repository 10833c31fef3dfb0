/*
 * What the ledger looks like: its tables and indexes, the steps from one
 * version to the next, and the views, which are made anew with each.
 */
#include "schema.h"

#include <errno.h>
#include <stdio.h>

#include "db.h"
#include "lib/elements.h"

/* Octets as people read them. */
#define SIZE(x)								\
	"CASE WHEN " x " >= 1e12"					\
	" THEN printf('%.2f TB', (" x ") / 1e12)"			\
	" WHEN " x " >= 1e9 THEN printf('%.2f GB', (" x ") / 1e9)"	\
	" WHEN " x " >= 1e6 THEN printf('%.1f MB', (" x ") / 1e6)"	\
	" WHEN " x " >= 1e3 THEN printf('%.1f kB', (" x ") / 1e3)"	\
	" ELSE printf('%d B', " x ") END"
/* Seconds as h:mm:ss. */
#define LASTED(x)							\
	"printf('%d:%02d:%02d', CAST((" x ") AS INTEGER) / 3600,"	\
	" CAST((" x ") AS INTEGER) / 60 % 60, CAST((" x ") AS INTEGER) % 60)"
#define LOCAL(x)	"datetime(" x ", 'unixepoch', 'localtime')"
#define END_POINT(addr, port)						\
	"CASE WHEN " addr " LIKE '%:%' THEN '[' || " addr " || ']'"	\
	" ELSE " addr " END || ':' || " port
#define TARGET								\
	"CASE WHEN target_host IS NOT NULL"				\
	" THEN target_host || ':' || target_port"			\
	" ELSE " END_POINT("target_addr", "target_port") " END"
#define TODAY		"date('now', 'localtime')"
#define MONDAY		"date('now', 'localtime', 'weekday 0', '-6 days')"
#define FIRST_OF_MONTH	"date('now', 'localtime', 'start of month')"

#define USAGE_VIEW(name, since)						\
	"DROP VIEW IF EXISTS " name ";"					\
	"CREATE VIEW " name " AS SELECT principal, sessions,"		\
	SIZE("bytes_up") " AS up, " SIZE("bytes_down") " AS down,"	\
	SIZE("(bytes_up + bytes_down)") " AS total,"			\
	LASTED("seconds") " AS active, bytes_up, bytes_down"		\
	" FROM (SELECT principal, sum(sessions) AS sessions,"		\
	" sum(bytes_up) AS bytes_up, sum(bytes_down) AS bytes_down,"	\
	" sum(seconds) AS seconds"					\
	" FROM usage WHERE day >= " since " GROUP BY principal)"	\
	" ORDER BY bytes_up + bytes_down DESC;"

/*
 * An index costs every session 2 to 3 us, so that each must earn its place:
 *
 * - session.id is the time at which the session began, in us: the ids of the
 *   board follow the clock (see sweep.c).  So a range of time is a range of
 *   the primary key, and there is no index on started.
 * - "Who used this address and port at that time?", the question that this
 *   ledger is kept for, is answered by the ids from an hour before that time
 *   on (to a day after it: a clock may be set back), and by session_long for
 *   those that had begun earlier (etc/queries).  An index on the port would
 *   cost each session a page of its own.
 * - session_live, session_long and session_refused are partial: the granted
 *   session that begins and ends between two sweeps is in none of them.
 * - usage_day is written once for a principal's day.
 */
static const char first_schema[] =
    "CREATE TABLE session("
    " id INTEGER PRIMARY KEY,"
    " user TEXT,"
    " principal TEXT NOT NULL,"
    " auth TEXT,"
    " protocol TEXT,"
    " command TEXT,"
    " client_addr TEXT NOT NULL,"
    " client_port INTEGER NOT NULL,"
    " target_host TEXT,"
    " target_addr TEXT,"
    " target_port INTEGER,"
    " source_addr TEXT,"
    " source_port INTEGER,"
    " listen TEXT,"
    " rule TEXT,"
    " metered INTEGER NOT NULL,"
    " started REAL NOT NULL,"
    " ended REAL,"
    " bytes_up INTEGER NOT NULL,"
    " bytes_down INTEGER NOT NULL,"
    " datagrams_up INTEGER NOT NULL,"
    " datagrams_down INTEGER NOT NULL,"
    " reply INTEGER,"
    " outcome TEXT,"
    " repeats INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX session_long ON session(started)"
    " WHERE ended - started > 3600;"
    "CREATE INDEX session_live ON session(started) WHERE ended IS NULL;"
    "CREATE INDEX session_refused ON session(started)"
    " WHERE ended IS NOT NULL AND reply IS NOT 0;"
    "CREATE TABLE udp_target("
    " session INTEGER NOT NULL,"
    " host TEXT NOT NULL,"
    " addr TEXT NOT NULL,"
    " port INTEGER NOT NULL,"
    " first REAL NOT NULL,"
    " datagrams INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL,"
    " PRIMARY KEY(session, host, addr, port)) WITHOUT ROWID;"
    "CREATE TABLE usage("
    " principal TEXT NOT NULL,"
    " day TEXT NOT NULL,"
    " metered INTEGER NOT NULL,"
    " bytes_up INTEGER NOT NULL DEFAULT 0,"
    " bytes_down INTEGER NOT NULL DEFAULT 0,"
    " seconds INTEGER NOT NULL DEFAULT 0,"
    " sessions INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(principal, day, metered)) WITHOUT ROWID;"
    "CREATE INDEX usage_day ON usage(day);"
    /* The caps of the configuration, and whom which limit held last. */
    "CREATE TABLE quota_cap("
    " name TEXT NOT NULL,"
    " unit TEXT NOT NULL,"
    " period TEXT NOT NULL,"
    " allowed INTEGER NOT NULL);"
    "CREATE TABLE quota_holder("
    " principal TEXT PRIMARY KEY,"
    " name TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE state(key TEXT PRIMARY KEY, value) WITHOUT ROWID;";

/* Of several sockets and sources the session can name but one. */
static const char udp_sources[] =
    "ALTER TABLE udp_target ADD COLUMN source_addr TEXT;"
    "ALTER TABLE udp_target ADD COLUMN source_port INTEGER;";

/* Each brings a database of the version that is its index to the next. */
static const char *const schema_steps[] = { first_schema, udp_sources };
const int schema_version = N_ELEMENTS(schema_steps);

static const char schema_views[] =
    "DROP VIEW IF EXISTS live;"
    "CREATE VIEW live AS SELECT id, principal, command,"
    " " END_POINT("client_addr", "client_port") " AS client,"
    " " TARGET " AS target,"
    " " LOCAL("started") " AS since,"
    " " LASTED("strftime('%s', 'now') - started") " AS lasted,"
    " " SIZE("bytes_up") " AS up, " SIZE("bytes_down") " AS down, rule"
    " FROM session WHERE ended IS NULL ORDER BY started;"

    USAGE_VIEW("today", TODAY)
    USAGE_VIEW("week", MONDAY)
    USAGE_VIEW("month", FIRST_OF_MONTH)

    /* Of the last 24 hours. */
    "DROP VIEW IF EXISTS targets;"
    "CREATE VIEW targets AS SELECT target, sessions, principals,"
    " " SIZE("bytes_up") " AS up, " SIZE("bytes_down") " AS down,"
    " " LOCAL("last") " AS last"
    " FROM (SELECT coalesce(target_host, target_addr) AS target,"
    " count(*) AS sessions, count(DISTINCT principal) AS principals,"
    " sum(bytes_up) AS bytes_up, sum(bytes_down) AS bytes_down,"
    " max(started) AS last FROM session"
    " WHERE id >= (strftime('%s', 'now') - 86400) * 1000000"
    " AND reply = 0 GROUP BY 1)"
    " ORDER BY bytes_up + bytes_down DESC, sessions DESC;"

    "DROP VIEW IF EXISTS refused;"
    "CREATE VIEW refused AS SELECT " LOCAL("started") " AS time,"
    " " END_POINT("client_addr", "client_port") " AS client,"
    " user, principal, command, " TARGET " AS target,"
    " outcome, rule, repeats"
    " FROM session WHERE ended IS NOT NULL AND reply IS NOT 0"
    " ORDER BY started DESC;"

    "DROP VIEW IF EXISTS quota;"
    "CREATE VIEW quota AS SELECT principal, \"limit\", period, used, allowed,"
    " max(0, allowed - used) AS left, resets, unit,"
    " CASE WHEN allowed > 0 THEN used * 100 / allowed ELSE 100 END"
    " AS percent"
    " FROM (SELECT h.principal AS principal, h.name AS \"limit\","
    " c.period AS period, c.unit AS unit, c.allowed AS allowed,"
    " coalesce((SELECT sum(CASE c.unit WHEN 'bytes'"
    " THEN bytes_up + bytes_down ELSE seconds END) FROM usage u"
    " WHERE u.principal = h.principal AND u.metered = 1 AND u.day >="
    " CASE c.period WHEN 'day' THEN " TODAY " WHEN 'week' THEN " MONDAY
    " WHEN 'month' THEN " FIRST_OF_MONTH " ELSE '' END), 0) AS used,"
    " CASE c.period WHEN 'day' THEN date('now', 'localtime', '+1 day')"
    " WHEN 'week' THEN date('now', 'localtime', '+1 day', 'weekday 1')"
    " WHEN 'month' THEN date('now', 'localtime', 'start of month',"
    " '+1 month') ELSE 'never' END AS resets"
    " FROM quota_holder h JOIN quota_cap c ON c.name = h.name)"
    " ORDER BY principal, unit, allowed;";

/* One transaction: a schema is either the old one or the new one. */
static int
take_steps(struct db *db, int64_t version)
{
	char pragma[48];
	int rc = db_execute(db, "BEGIN IMMEDIATE");

	for (; rc == DB_DONE && version < schema_version; version++)
		rc = db_execute(db, schema_steps[version]);
	if (rc == DB_DONE)
		rc = db_execute(db, schema_views);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d",
	    schema_version);
	if (rc == DB_DONE)
		rc = db_execute(db, pragma);
	return rc == DB_DONE ? db_execute(db, "COMMIT") : rc;
}

int
schema_bring_up_to_date(struct db *db, char *why, size_t why_size)
{
	int64_t version;

	if (db_number(db, "PRAGMA user_version", &version) != DB_DONE)
		goto fail;
	if (version == schema_version)
		return 0;
	if (version < 0 || version > schema_version) {
		snprintf(why, why_size, "its schema, %lld, is newer than "
		    "this sockd's, %d", (long long)version, schema_version);
		errno = EINVAL;
		return -1;
	}
	if (take_steps(db, version) == DB_DONE)
		return 0;
fail:
	snprintf(why, why_size, "%s", db_error(db));
	errno = db_errno(db);
	return -1;
}
