/*
 * Who is turned away for how often an address comes, in a worker.  The lines
 * are those that the fail2ban filter in etc/ matches: their form stays as it
 * is.  A client without a place on the board is never turned away.
 */
#include "abuse.h"

#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/place.h"
#include "sockd/common/slot.h"

static const char *const words[N_PLACE_TOLD] = {
	[PLACE_HANDSHAKES] = "handshakes",
	[PLACE_SESSIONS] = "sessions",
};

static bool
is_exempt(const struct session *s)
{
	for (size_t i = 0; i < s->conf->abuse.n_exempt; i++)
		if (cidr_contains(&s->conf->abuse.exempt[i],
		    &s->shown->client))
			return true;
	return false;
}

static bool
is_penalised(const struct session *s, uint64_t now_ms)
{
	return s->conf->abuse.failures != 0 &&
	    place_is_penalised(s->board, s->shown->place, now_ms) &&
	    !is_exempt(s);
}

/* One of this address in that gauge, or a word about it. */
static bool
enter(struct session *s, uint32_t gauge, uint32_t limit, enum place_told what)
{
	char client[ADDR_TEXT_MAX];
	uint32_t n;

	if (s->shown->place == BOARD_NOBODY ||
	    slot_gauge(s->board, s->slot, gauge, limit))
		return true;
	n = place_tell(s->board, s->shown->place, what, clock_ms());
	if (n > 0)
		log_info("abuse %s client=%s limit=%u count=%u", words[what],
		    addr_format_port(&s->shown->client, client), limit, n);
	return false;
}

bool
abuse_may_come(struct session *s)
{
	return !is_penalised(s, s->accepted_ms) && enter(s, GAUGE_HANDSHAKE,
	    s->conf->sessions.handshakes_per_address, PLACE_HANDSHAKES);
}

bool
abuse_may_log_in(const struct session *s)
{
	return !is_penalised(s, clock_ms());
}

bool
abuse_may_serve(struct session *s)
{
	return enter(s, GAUGE_PLACE, s->conf->sessions.max_per_address,
	    PLACE_SESSIONS);
}

void
abuse_count_failure(struct session *s)
{
	const struct place_penalty penalty = {
		.failures = s->conf->abuse.failures,
		.window_ms = s->conf->abuse.window_ms,
		.lasts_ms = s->conf->abuse.penalty_ms,
	};
	char client[ADDR_TEXT_MAX];

	if (penalty.failures == 0 || is_exempt(s) ||
	    !place_failed(s->board, s->shown->place, clock_ms(), &penalty))
		return;
	log_info("abuse penalty client=%s failures=%u seconds=%llu",
	    addr_format_port(&s->shown->client, client), penalty.failures,
	    (unsigned long long)penalty.lasts_ms / 1000);
}
