/*
 * A table with one place for each hash: whoever comes to a place that is
 * taken sends the other one to the store first.  Bounded, and nothing to
 * search.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/text.h"

enum { PLACES = 1024 };

/* A thousand stolen slots of 9 PB pass 64 bits: a sum ends before. */
static const int64_t sum_max = INT64_C(1) << 61;

struct entry {
	bool			used;
	char			principal[BOARD_USER_SIZE];
	char			day[DAY_NAME_SIZE];
	struct store_usage	sum;
};

struct tally {
	struct entry	entries[PLACES];
};

static unsigned
place_of(const struct store_usage *u)
{
	uint32_t hash = hash_octets(HASH_BEGIN, u->principal,
	    strlen(u->principal));

	hash = hash_octets(hash, u->day, strlen(u->day));
	return (hash ^ u->metered) % PLACES;
}

static bool
is_same(const struct entry *e, const struct store_usage *u)
{
	return e->sum.metered == u->metered && strcmp(e->day, u->day) == 0 &&
	    strcmp(e->principal, u->principal) == 0;
}

static bool
is_near_the_end(int64_t sum)
{
	return sum > sum_max || sum < -sum_max;
}

static bool
is_full(const struct entry *e)
{
	return is_near_the_end(e->sum.bytes_up) ||
	    is_near_the_end(e->sum.bytes_down);
}

static int
send_away(struct entry *e, struct store *s)
{
	if (!e->used)
		return STORE_OK;
	e->used = false;
	return store_add_usage(s, &e->sum);
}

static void
begin(struct entry *e, const struct store_usage *u)
{
	*e = (struct entry){ .used = true,
	    .sum = { .metered = u->metered } };
	text_copy(e->principal, sizeof(e->principal), u->principal);
	text_copy(e->day, sizeof(e->day), u->day);
	e->sum.principal = e->principal;
	e->sum.day = e->day;
}

struct tally *
tally_new(void)
{
	return calloc(1, sizeof(struct tally));
}

int
tally_add(struct tally *t, struct store *s, const struct store_usage *u)
{
	struct entry *e = &t->entries[place_of(u)];

	if (!e->used || !is_same(e, u) || is_full(e)) {
		if (send_away(e, s) != STORE_OK)
			return STORE_ERROR;
		begin(e, u);
	}
	e->sum.bytes_up += u->bytes_up;
	e->sum.bytes_down += u->bytes_down;
	e->sum.seconds += u->seconds;
	e->sum.sessions += u->sessions;
	return STORE_OK;
}

int
tally_flush(struct tally *t, struct store *s)
{
	for (size_t i = 0; i < PLACES; i++)
		if (send_away(&t->entries[i], s) != STORE_OK)
			return STORE_ERROR;
	return STORE_OK;
}

void
tally_forget(struct tally *t)
{
	for (size_t i = 0; i < PLACES; i++)
		t->entries[i].used = false;
}
