/*
 * Where a principal's sessions come from: how many client addresses at once.
 *
 * An entry is one word, the hash of an address and the sessions from there: a
 * compare-and-swap counts one more, and fails if it is another's by now.
 */
#include "principal.h"

enum { COUNT_BITS = 32, TRIES = 1000 };

static uint64_t
address_key(const struct board *b, const struct addr *client)
{
	struct addr a = addr_client(client);
	uint64_t hash = board_hash(b, a.ip, sizeof(a.ip));

	return (hash >> COUNT_BITS | 1) << COUNT_BITS;
}

static uint32_t
count_of(uint64_t entry)
{
	return (uint32_t)entry;
}

static bool
is_of(uint64_t entry, uint64_t key)
{
	return count_of(entry) != 0 && entry >> COUNT_BITS == key >> COUNT_BITS;
}

uint32_t
principal_addresses(const struct board *b, uint32_t principal)
{
	uint32_t n = 0;

	if (principal >= b->n.principals)
		return 0;
	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++)
		n += count_of(atomic_load(
		    &b->principals[principal].addresses[i])) != 0;
	return n;
}

/* The first entry of this address, or the first empty one below max. */
static _Atomic uint64_t *
entry_for(struct principal_slot *p, uint64_t key, uint32_t max)
{
	_Atomic uint64_t *vacant = NULL;

	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++) {
		uint64_t entry = atomic_load(&p->addresses[i]);

		if (is_of(entry, key))
			return &p->addresses[i];
		if (vacant == NULL && i < max && count_of(entry) == 0)
			vacant = &p->addresses[i];
	}
	return vacant;
}

/*
 * Add one to the entry of this address, or take one for it.  All take the
 * lowest that is empty: of two processes with one address the second finds
 * the swap lost, and then the first one's entry.
 */
static bool
enter(struct board *b, uint32_t principal, uint64_t key, uint32_t max)
{
	struct principal_slot *p = &b->principals[principal];

	for (int i = 0; i < TRIES; i++) {
		_Atomic uint64_t *word = entry_for(p, key, max);
		uint64_t entry;

		if (word == NULL)
			return false;
		entry = atomic_load(word);
		if (is_of(entry, key)) {
			if (atomic_compare_exchange_weak(word, &entry,
			    entry + 1))
				return true;
		} else if (count_of(entry) == 0) {
			/* entries beyond max are from before a reload */
			if (principal_addresses(b, principal) >= max)
				return false;
			if (atomic_compare_exchange_weak(word, &entry,
			    key + 1))
				return true;
		}
	}
	return false;
}

bool
principal_enter_address(struct board *b, uint32_t principal,
    const struct addr *client, uint32_t max, bool *counted)
{
	uint32_t most = max == 0 || max > BOARD_ADDRESSES_MAX ?
	    BOARD_ADDRESSES_MAX : max;

	*counted = false;
	if (principal >= b->n.principals)
		return true;
	*counted = enter(b, principal, address_key(b, client), most);
	return *counted || max == 0;
}

void
principal_leave_address(struct board *b, uint32_t principal,
    const struct addr *client)
{
	uint64_t key;

	if (principal >= b->n.principals)
		return;
	key = address_key(b, client);
	for (size_t i = 0; i < BOARD_ADDRESSES_MAX; i++) {
		_Atomic uint64_t *word =
		    &b->principals[principal].addresses[i];
		uint64_t entry = atomic_load(word);

		while (is_of(entry, key))
			if (atomic_compare_exchange_weak(word, &entry,
			    entry - 1))
				return;
	}
}
