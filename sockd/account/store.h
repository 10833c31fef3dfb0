/*
 * The store: where the ledger is kept.  SQLite today; whatever else comes
 * stands behind the same few functions.
 *
 * Every function returns STORE_ERROR with the reason in store_error() when
 * the store could not do it (locked, full, broken): the caller rolls back,
 * keeps what it has, and tries again later.  None waits for a lock.
 */
#ifndef ACCOUNT_STORE_H
#define ACCOUNT_STORE_H

#include "periods.h"
#include "row.h"

struct policy;
struct store;

enum { STORE_ERROR = -1, STORE_NONE = 0, STORE_OK = 1 };

/* What the ledger says already of a session. */
struct store_seen {
	uint64_t	bytes_up, bytes_down;
	bool		ended, granted;
};

/* What is to be added to a principal's day. */
struct store_usage {
	const char	*principal, *day;
	bool		metered;
	int64_t		bytes_up, bytes_down;	/* may be taken back */
	uint64_t	seconds, sessions;
};

/* A target of an association. */
struct store_udp {
	const char	*host;
	struct addr	addr, source;
	uint64_t	first_us, datagrams, bytes;
};

/* What a principal has used, metered, in each running period. */
struct store_used {
	uint64_t	bytes[N_PERIODS], seconds[N_PERIODS];
};

/*
 * Open the database at path, made if missing, its schema brought up to date.
 * NULL with the reason in why, and errno: EAGAIN if it is locked or full,
 * which may pass, else another (a newer schema, not a database, no right).
 */
struct store *store_open(const char *path, bool sync_full, char *why,
	    size_t why_size);
void	store_close(struct store *s);
const char *store_error(const struct store *s);
/* After an error: does only a fresh open help? */
bool	store_is_broken(const struct store *s);

/* Was the database taken from its place?  What is written then is lost. */
bool	store_has_moved(struct store *s);

/*
 * Leave nothing beside the database: whoever took it shall have all, and
 * another in its place nothing of it.  False: not yet, somebody reads or writes
 * it, or the disk is full.
 */
bool	store_settle(struct store *s);

/* When the ledger had last been written as it was opened; 0: never. */
uint64_t store_last_us(const struct store *s);

/*
 * The last id that it had then, 0: none.  A row that is said to be of after
 * tomorrow is left out: whoever wrote that, ids need not follow.
 */
uint64_t store_last_id(const struct store *s);

/* One transaction; the end of it says when it was. */
int	store_begin(struct store *s);
int	store_commit(struct store *s, uint64_t now_us);
void	store_roll_back(struct store *s);

/* Has somebody else changed the ledger since the last call? */
bool	store_was_changed(struct store *s);

/*
 * Insert the row, or bring the one of this id up to date.  STORE_NONE: that
 * one has ended, and no more than its repeats may have grown.
 */
int	store_put(struct store *s, const struct row *row);
int	store_put_udp(struct store *s, uint64_t id, const struct store_udp *t);
int	store_add_usage(struct store *s, const struct store_usage *u);
/* STORE_NONE: there is no row of this id. */
int	store_seen(struct store *s, uint64_t id, struct store_seen *seen);

/* Each row that has not ended, while fn says STORE_OK; it may end them. */
typedef int store_id_fn(void *arg, uint64_t id);
int	store_live(struct store *s, store_id_fn *fn, void *arg);
/* End one as lost, at store_last_us(). */
int	store_lose(struct store *s, uint64_t id);

/*
 * Delete at most n rows of each: those that began before keep_us, and refused
 * ones that began before refused_us.  *deleted says how many.
 */
int	store_expire(struct store *s, unsigned n, uint64_t keep_us,
	    uint64_t refused_us, unsigned *deleted);

/*
 * What this principal used; who used something in the running month or week,
 * at most max of them.  Without ever, PERIOD_EVER is not summed up.
 */
int	store_used(struct store *s, const char *principal,
	    const struct periods *p, bool ever, struct store_used *used);
typedef void store_name_fn(void *arg, const char *principal);
int	store_principals(struct store *s, const struct periods *p,
	    unsigned max, store_name_fn *fn, void *arg);

/* The quota view's ground: the caps of the limits, and who falls under which
 * ("": none). */
int	store_put_caps(struct store *s, const struct policy *policy);
int	store_put_holder(struct store *s, const char *principal,
	    const char *limit);

#endif
