/*
 * The store by itself: opening, schemas, locks, what expires, what the views
 * say.
 */
#include "ledger_values.h"

#include <errno.h>

#include "lib/elements.h"
#include "sockd/account/clean.h"
#include "sockd/account/queries.h"
#include "sockd/account/schema.h"

TestSuite(store, .init = make_ledger, .fini = remove_ledger);

static void
expect_refused(const char *word, bool passes)
{
	char why[256] = "";

	cr_assert_null(store_open(db_path, true, why, sizeof(why)));
	cr_assert_eq(errno == EAGAIN, passes, "%s", why);
	cr_assert_not_null(strstr(why, word), "%s", why);
}

/* How SQLite says that it goes about this query. */
static void
expect_plan(enum query_kind kind, const char *how)
{
	char query[1024];
	sqlite3_stmt *st;

	snprintf(query, sizeof(query), "EXPLAIN QUERY PLAN %s", queries[kind]);
	cr_assert_eq(sqlite3_prepare_v2(reader, query, -1, &st, NULL),
	    SQLITE_OK);
	cr_assert_eq(sqlite3_step(st), SQLITE_ROW);
	cr_assert_not_null(strstr((const char *)sqlite3_column_text(st, 3),
	    how), "%s: %s", queries[kind], sqlite3_column_text(st, 3));
	sqlite3_finalize(st);
}

Test(store, a_new_database_has_the_schema)
{
	cr_assert_eq(ask_db("PRAGMA user_version"), schema_version);
	cr_assert_str_eq(ask_text("PRAGMA journal_mode"), "wal");
	cr_assert_eq(ask_db("SELECT count(*) FROM sqlite_master"
	    " WHERE type = 'view'"), 7);
}

/* A ledger of the first version: what is in it stays. */
Test(store, an_older_schema_is_brought_up_to_date)
{
	char why[256];

	tell_db("INSERT INTO udp_target VALUES"
	    " (1, 'a.example', 'x', 1, 1, 1, 7, NULL, NULL)");
	tell_db("ALTER TABLE udp_target DROP COLUMN source_addr");
	tell_db("ALTER TABLE udp_target DROP COLUMN source_port");
	tell_db("PRAGMA user_version = 1");
	store_close(books.store);
	books.store = store_open(db_path, true, why, sizeof(why));
	cr_assert_not_null(books.store, "%s", why);
	cr_assert_eq(ask_db("PRAGMA user_version"), schema_version);
	cr_assert_eq(ask_db("SELECT bytes FROM udp_target"
	    " WHERE source_addr IS NULL"), 7);
}

Test(store, a_newer_schema_is_refused)
{
	tell_db("PRAGMA user_version = 99");
	expect_refused("newer", false);
	tell_db("PRAGMA user_version = -1");
	expect_refused("newer", false);
}

Test(store, a_lock_is_not_waited_for)
{
	uint64_t before = clock_ms();

	tell_db("BEGIN IMMEDIATE");
	cr_assert_eq(store_begin(books.store), STORE_ERROR);
	cr_assert_lt(clock_ms() - before, 500);
	cr_assert_not_null(strstr(store_error(books.store), "locked"));
	cr_assert_not(store_is_broken(books.store));
	tell_db("ROLLBACK");
	cr_assert_eq(store_begin(books.store), STORE_OK);
	store_roll_back(books.store);
	store_roll_back(books.store);		/* once more does no harm */
}

Test(store, a_lock_may_pass)
{
	tell_db("PRAGMA user_version = 1");
	tell_db("BEGIN IMMEDIATE");
	expect_refused("locked", true);
	tell_db("ROLLBACK");
}

Test(store, what_is_no_database_is_refused)
{
	FILE *f;

	sqlite3_close(reader);
	reader = NULL;
	books_close(&books);
	f = fopen(db_path, "w");
	cr_assert_not_null(f);
	for (int i = 0; i < 1000; i++)
		fputs("not a database\n", f);
	fclose(f);
	expect_refused("not a database", false);
}

Test(store, why_it_cannot_be_opened_is_told)
{
	char why[256];

	cr_assert_null(store_open("/nonexistent/sockd.db", true, why,
	    sizeof(why)));
	cr_assert_not_null(strstr(why, "unable to open database file: "
	    "No such file or directory"), "%s", why);
}

