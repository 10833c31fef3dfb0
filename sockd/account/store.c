/*
 * The store in SQLite: what the accountant says to it, as a table of
 * queries.  Foreign text goes in through bound parameters alone, and cleaned:
 * whoever reads the ledger may rely on UTF-8.
 */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clean.h"
#include "db.h"
#include "lib/elements.h"
#include "lib/rule.h"
#include "queries.h"
#include "schema.h"
#include "sockd/common/slot.h"

struct store {
	struct db	*db;
	int64_t		data_version;
	int64_t		last_us;	/* what the last run wrote last */
	int64_t		last_id;	/* that it drew */
};

/* ---- what goes in ---- */

static void
bind_foreign(struct query *q, int at, const char *text)
{
	char clean[CLEAN_FACTOR * BOARD_USER_SIZE + 1];

	if (clean_is(text))
		query_text(q, at, text);
	else
		query_text_copy(q, at,
		    clean_text(clean, sizeof(clean), text));
}

static void
bind_addr(struct query *q, int at, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (a->family == ADDR_NONE)
		query_null(q, at);
	else
		query_text_copy(q, at, addr_format(a, text));
}

static void
bind_port(struct query *q, int at, uint16_t port)
{
	if (port == 0)
		query_null(q, at);
	else
		query_number(q, at, port);
}

/* ---- opening ---- */

static const char last_written[] = "SELECT CAST(value * 1000000 AS INTEGER)"
    " FROM state WHERE key = 'swept'";
static const char last_drawn[] = "SELECT max(id) FROM session"
    " WHERE id < (strftime('%s', 'now') + 86400) * 1000000";

