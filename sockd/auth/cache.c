/*
 * The cache of successful logins, in memory shared by the auth helpers.
 *
 * 4096 entries in sets of 8; a login belongs to one set, in which the oldest
 * leaves.  There is no lock, because a helper may be killed at any point: an
 * entry is copied word by word, and carries a keyed checksum over all of it.
 * One that was torn by two writers, or half written by one who died, does
 * not match and is no entry: it can make us ask PAM once more, never say yes.
 */
#include "cache.h"

#include <errno.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/elements.h"
#include "lib/text.h"

enum { N_SETS = 512, N_WAYS = 8, HASH_SIZE = 32 };

struct entry {
	uint8_t		hash[HASH_SIZE];	/* of the question; 0: empty */
	uint64_t	expires_ms;		/* CLOCK_MONOTONIC */
	uint64_t	n_gids;
	gid_t		gids[MESSAGE_GROUPS_MAX];
	char		user[MESSAGE_USER_SIZE];
	uint64_t	check;			/* over all before; last */
};

enum { ENTRY_WORDS = sizeof(struct entry) / sizeof(uint64_t) };

_Static_assert(sizeof(struct entry) % sizeof(uint64_t) == 0, "words");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "check");

/* An entry as it is shared. */
struct cell {
	_Atomic uint64_t	words[ENTRY_WORDS];
};

struct cache {
	uint64_t	keep_ms;
	struct cell	(*sets)[N_WAYS];
	uint8_t		hash_key[crypto_generichash_KEYBYTES];
	uint8_t		check_key[crypto_shorthash_KEYBYTES];
};

struct cache *
cache_create(uint64_t keep_ms)
{
	struct cache *c;

	if (sodium_init() == -1) {
		errno = ENOSYS;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->sets = mmap(NULL, N_SETS * sizeof(c->sets[0]),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->sets == MAP_FAILED) {
		free(c);
		return NULL;
	}
	c->keep_ms = keep_ms;
	randombytes_buf(c->hash_key, sizeof(c->hash_key));
	randombytes_buf(c->check_key, sizeof(c->check_key));
	return c;
}

void
cache_destroy(struct cache *c)
{
	if (c == NULL)
		return;
	munmap(c->sets, N_SETS * sizeof(c->sets[0]));
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* The texts with their NULs, which none of them contains inside. */
static void
hash_question(const struct cache *c, const struct login_question *q,
    uint8_t hash[HASH_SIZE])
{
	crypto_generichash_state state;
	const char *texts[] = { q->service, q->user, q->password };

	crypto_generichash_init(&state, c->hash_key, sizeof(c->hash_key),
	    HASH_SIZE);
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		crypto_generichash_update(&state, (const uint8_t *)texts[i],
		    strlen(texts[i]) + 1);
	crypto_generichash_update(&state, &q->client.family,
	    sizeof(q->client.family));
	crypto_generichash_update(&state, q->client.ip,
	    addr_size(&q->client));
	crypto_generichash_update(&state, (const uint8_t *)&q->client.scope,
	    sizeof(q->client.scope));
	crypto_generichash_final(&state, hash, HASH_SIZE);
	explicit_bzero(&state, sizeof(state));
}

static uint64_t
check_of(const struct cache *c, const struct entry *e)
{
	uint64_t check;

	crypto_shorthash((uint8_t *)&check, (const uint8_t *)e,
	    offsetof(struct entry, check), c->check_key);
	return check;
}

static struct cell *
set_of(const struct cache *c, const uint8_t hash[HASH_SIZE])
{
	return c->sets[(hash[HASH_SIZE - 1] | hash[HASH_SIZE - 2] << 8) %
	    N_SETS];
}

static uint64_t
load_word(const struct cell *cell, size_t i)
{
	return atomic_load_explicit(&cell->words[i], memory_order_relaxed);
}

/* Does the cell begin like this hash?  The rest needs the whole entry. */
static bool
looks_like(const struct cell *cell, const uint8_t hash[HASH_SIZE])
{
	uint64_t first;

	memcpy(&first, hash, sizeof(first));
	return load_word(cell, 0) == first;
}

/* False for what is empty, torn, or another login's. */
static bool
load_entry(const struct cache *c, const struct cell *cell,
    const uint8_t hash[HASH_SIZE], struct entry *e)
{
	uint64_t words[ENTRY_WORDS];

	for (size_t i = 0; i < ENTRY_WORDS; i++)
		words[i] = load_word(cell, i);
	memcpy(e, words, sizeof(*e));
	return sodium_memcmp(e->hash, hash, HASH_SIZE) == 0 &&
	    e->check == check_of(c, e);
}

static void
store_entry(struct cell *cell, const struct entry *e)
{
	uint64_t words[ENTRY_WORDS];

	memcpy(words, e, sizeof(*e));
	for (size_t i = 0; i < ENTRY_WORDS; i++)
		atomic_store_explicit(&cell->words[i], words[i],
		    memory_order_relaxed);
}

bool
cache_find(const struct cache *c, const struct login_question *q,
    uint64_t now_ms, struct login_answer *a)
{
	uint8_t hash[HASH_SIZE];
	const struct cell *set;
	struct entry e;

	if (c->keep_ms == 0)
		return false;
	hash_question(c, q, hash);
	set = set_of(c, hash);
	for (size_t i = 0; i < N_WAYS; i++) {
		if (!looks_like(&set[i], hash) ||
		    !load_entry(c, &set[i], hash, &e))
			continue;
		if (now_ms >= e.expires_ms)
			return false;
		a->serial = q->serial;
		a->verdict = LOGIN_YES;
		memcpy(a->user, e.user, sizeof(a->user));
		a->n_gids = e.n_gids;
		memcpy(a->gids, e.gids, sizeof(a->gids));
		return true;
	}
	return false;
}

/* This login's own cell, else the one that expires first (0: empty). */
static struct cell *
cell_for(struct cell set[N_WAYS], const uint8_t hash[HASH_SIZE])
{
	enum { EXPIRES = offsetof(struct entry, expires_ms) /
	    sizeof(uint64_t) };
	struct cell *oldest = &set[0];

	for (size_t i = 0; i < N_WAYS; i++) {
		if (looks_like(&set[i], hash))
			return &set[i];
		if (load_word(&set[i], EXPIRES) < load_word(oldest, EXPIRES))
			oldest = &set[i];
	}
	return oldest;
}

void
cache_store(struct cache *c, const struct login_question *q, uint64_t now_ms,
    const struct login_answer *a)
{
	struct entry e = { .expires_ms = now_ms + c->keep_ms,
	    .n_gids = a->n_gids };

	if (c->keep_ms == 0 || a->verdict != LOGIN_YES ||
	    a->n_gids > MESSAGE_GROUPS_MAX)
		return;
	hash_question(c, q, e.hash);
	memcpy(e.gids, a->gids, a->n_gids * sizeof(e.gids[0]));
	text_copy(e.user, sizeof(e.user), a->user);
	e.check = check_of(c, &e);
	store_entry(cell_for(set_of(c, e.hash), e.hash), &e);
}