/* The files stay, so that who may not write can read. */
Test(store, the_wal_is_kept_when_the_store_is_closed)
{
	char wal[128];

	sqlite3_close(reader);
	reader = NULL;
	books_close(&books);
	snprintf(wal, sizeof(wal), "%s-wal", db_path);
	cr_assert_eq(access(wal, F_OK), 0);
}

/* ---- usage ---- */

static void
add(const char *day, bool metered, int64_t up, uint64_t sessions)
{
	struct store_usage u = { .principal = "ann", .day = day,
	    .metered = metered, .bytes_up = up, .seconds = 2,
	    .sessions = sessions };

	cr_assert_eq(store_add_usage(books.store, &u), STORE_OK);
}

Test(store, usage_grows_and_never_below_nothing)
{
	add("2026-01-01", true, 10, 1);
	add("2026-01-01", true, 5, 0);
	add("2026-01-01", false, 7, 1);
	add("2026-01-02", true, 1, 1);
	add("2026-01-02", true, -3, 0);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE metered = 1"
	    " AND day = '2026-01-01' AND sessions = 1 AND seconds = 4"), 15);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage WHERE metered = 0"),
	    7);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"
	    " WHERE day = '2026-01-02'"), 0);
}

Test(store, a_credit_by_hand_is_used_up_and_not_forgotten)
{
	add("2026-01-01", true, 10, 1);
	tell_db("UPDATE usage SET bytes_up = bytes_up - 110");
	add("2026-01-01", true, 30, 0);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"), -70);
	add("2026-01-01", true, -3, 0);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"), -70);
	add("2026-01-01", true, 80, 0);
	cr_assert_eq(ask_db("SELECT bytes_up FROM usage"), 10);
}

Test(store, used_is_summed_by_period)
{
	struct store_used used;
	struct periods p;
	struct tm tm = { .tm_year = 126, .tm_mon = 10, .tm_mday = 25,
	    .tm_hour = 12, .tm_isdst = -1 };

	periods_begin(&p, period_day((uint64_t)mktime(&tm)));
	add("2026-11-25", true, 1, 1);		/* Wednesday */
	add("2026-11-23", true, 10, 1);		/* Monday */
	add("2026-11-22", true, 100, 1);
	add("2026-11-01", true, 1000, 1);
	add("2026-10-31", true, 10000, 1);
	add("2026-11-25", false, 100000, 1);
	cr_assert_eq(store_used(books.store, "ann", &p, true, &used),
	    STORE_OK);
	cr_assert_eq(used.bytes[PERIOD_DAY], 1u);
	cr_assert_eq(used.bytes[PERIOD_WEEK], 11u);
	cr_assert_eq(used.bytes[PERIOD_MONTH], 1111u);
	cr_assert_eq(used.bytes[PERIOD_EVER], 11111u);
	cr_assert_eq(used.seconds[PERIOD_WEEK], 4u);
	cr_assert_eq(store_used(books.store, "bob", &p, true, &used),
	    STORE_OK);
	cr_assert_eq(used.bytes[PERIOD_EVER], 0u);
}

/* A week that began in the month before. */
Test(store, a_week_reaches_into_the_last_month)
{
	struct store_used used;
	struct periods p;
	struct tm tm = { .tm_year = 126, .tm_mon = 11, .tm_mday = 2,
	    .tm_hour = 12, .tm_isdst = -1 };

	periods_begin(&p, period_day((uint64_t)mktime(&tm)));
	add("2026-11-30", true, 1, 1);
	add("2026-12-01", true, 10, 1);
	cr_assert_eq(store_used(books.store, "ann", &p, false, &used),
	    STORE_OK);
	cr_assert_eq(used.bytes[PERIOD_WEEK], 11u);
	cr_assert_eq(used.bytes[PERIOD_MONTH], 10u);
}

/* ---- what goes ---- */

static void
insert(int64_t id, const char *ended, int reply)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT INTO session(id, principal,"
	    " client_addr, client_port, metered, started, ended, bytes_up,"
	    " bytes_down, datagrams_up, datagrams_down, reply) VALUES(%lld,"
	    " 'ann', 'x', 1, 1, %lld, %s, 0, 0, 0, 0, %d)", (long long)id,
	    (long long)id / 1000000, ended, reply);
	tell_db(sql);
}