struct store *
store_open(const char *path, bool sync_full, char *why, size_t why_size)
{
	struct store *s = calloc(1, sizeof(*s));
	int saved;

	if (s == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	s->db = db_open(path, queries, N_QUERIES, why, why_size);
	if (s->db == NULL ||
	    schema_bring_up_to_date(s->db, why, why_size) == -1)
		goto fail;
	if (db_set_sync(s->db, sync_full) != DB_DONE ||
	    db_number(s->db, last_written, &s->last_us) != DB_DONE ||
	    db_number(s->db, last_drawn, &s->last_id) != DB_DONE) {
		snprintf(why, why_size, "%s", db_error(s->db));
		errno = db_errno(s->db);
		goto fail;
	}
	store_was_changed(s);
	return s;
fail:
	saved = errno;
	store_close(s);
	errno = saved;
	return NULL;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	db_close(s->db);
	free(s);
}

const char *
store_error(const struct store *s)
{
	return db_error(s->db);
}

bool
store_is_broken(const struct store *s)
{
	return db_is_broken(s->db);
}

bool
store_has_moved(struct store *s)
{
	return db_has_moved(s->db);
}

/* What is damaged gets no better by waiting, what is full may. */
bool
store_settle(struct store *s)
{
	int64_t busy;

	if (db_number(s->db, "PRAGMA wal_checkpoint(TRUNCATE)", &busy) !=
	    DB_DONE)
		return db_is_broken(s->db);
	return busy == 0;
}

uint64_t
store_last_us(const struct store *s)
{
	return (uint64_t)s->last_us;
}

uint64_t
store_last_id(const struct store *s)
{
	return (uint64_t)s->last_id;
}

bool
store_was_changed(struct store *s)
{
	struct query *q = db_query(s->db, DATA_VERSION);
	int64_t before = s->data_version;

	if (db_step(s->db, q) != DB_ROW)
		return false;
	s->data_version = query_get(q, 0);
	query_end(q);
	return s->data_version != before;
}

/* ---- transactions ---- */

static int
run(struct store *s, struct query *q)
{
	return db_run(s->db, q) == DB_DONE ? STORE_OK : STORE_ERROR;
}

int
store_begin(struct store *s)
{
	return run(s, db_query(s->db, BEGIN));
}

int
store_commit(struct store *s, uint64_t now_us)
{
	struct query *q = db_query(s->db, SWEPT);

	query_time(q, 1, now_us);
	if (run(s, q) != STORE_OK)
		return STORE_ERROR;
	return run(s, db_query(s->db, COMMIT));
}

/* Some errors have rolled back already. */
void
store_roll_back(struct store *s)
{
	if (db_is_in_transaction(s->db))
		db_execute(s->db, "ROLLBACK");
}

/* ---- sessions ---- */

static void
bind_who(struct query *q, const struct row *r)
{
	const struct session_slot *c = &r->copy;

	query_number(q, 1, (int64_t)r->id);
	bind_foreign(q, 2, slot_user(c));
	bind_foreign(q, 3, r->principal);
	query_text(q, 4, row_auth_name(c->auth));
	query_text(q, 5, row_protocol_name(c->protocol));
	query_text(q, 6, command_name(c->command));
	bind_addr(q, 7, &c->client);
	query_number(q, 8, c->client.port);
}

static void
bind_where(struct query *q, const struct row *r)
{
	const struct session_slot *c = &r->copy;

	bind_foreign(q, 9, r->has_name ? slot_host(c) : "");
	bind_addr(q, 10, &r->target);
	bind_port(q, 11, c->target_port);
	bind_addr(q, 12, &c->source);
	bind_port(q, 13, c->source.port);
	bind_foreign(q, 14, c->listen_name);
	bind_foreign(q, 15, c->rule_name);
	query_number(q, 16, c->metered);
}

static void
bind_how(struct query *q, const struct row *r)
{
	query_time(q, 17, r->started_us);
	query_number(q, 19, (int64_t)r->bytes_up);
	query_number(q, 20, (int64_t)r->bytes_down);
	query_number(q, 21, (int64_t)r->datagrams_up);
	query_number(q, 22, (int64_t)r->datagrams_down);
	query_number(q, 25, r->repeats);
	if (r->ended) {
		query_time(q, 18, r->ended_us);
		query_text(q, 24, outcome_name(r->outcome));
	} else {
		query_null(q, 18);
		query_null(q, 24);
	}
	if (r->reply < 0)
		query_null(q, 23);
	else
		query_number(q, 23, r->reply);
}

int
store_put(struct store *s, const struct row *row)
{
	struct query *q = db_query(s->db, PUT);

	bind_who(q, row);
	bind_where(q, row);
	bind_how(q, row);
	if (run(s, q) != STORE_OK)
		return STORE_ERROR;
	if (db_changes(s->db) > 0)
		return STORE_OK;
	q = db_query(s->db, REPEATS);
	query_number(q, 1, (int64_t)row->id);
	query_number(q, 2, row->repeats);
	return run(s, q) == STORE_OK ? STORE_NONE : STORE_ERROR;
}

int
store_put_udp(struct store *s, uint64_t id, const struct store_udp *t)
{
	struct query *q = db_query(s->db, PUT_UDP);
	char text[ADDR_TEXT_MAX] = "";

	if (t->addr.family != ADDR_NONE)
		addr_format(&t->addr, text);
	query_number(q, 1, (int64_t)id);
	query_text_copy(q, 2, "");
	if (t->host[0] != '\0')
		bind_foreign(q, 2, t->host);
	query_text_copy(q, 3, text);
	query_number(q, 4, t->addr.port);
	query_time(q, 5, t->first_us);
	query_number(q, 6, (int64_t)t->datagrams);
	query_number(q, 7, (int64_t)t->bytes);
	bind_addr(q, 8, &t->source);
	bind_port(q, 9, t->source.port);
	return run(s, q);
}

int
store_seen(struct store *s, uint64_t id, struct store_seen *seen)
{
	struct query *q = db_query(s->db, SEEN);
	int rc;

	query_number(q, 1, (int64_t)id);
	rc = db_step(s->db, q);
	if (rc != DB_ROW)
		return rc == DB_DONE ? STORE_NONE : STORE_ERROR;
	seen->bytes_up = (uint64_t)query_get(q, 0);
	seen->bytes_down = (uint64_t)query_get(q, 1);
	seen->ended = query_get(q, 2) != 0;
	seen->granted = query_get(q, 3) != 0;
	query_end(q);
	return STORE_OK;
}

int
store_live(struct store *s, store_id_fn *fn, void *arg)
{
	struct query *q = db_query(s->db, LIVE);
	int rc = DB_DONE, said = STORE_OK;

	while (said == STORE_OK && (rc = db_step(s->db, q)) == DB_ROW)
		said = fn(arg, (uint64_t)query_get(q, 0));
	if (said == STORE_OK)
		return rc == DB_DONE ? STORE_OK : STORE_ERROR;
	query_end(q);
	return said;
}

int
store_lose(struct store *s, uint64_t id)
{
	struct query *q = db_query(s->db, LOSE);

	query_number(q, 1, (int64_t)id);
	query_time(q, 2, store_last_us(s));
	return run(s, q);
}

int
store_expire(struct store *s, unsigned n, uint64_t keep_us,
    uint64_t refused_us, unsigned *deleted)
{
	static const enum query_kind kinds[] = { EXPIRE_UDP, EXPIRE,
						 EXPIRE_REFUSED };
	struct query *q;

	*deleted = 0;
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		q = db_query(s->db, kinds[i]);
		if (kinds[i] == EXPIRE_REFUSED)
			query_time(q, 1, refused_us);
		else
			query_number(q, 1, (int64_t)keep_us);
		query_number(q, 2, n);
		if (run(s, q) != STORE_OK)
			return STORE_ERROR;
		if (kinds[i] != EXPIRE_UDP)
			*deleted += db_changes(s->db);
	}
	return STORE_OK;
}

