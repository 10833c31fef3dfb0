/*
 * The two texts of a session slot in one piece of memory: the user as typed
 * from the front, the target as asked at the back.
 */
#include "slot.h"

#include <string.h>

#include "lib/text.h"
#include "slot_inner.h"

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
	text_copy(s->text, user_room(s), user);
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

void
slot_end_texts(struct session_slot *s)
{
	s->text[BOARD_TEXT_SIZE - 1] = '\0';
	end_user(s, user_room(s));
}
