/*
 * Whom a session slot counts for: the principal's index, or, where there was
 * no room for one, what tells its name.
 */
#include "slot.h"

#include <string.h>

#include "lib/text.h"
#include "principal.h"

bool
slot_set_principal(struct board *b, uint32_t slot, const char *name,
    enum principal_kind kind)
{
	struct session_slot *s;
	uint32_t before;

	if (slot >= b->n.sessions)
		return false;
	s = &b->sessions[slot];
	slot_ungauge(b, slot, GAUGE_PRINCIPAL | GAUGE_ADDRESS);
	before = s->principal;
	s->principal = BOARD_NOBODY;
	principal_release(b, before);
	s->principal_kind = (uint8_t)kind;
	s->principal = principal_find(b, name);
	if (s->principal != BOARD_NOBODY || kind != NAMED_BY_USER)
		return true;
	/* The table is full: the slot itself must tell the name. */
	slot_set_user(s, name);
	return strcmp(slot_user(s), name) == 0;
}

bool
slot_principal_name(const struct board *b, const struct session_slot *s,
    char out[BOARD_USER_SIZE])
{
	memset(out, 0, BOARD_USER_SIZE);
	if (s->principal < b->n.principals) {
		memcpy(out, b->principals[s->principal].name,
		    BOARD_USER_SIZE);
		out[BOARD_USER_SIZE - 1] = '\0';
		return out[0] != '\0';
	}
	/* AUTH_PASSWORD: refused after the login, before it had a slot */
	if (s->principal_kind != NAMED_BY_USER && s->auth != AUTH_PASSWORD)
		principal_of_address(out, &s->client,
		    s->principal_kind == NAMED_SHARED);
	else
		text_copy(out, BOARD_USER_SIZE, s->text);
	return out[0] != '\0';
}