/* ---- principals ---- */

int
store_add_usage(struct store *s, const struct store_usage *u)
{
	struct query *q = db_query(s->db, ADD_USAGE);

	bind_foreign(q, 1, u->principal);
	query_text(q, 2, u->day);
	query_number(q, 3, u->metered);
	query_number(q, 4, u->bytes_up);
	query_number(q, 5, u->bytes_down);
	query_number(q, 6, (int64_t)u->seconds);
	query_number(q, 7, (int64_t)u->sessions);
	return run(s, q);
}

int
store_used(struct store *s, const char *principal, const struct periods *p,
    bool ever, struct store_used *used)
{
	struct query *q = db_query(s->db, USED);

	bind_foreign(q, 1, principal);
	for (int i = 0; i < PERIOD_EVER; i++)
		query_text(q, 2 + i, p->first[i]);
	query_text_copy(q, 5, ever ? "" : periods_oldest(p));
	if (db_step(s->db, q) != DB_ROW)
		return STORE_ERROR;
	for (int i = 0; i < N_PERIODS; i++) {
		used->bytes[i] = (uint64_t)query_get(q, i);
		used->seconds[i] = (uint64_t)query_get(q, N_PERIODS + i);
	}
	query_end(q);
	return STORE_OK;
}

int
store_principals(struct store *s, const struct periods *p, unsigned max,
    store_name_fn *fn, void *arg)
{
	struct query *q = db_query(s->db, PRINCIPALS);
	int rc;

	query_text(q, 1, periods_oldest(p));
	query_number(q, 2, max);
	while ((rc = db_step(s->db, q)) == DB_ROW)
		fn(arg, query_get_text(q, 0));
	return rc == DB_DONE ? STORE_OK : STORE_ERROR;
}

/* ---- what the quota view reads ---- */

static int
put_caps(struct store *s, const char *name, const char *unit,
    const struct limit_cap *caps, size_t n)
{
	struct query *q = db_query(s->db, PUT_CAP);

	for (size_t i = 0; i < n; i++) {
		bind_foreign(q, 1, name);
		query_text(q, 2, unit);
		query_text(q, 3, units_period_name(caps[i].period));
		query_number(q, 4, (int64_t)caps[i].amount);
		if (run(s, q) != STORE_OK)
			return STORE_ERROR;
	}
	return STORE_OK;
}

int
store_put_caps(struct store *s, const struct policy *policy)
{
	const struct limit *l = policy->limits;
	int rc = run(s, db_query(s->db, CLEAR_CAPS));

	for (; rc == STORE_OK && l < policy->limits + policy->n_limits; l++) {
		rc = put_caps(s, l->name, "bytes", l->bytes, l->n_bytes);
		if (rc == STORE_OK)
			rc = put_caps(s, l->name, "seconds", l->time,
			    l->n_time);
	}
	return rc;
}

int
store_put_holder(struct store *s, const char *principal, const char *limit)
{
	bool none = limit[0] == '\0';
	struct query *q = db_query(s->db, none ? DROP_HOLDER : PUT_HOLDER);

	bind_foreign(q, 1, principal);
	if (!none)
		bind_foreign(q, 2, limit);
	return run(s, q);
}
