/*
 * An accountant's books over a small board and a real database in a
 * directory of its own, for the tests of sockd/account.
 */
#ifndef TESTS_UNIT_LEDGER_VALUES_H
#define TESTS_UNIT_LEDGER_VALUES_H

#include <criterion/criterion.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board_values.h"
#include "sockd/account/books.h"
#include "sockd/account/store.h"
#include "sockd/account/sweep.h"
#include "sockd/common/clock.h"
#include "sockd/common/conf.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"

static const uint64_t owner_of_all = (uint64_t)1 << 48 | 1;

static struct board b;
static struct conf conf;
static struct books books;
static char dir[64], db_path[96];
static sqlite3 *reader;

static inline void
open_store(void)
{
	char why[256];

	books.store = store_open(db_path, false, why, sizeof(why));
	cr_assert_not_null(books.store, "%s", why);
}

static inline void
make_ledger(void)
{
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	snprintf(dir, sizeof(dir), "/tmp/sockd-ledger-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(db_path, sizeof(db_path), "%s/sockd.db", dir);
	log_open(2, LOG_ERR, "test");
	b = small_board(16, 16);
	board_seed_id(&b, 1000);
	conf.accounting.time_idle_ms = 300000;
	cr_assert_eq(books_open(&books, &b, &conf), 0);
	periods_begin(&books.periods, period_day(clock_wall_us() / 1000000));
	open_store();
	cr_assert_eq(sqlite3_open_v2(db_path, &reader, SQLITE_OPEN_READWRITE,
	    NULL), SQLITE_OK);
}

static inline void
remove_ledger(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[128];

	sqlite3_close(reader);
	books_close(&books);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", db_path, ends[i]);
		unlink(path);
	}
	rmdir(dir);
}

/* The accountant dies, and another takes its place. */
static inline void
new_accountant(void)
{
	struct periods p = books.periods;

	books_close(&books);
	cr_assert_eq(books_open(&books, &b, &conf), 0);
	books.periods = p;
	open_store();
}

static inline void
ignore_row(void *arg, const struct row *row)
{
	(void)arg;
	(void)row;
}

static inline int
sweep_now(void)
{
	return sweep_run(&books, clock_wall_us(), ignore_row, NULL);
}

/* What a query says: its first column of its first row, as a number. */
static inline int64_t
ask_db(const char *query)
{
	sqlite3_stmt *st;
	int64_t number = -1;

	cr_assert_eq(sqlite3_prepare_v2(reader, query, -1, &st, NULL),
	    SQLITE_OK, "%s: %s", query, sqlite3_errmsg(reader));
	if (sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return number;
}

/* The same as text, in a buffer of its own until the next call. */
static inline const char *
ask_text(const char *query)
{
	static char text[512];
	sqlite3_stmt *st;

	text[0] = '\0';
	cr_assert_eq(sqlite3_prepare_v2(reader, query, -1, &st, NULL),
	    SQLITE_OK, "%s: %s", query, sqlite3_errmsg(reader));
	if (sqlite3_step(st) == SQLITE_ROW &&
	    sqlite3_column_text(st, 0) != NULL)
		snprintf(text, sizeof(text), "%s",
		    (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return text;
}

static inline void
tell_db(const char *statement)
{
	cr_assert_eq(sqlite3_exec(reader, statement, NULL, NULL, NULL),
	    SQLITE_OK, "%s: %s", statement, sqlite3_errmsg(reader));
}

/* A session of user, granted and living. */
static inline uint32_t
begin_session(const char *user)
{
	int64_t claimed = slot_claim(&b, owner_of_all);
	uint32_t slot = (uint32_t)claimed;
	struct session_slot *s = &b.sessions[slot];

	cr_assert_neq(claimed, -1);
	s->started_us = clock_wall_us();
	s->client = client_address(7);
	s->protocol = 5;
	s->auth = AUTH_PASSWORD;
	s->command = COMMAND_CONNECT;
	s->metered = true;
	s->has_octets = true;
	slot_set_user(s, user);
	cr_assert(slot_set_principal(&b, slot, user, NAMED_BY_USER));
	slot_advance(&b, slot, SLOT_NEGOTIATED);
	slot_set_host(s, "example.net");
	s->target_port = 443;
	s->target_addr = client_address(99);
	s->source = client_address(1);
	snprintf(s->rule_name, sizeof(s->rule_name), "members");
	snprintf(s->listen_name, sizeof(s->listen_name), "lan");
	slot_advance(&b, slot, SLOT_REQUESTED);
	atomic_store(&s->reply, 0);
	slot_advance(&b, slot, SLOT_LIVE);
	return slot;
}

static inline void
move(uint32_t slot, size_t up, size_t down)
{
	slot_count(&b, slot, up, down);
	atomic_store(&b.sessions[slot].active_ms, clock_wall_ms());
}

#endif