Test(store, expiry_is_by_age_and_kind_and_in_portions)
{
	unsigned deleted;

	for (int i = 1; i <= 20; i++)
		insert(i * INT64_C(1000000), "100", i % 2 == 0 ? 0 : 2);
	insert(500000, "NULL", 0);
	tell_db("INSERT INTO udp_target VALUES"
	    " (2000000, '', 'x', 1, 1, 1, 1, 'y', 2),"
	    " (20000000, '', 'x', 1, 1, 1, 1, 'y', 2)");
	cr_assert_eq(store_expire(books.store, 1000, 5000000, 10000000,
	    &deleted), STORE_OK);
	cr_assert_eq(deleted, 7u);		/* 1 to 4, and 5, 7, 9 */
	cr_assert_eq(ask_db("SELECT min(id) FROM session"
	    " WHERE ended IS NOT NULL"), 6000000);
	cr_assert_eq(ask_db("SELECT count(*) FROM session"
	    " WHERE ended IS NULL"), 1, "a living one stays");
	cr_assert_eq(ask_db("SELECT count(*) FROM udp_target"), 1);
	cr_assert_eq(store_expire(books.store, 3, 100000000, 0, &deleted),
	    STORE_OK);
	cr_assert_eq(deleted, 3u);
}

/* ---- a large ledger ---- */

/* A new accountant asks these while clients wait: the index knows few rows. */
Test(store, a_new_accountant_walks_no_table)
{
	expect_plan(LIVE, "INDEX session_live");
	expect_plan(PRINCIPALS, "INDEX usage_day");
	expect_plan(USED, "PRIMARY KEY (principal=? AND day>?)");
	expect_plan(SEEN, "PRIMARY KEY (rowid=?)");
}

/* ---- what has vanished ---- */

static void
write_nothing(uint64_t now_us)
{
	cr_assert_eq(store_begin(books.store), STORE_OK);
	cr_assert_eq(store_commit(books.store, now_us), STORE_OK);
}

static int
lose(void *store, uint64_t id)
{
	cr_assert_eq(id, 5000000u);
	return store_lose(store, id);
}

/* And not when the next run, days later, wrote for the first time. */
Test(store, one_without_an_end_ends_when_the_last_run_last_wrote)
{
	insert(5000000, "NULL", 0);
	insert(7000000, "6", 0);
	write_nothing(9000000);
	new_accountant();
	write_nothing(20000000);
	cr_assert_eq(store_live(books.store, lose, books.store), STORE_OK);
	cr_assert_eq(ask_db("SELECT count(*) FROM live"), 0);
	cr_assert_eq(ask_db("SELECT ended FROM session WHERE id = 5000000"
	    " AND outcome = 'lost'"), 9);
}

/* ---- views ---- */

Test(store, sizes_are_for_people_and_for_programs)
{
	tell_db("INSERT INTO usage VALUES('ann', date('now', 'localtime'), 1,"
	    " 1930000000, 812, 3723, 4)");
	cr_assert_str_eq(ask_text("SELECT up || '|' || down || '|' || total"
	    " || '|' || active || '|' || bytes_up FROM today"),
	    "1.93 GB|812 B|1.93 GB|1:02:03|1930000000");
	cr_assert_eq(ask_db("SELECT count(*) FROM week"), 1);
	cr_assert_eq(ask_db("SELECT count(*) FROM month"), 1);
}

/* ---- text ---- */

Test(store, clean_text_is_utf8)
{
	static const struct {
		const char	*dirty, *clean;
	} rows[] = {
		{ "ann", "ann" },
		{ "", "" },
		{ "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80",
		    "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\nb\x7f\x1b", "a\\x0ab\\x7f\\x1b" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xc2\x85", "\\xc2\\x85" },			/* C1 */
		{ "\xe2\x82", "\\xe2\\x82" },			/* cut */
	};
	char buf[64];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		cr_assert_str_eq(clean_text(buf, sizeof(buf),
		    rows[i].dirty), rows[i].clean, "%zu: %s", i, buf);
	cr_assert_str_eq(clean_text(buf, 9, "abcdefghijkl"), "abcde");
}
