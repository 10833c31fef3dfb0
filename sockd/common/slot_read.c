/*
 * How one reads a slot that another process wrote: copy once, then check.  A
 * stolen worker can write to any slot.
 */
#include "slot.h"

#include <string.h>

#include "slot_inner.h"

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
	slot_end_texts(s);
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
