/*
 * A session as the ledger takes it: a copy of a slot, checked by slot_read()
 * for form and here for sense.  The board may have been written by a stolen
 * worker: nothing but the copy is believed.
 */
#ifndef ACCOUNT_ROW_H
#define ACCOUNT_ROW_H

#include "sockd/common/board.h"

struct row {
	uint32_t	slot;
	bool		ended;
	bool		granted;		/* a rule let it through */
	uint64_t	id;
	uint64_t	started_us, ended_us;	/* unix time */
	uint64_t	bytes_up, bytes_down;
	uint64_t	datagrams_up, datagrams_down;
	uint64_t	active_ms;		/* wall clock, 0: no octet */
	int		reply;			/* -1: none */
	enum outcome	outcome;
	uint32_t	repeats;
	char		principal[BOARD_USER_SIZE];	/* never "" */
	bool		has_name;		/* the target has a name */
	struct addr	target;			/* as connected, else asked */
	struct session_slot copy;		/* the rest */
};

enum row_fault {
	ROW_OK,
	ROW_NOTHING,		/* nothing that belongs in the ledger yet */
	ROW_BAD,		/* no worker of ours writes this */
};

/* Copy slot and check it.  *why names what is wrong with a bad one. */
enum row_fault row_read(const struct board *b, uint32_t slot,
	    uint64_t now_us, struct row *row, const char **why);

/* Of a slot itself: a bool that another process wrote may hold any octet. */
bool	row_is_metered(const struct session_slot *s);

/* "password", "socks5"; NULL for none. */
const char *row_auth_name(uint8_t auth);
const char *row_protocol_name(uint8_t protocol);

/* The value, or the bound that it passes. */
uint64_t row_between(uint64_t least, uint64_t value, uint64_t most);

#endif
