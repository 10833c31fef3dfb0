/*
 * The queries.  Parameters are numbered as the columns of schema.c stand.
 *
 * A row is put by one statement, whether it is new or not, and usage grows
 * by what is given: both may be repeated after a crash.  What has ended
 * stands, whoever comes with its id again; it can only have been repeated.
 * What is taken back leaves nothing below 0; what a hand has put there, as a
 * credit, stays.
 *
 * SQLite likes to walk a table in the order that is asked for; a + before a
 * column leaves it the index that knows the few rows which are wanted.
 */
#include "queries.h"

/* More than a principal can use in a day, and far from where sums end. */
#define MOST	"(1 << 53)"

const char *const queries[N_QUERIES] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[SWEPT] = "INSERT INTO state VALUES('swept', ?1)"
	    " ON CONFLICT(key) DO UPDATE SET value = ?1",
	[PUT] = "INSERT INTO session VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	    " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
	    " ?21, ?22, ?23, ?24, ?25)"
	    " ON CONFLICT(id) DO UPDATE SET principal = ?3, command = ?6,"
	    " target_host = ?9,"
	    " target_addr = ?10, target_port = ?11, source_addr = ?12,"
	    " source_port = ?13, rule = ?15, metered = ?16, ended = ?18,"
	    " bytes_up = ?19, bytes_down = ?20, datagrams_up = ?21,"
	    " datagrams_down = ?22, reply = ?23, outcome = ?24,"
	    " repeats = ?25 WHERE ended IS NULL",
	[REPEATS] = "UPDATE session SET repeats = max(repeats, ?2)"
	    " WHERE id = ?1",
	[PUT_UDP] = "INSERT INTO udp_target VALUES(?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9)"
	    " ON CONFLICT(session, host, addr, port)"
	    " DO UPDATE SET datagrams = ?6, bytes = ?7",
	[ADD_USAGE] = "INSERT INTO usage VALUES(?1, ?2, ?3,"
	    " min(max(0, ?4), " MOST "), min(max(0, ?5), " MOST "), ?6, ?7)"
	    " ON CONFLICT(principal, day, metered) DO UPDATE SET"
	    " bytes_up = max(min(bytes_up, 0), min(bytes_up + ?4, " MOST ")),"
	    " bytes_down = max(min(bytes_down, 0),"
	    " min(bytes_down + ?5, " MOST ")),"
	    " seconds = min(seconds + ?6, " MOST "), sessions = sessions + ?7",
	[SEEN] = "SELECT bytes_up, bytes_down, ended IS NOT NULL,"
	    " (reply IS 0 AND rule IS NOT NULL) OR bytes_up + bytes_down > 0"
	    " FROM session WHERE id = ?1",
	[LIVE] = "SELECT id FROM session WHERE ended IS NULL ORDER BY +id",
	[LOSE] = "UPDATE session SET outcome = 'lost',"
	    " ended = max(started, ?2) WHERE id = ?1 AND ended IS NULL",
	[EXPIRE_UDP] = "DELETE FROM udp_target WHERE session IN (SELECT id"
	    " FROM session WHERE id < ?1 AND ended IS NOT NULL"
	    " ORDER BY id LIMIT ?2)",
	[EXPIRE] = "DELETE FROM session WHERE id IN (SELECT id"
	    " FROM session WHERE id < ?1 AND ended IS NOT NULL"
	    " ORDER BY id LIMIT ?2)",
	[EXPIRE_REFUSED] = "DELETE FROM session WHERE id IN (SELECT id"
	    " FROM session WHERE ended IS NOT NULL AND reply IS NOT 0"
	    " AND started < ?1 ORDER BY started LIMIT ?2)",
	[USED] = "SELECT"
	    " sum(CASE WHEN day >= ?2 THEN bytes_up + bytes_down END),"
	    " sum(CASE WHEN day >= ?3 THEN bytes_up + bytes_down END),"
	    " sum(CASE WHEN day >= ?4 THEN bytes_up + bytes_down END),"
	    " sum(bytes_up + bytes_down),"
	    " sum(CASE WHEN day >= ?2 THEN seconds END),"
	    " sum(CASE WHEN day >= ?3 THEN seconds END),"
	    " sum(CASE WHEN day >= ?4 THEN seconds END),"
	    " sum(seconds)"
	    " FROM usage WHERE principal = ?1 AND metered = 1 AND day >= ?5",
	[PRINCIPALS] = "SELECT DISTINCT +principal FROM usage"
	    " WHERE day >= ?1 AND metered = 1 LIMIT ?2",
	[CLEAR_CAPS] = "DELETE FROM quota_cap",
	[PUT_CAP] = "INSERT INTO quota_cap VALUES(?1, ?2, ?3, ?4)",
	[PUT_HOLDER] = "INSERT INTO quota_holder VALUES(?1, ?2)"
	    " ON CONFLICT(principal) DO UPDATE SET name = ?2",
	[DATA_VERSION] = "PRAGMA data_version",
	[DROP_HOLDER] = "DELETE FROM quota_holder WHERE principal = ?1",
};
