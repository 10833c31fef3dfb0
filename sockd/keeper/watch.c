/*
 * What a keeper waits for, by what is parked.
 */
#include "watch.h"

#include "lib/elements.h"
#include "sockd/common/waitset.h"

static short
tunnel_events(const struct session_slot *s, uint32_t side)
{
	if (atomic_load(&s->half_closed) & side)
		return 0;
	if (atomic_load(&s->mark_ahead) & side)
		return POLLIN | POLLRDHUP;
	return POLLIN | POLLRDHUP | POLLPRI;
}

/* A waiting BIND leaves what its client sends, or has sent, for the peer. */
static short
bind_events(unsigned fd)
{
	static const short events[] = { POLLRDHUP, POLLIN };

	return fd < N_ELEMENTS(events) ? events[fd] : 0;
}

/*
 * A client whose login failed is only seen to be gone.  So is the end of a
 * tunnel whose FIN was passed on: it stays readable for ever.  An association
 * does not care about urgent octets on its control connection.
 */
short
watch_events(const struct session_slot *s, unsigned fd)
{
	switch (atomic_load(&s->parked_kind)) {
	case PARKED_BIND:
		return bind_events(fd);
	case PARKED_FAILURE:
		return 0;
	case PARKED_TUNNEL:
		return tunnel_events(s, 1U << fd);
	default:
		return POLLIN | POLLRDHUP;
	}
}
