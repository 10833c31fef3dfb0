/*
 * The keyed hash of the board's tables (SipHash-2-4).  The key is drawn anew
 * for each board, so that no client can choose names or addresses that meet.
 */
#include "board.h"

#include <sodium.h>
#include <string.h>

uint64_t
board_hash(const struct board *b, const void *octets, size_t len)
{
	_Static_assert(sizeof(b->header->salt) == crypto_shorthash_KEYBYTES,
	    "the salt is the key");
	unsigned char key[crypto_shorthash_KEYBYTES];
	uint64_t hash;

	memcpy(key, b->header->salt, sizeof(key));
	crypto_shorthash((unsigned char *)&hash, octets, len, key);
	return hash;
}
