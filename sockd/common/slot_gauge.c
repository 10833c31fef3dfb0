/*
 * What a session slot adds to: gauges and octets.
 *
 * A contribution to a gauge is a bit in the slot.  Whoever takes the bit away
 * (by atomic exchange) takes the contribution back, so that it is undone once
 * however many try.  A process killed between the count and its bit leaves
 * the gauge one too high until the next start; the other order would make it
 * too low, and let more in than the limit says.
 */
#include "slot.h"

#include "clock.h"
#include "principal.h"
#include "slot_inner.h"

/* ---- gauges ---- */

/* The word that a bit counts in; NULL: the slot has no such thing. */
static _Atomic uint32_t *
gauge_word(struct board *b, const struct session_slot *s, uint32_t gauge)
{
	uint32_t place = s->place, principal = s->principal;

	switch (gauge) {
	case GAUGE_HANDSHAKE:
		return place < b->n.places ?
		    &b->places[place].handshakes : NULL;
	case GAUGE_PLACE:
		return place < b->n.places ?
		    &b->places[place].sessions : NULL;
	case GAUGE_SESSION:
		return &b->header->sessions;
	case GAUGE_PRINCIPAL:
		return principal < b->n.principals ?
		    &b->principals[principal].sessions : NULL;
	case GAUGE_REFUSED:
		return &b->header->refused_waiting;
	}
	return NULL;
}

/* One more, unless max (0: none) would be passed. */
static bool
count_up(_Atomic uint32_t *gauge, uint32_t max)
{
	uint32_t n = atomic_load(gauge);

	do {
		if (max != 0 && n >= max)
			return false;
	} while (!atomic_compare_exchange_weak(gauge, &n, n + 1));
	return true;
}

void
slot_count_down(_Atomic uint32_t *gauge, uint32_t by)
{
	uint32_t n = atomic_load(gauge);

	while (!atomic_compare_exchange_weak(gauge, &n,
	    n > by ? n - by : 0))
		;
}

static bool
enter(struct board *b, const struct session_slot *s, uint32_t gauge,
    uint32_t max, bool *counted)
{
	_Atomic uint32_t *word;

	if (gauge == GAUGE_ADDRESS)
		return principal_enter_address(b, s->principal, &s->client,
		    max, counted);
	word = gauge_word(b, s, gauge);
	*counted = word != NULL && count_up(word, max);
	return word == NULL || *counted;
}

bool
slot_gauge(struct board *b, uint32_t slot, uint32_t gauge, uint32_t max)
{
	struct session_slot *s;
	bool counted = false;

	if (slot >= b->n.sessions)
		return false;
	s = &b->sessions[slot];
	if (atomic_load(&s->gauges) & gauge)
		return true;
	if (!enter(b, s, gauge, max, &counted))
		return false;
	if (counted)
		atomic_fetch_or(&s->gauges, gauge);
	return true;
}

void
slot_ungauge(struct board *b, uint32_t slot, uint32_t gauges)
{
	struct session_slot *s;
	uint32_t set;

	if (slot >= b->n.sessions)
		return;
	s = &b->sessions[slot];
	set = atomic_fetch_and(&s->gauges, ~gauges) & gauges;
	if (set & GAUGE_ADDRESS)
		principal_leave_address(b, s->principal, &s->client);
	for (uint32_t bit = 1; bit <= GAUGE_REFUSED; bit <<= 1) {
		_Atomic uint32_t *word = gauge_word(b, s, bit);

		if (set & bit && word != NULL)
			slot_count_down(word, 1);
	}
}

/* ---- octets ---- */

static void
take_back(_Atomic uint64_t *count, uint64_t by)
{
	uint64_t n = atomic_load_explicit(count, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(count, &n,
	    n > by ? n - by : 0, memory_order_relaxed, memory_order_relaxed))
		;
}

static void
add(_Atomic uint64_t *count, uint64_t by)
{
	if (by != 0)
		atomic_fetch_add_explicit(count, by, memory_order_relaxed);
}

void
slot_count(struct board *b, uint32_t slot, size_t up, size_t down)
{
	struct session_slot *s;

	if (slot >= b->n.sessions)
		return;
	s = &b->sessions[slot];
	add(&s->bytes_up, up);
	add(&s->bytes_down, down);
	if (s->metered && s->principal < b->n.principals)
		add(&b->principals[s->principal].bytes, up + down);
	atomic_store_explicit(&s->active_ms, clock_wall_ms(),
	    memory_order_relaxed);
}

void
slot_uncount(struct board *b, uint32_t slot, size_t up, size_t down)
{
	struct session_slot *s;

	if (slot >= b->n.sessions)
		return;
	s = &b->sessions[slot];
	take_back(&s->bytes_up, up);
	take_back(&s->bytes_down, down);
	if (s->metered && s->principal < b->n.principals)
		take_back(&b->principals[s->principal].bytes, up + down);
}
