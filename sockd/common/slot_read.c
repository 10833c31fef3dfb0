/*
 * The texts of a session slot, and how one reads a slot that another process
 * wrote: copy once, then check.  A stolen worker can write to any slot.
 */
#include "slot.h"

#include <string.h>

#include "principal.h"

/* ---- the two texts ---- */

/* Octets of the user's text that stand before end, cut there if need be. */
static void
end_user(struct session_slot *s, size_t end)
{
	if (memchr(s->text, '\0', end) == NULL)
		s->text[end - 1] = '\0';
}

/* Where the user's text must have ended: at the host, or at the very end. */
static size_t
user_room(const struct session_slot *s)
{
	size_t at = s->host_at;

	return at == 0 || at >= BOARD_TEXT_SIZE ? BOARD_TEXT_SIZE : at;
}

void
slot_set_user(struct session_slot *s, const char *user)
{
	size_t room = user_room(s), len = strnlen(user, room - 1);

	memcpy(s->text, user, len);
	s->text[len] = '\0';
}

void
slot_set_host(struct session_slot *s, const char *host)
{
	size_t len = strnlen(host, NAME_SIZE - 1);
	size_t at = BOARD_TEXT_SIZE - 1 - len;

	end_user(s, at);
	memcpy(s->text + at, host, len);
	s->text[BOARD_TEXT_SIZE - 1] = '\0';
	s->host_at = (uint16_t)at;
}

const char *
slot_user(const struct session_slot *s)
{
	return s->text;
}

const char *
slot_host(const struct session_slot *s)
{
	size_t at = s->host_at;

	return at == 0 || at >= BOARD_TEXT_SIZE ? "" : s->text + at;
}

/* ---- the principal ---- */

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
		memcpy(out, s->text, strnlen(s->text, BOARD_USER_SIZE - 1));
	return out[0] != '\0';
}

/* ---- the copy ---- */

static bool
is_address(const struct addr *a)
{
	return a->family == ADDR_NONE || a->family == ADDR_IPV4 ||
	    a->family == ADDR_IPV6;
}

/* Is everything in range that becomes an enum, a length or an offset? */
static bool
is_sound(const struct session_slot *s)
{
	int32_t reply = atomic_load(&s->reply);

	return atomic_load(&s->id) != 0 && atomic_load(&s->id) <= INT64_MAX &&
	    atomic_load(&s->outcome) < N_OUTCOMES &&
	    reply >= -1 && reply <= 255 &&
	    (s->protocol == 0 || s->protocol == 4 || s->protocol == 5) &&
	    s->auth <= AUTH_USERID && s->command <= COMMAND_UDP &&
	    s->principal_kind <= NAMED_BY_USER &&
	    atomic_load(&s->parked_kind) <= PARKED_FAILURE &&
	    s->metered <= 1 && s->logged <= 1 && s->has_octets <= 1 &&
	    s->n_gids <= BOARD_GIDS_MAX &&
	    (s->host_at == 0 || s->host_at < BOARD_TEXT_SIZE) &&
	    is_address(&s->client) && is_address(&s->target_addr) &&
	    is_address(&s->source);
}

/* What can be put right without loss. */
static void
tidy(const struct board *b, struct session_slot *s)
{
	size_t end = user_room(s);

	s->text[BOARD_TEXT_SIZE - 1] = '\0';
	end_user(s, end);
	s->listen_name[BOARD_NAME_SIZE - 1] = '\0';
	s->rule_name[BOARD_NAME_SIZE - 1] = '\0';
	if (s->principal >= b->n.principals)
		s->principal = BOARD_NOBODY;
	if (s->place >= b->n.places)
		s->place = BOARD_NOBODY;
	if (atomic_load(&s->udp_block) >= b->n.udp)
		atomic_store(&s->udp_block, BOARD_NOBODY);
}

/*
 * Plain memcpy may read a word in halves; what moves while it copies is read
 * again, each as the atomic that it is.
 */
static void
copy_moving(struct session_slot *to, const struct session_slot *from)
{
	atomic_store(&to->bytes_up, atomic_load(&from->bytes_up));
	atomic_store(&to->bytes_down, atomic_load(&from->bytes_down));
	atomic_store(&to->datagrams_up, atomic_load(&from->datagrams_up));
	atomic_store(&to->datagrams_down, atomic_load(&from->datagrams_down));
	atomic_store(&to->active_ms, atomic_load(&from->active_ms));
	atomic_store(&to->outcome, atomic_load(&from->outcome));
	atomic_store(&to->reply, atomic_load(&from->reply));
	atomic_store(&to->repeats, atomic_load(&from->repeats));
	atomic_store(&to->ended_us, atomic_load(&from->ended_us));
}

int
slot_read(const struct board *b, uint32_t slot, struct session_slot *copy,
    enum slot_state *state)
{
	uint32_t before;
	uint64_t id;

	if (slot >= b->n.sessions)
		return 0;
	before = atomic_load(&b->states[slot]);
	if (before == SLOT_FREE)
		return 0;
	if (before >= N_SLOT_STATES)
		return -1;
	id = atomic_load(&b->sessions[slot].id);
	memcpy(copy, &b->sessions[slot], sizeof(*copy));
	copy_moving(copy, &b->sessions[slot]);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load(&b->sessions[slot].id) != id ||
	    atomic_load(&b->states[slot]) == SLOT_FREE)
		return 0;
	atomic_store(&copy->id, id);
	if (!is_sound(copy))
		return -1;
	tidy(b, copy);
	*state = (enum slot_state)before;
	return 1;
}
