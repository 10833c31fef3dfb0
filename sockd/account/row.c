/*
 * From a slot, hostile as it may be, to a row that the ledger can trust in
 * form: every number in its range, every text ended, the times sane.
 */
#include "row.h"

#include <string.h>

#include "sockd/common/clock.h"
#include "sockd/common/principal.h"
#include "sockd/common/slot.h"

/*
 * More octets than a session can have: 9 PB.  It keeps every sum of the
 * ledger far from overflowing.
 */
static const uint64_t counter_max = UINT64_C(1) << 53;
static const uint64_t year_2000_us = UINT64_C(946684800) * 1000000;
static const uint64_t day_us = UINT64_C(86400) * 1000000;

enum { REPLY_MAX = 8 };		/* SOCKS5's REP ends with X'08' */

static const char *
take_counters(struct row *r, const struct session_slot *s)
{
	r->bytes_up = s->bytes_up;
	r->bytes_down = s->bytes_down;
	r->datagrams_up = s->datagrams_up;
	r->datagrams_down = s->datagrams_down;
	if (r->bytes_up > counter_max || r->bytes_down > counter_max ||
	    r->datagrams_up > counter_max || r->datagrams_down > counter_max)
		return "counter";
	return NULL;
}

uint64_t
row_between(uint64_t least, uint64_t value, uint64_t most)
{
	if (value < least)
		return least;
	return value < most ? value : most;
}

/*
 * A clock that was wrong and then set right is no reason to lose a session:
 * its times are brought into what can be.
 */
static void
take_times(struct row *r, const struct session_slot *s, uint64_t now_us)
{
	uint64_t most_us = now_us + day_us;

	r->started_us = row_between(year_2000_us, s->started_us, most_us);
	r->ended_us = r->ended ?
	    row_between(r->started_us, s->ended_us, most_us) : 0;
	r->active_ms = row_between(0, s->active_ms,
	    now_us / 1000 + CLOCK_DIFFER_MS);
}

/* A literal that was sent as a name is the address that it is. */
static void
take_target(struct row *r, const struct session_slot *s)
{
	const char *host = slot_host(s);
	struct addr literal = { 0 };
	bool is_literal = addr_parse(&literal, host);

	r->has_name = host[0] != '\0' && !is_literal;
	r->target = s->target_addr;
	if (is_literal && r->target.family == ADDR_NONE)
		r->target = literal;
}

static const char *
take_result(struct row *r, const struct session_slot *s)
{
	uint32_t outcome = s->outcome;

	r->id = s->id;
	r->repeats = s->repeats;
	r->reply = s->reply;
	if (r->id == 0 || r->id > INT64_MAX)
		return "id";
	if (s->client.family == ADDR_NONE)
		return "client";
	if (r->reply < -1 || r->reply > REPLY_MAX)
		return "reply";
	if (outcome >= N_OUTCOMES || (r->ended && outcome == OUTCOME_NONE))
		return "outcome";
	r->outcome = (enum outcome)outcome;
	return NULL;
}

/*
 * Reply 0 grants nothing yet: a BIND or an association has it before any rule
 * has spoken.  Octets are never left out, whoever wrote them.
 */
static bool
was_granted(const struct row *r, enum slot_state state)
{
	if (r->bytes_up > 0 || r->bytes_down > 0)
		return true;
	return r->reply == 0 && state != SLOT_REQUESTED &&
	    r->copy.rule_name[0] != '\0';
}

enum row_fault
row_read(const struct board *b, uint32_t slot, uint64_t now_us,
    struct row *r, const char **why)
{
	const struct session_slot *s = &r->copy;
	enum slot_state state;
	int rc = slot_read(b, slot, &r->copy, &state);

	*why = "form";
	if (rc == -1)
		return ROW_BAD;
	if (rc == 0 || (state != SLOT_REQUESTED && state != SLOT_LIVE &&
	    state != SLOT_ENDED))
		return ROW_NOTHING;
	r->slot = slot;
	r->ended = state == SLOT_ENDED;
	if ((*why = take_counters(r, s)) != NULL ||
	    (*why = take_result(r, s)) != NULL)
		return ROW_BAD;
	r->granted = was_granted(r, state);
	take_times(r, s, now_us);
	take_target(r, s);
	if (!slot_principal_name(b, s, r->principal))
		principal_of_address(r->principal, &s->client, false);
	return ROW_OK;
}

bool
row_is_metered(const struct session_slot *s)
{
	unsigned char octet;

	memcpy(&octet, &s->metered, 1);
	return octet != 0;
}

const char *
row_auth_name(uint8_t auth)
{
	static const char *const names[] = {
		[AUTH_NONE] = "none",
		[AUTH_PASSWORD] = "password",
		[AUTH_USERID] = "userid",
	};

	return auth <= AUTH_USERID ? names[auth] : NULL;
}

const char *
row_protocol_name(uint8_t protocol)
{
	if (protocol == 0)
		return NULL;
	return protocol == 4 ? "socks4" : "socks5";
}
