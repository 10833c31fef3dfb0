/*
 * From the client to its targets, in a worker.  Only what comes from the
 * address of the control connection is looked at, and from the port that was
 * declared or first used.  What is wrong with a datagram ends that datagram
 * and nothing else.
 */
#include "udp.h"

#include <errno.h>
#include <string.h>

#include "local.h"

/* What became of one datagram. */
enum fate {
	DONE,			/* in the outbox, kept or dropped */
	LATER,			/* shaped: try this one again */
	OVER,			/* the session is over */
};

static enum fate
drop(struct udp *u, enum udp_drop why)
{
	u->drops[why]++;
	return DONE;
}

/* ---- from whom ---- */

static bool
is_same_name(const struct udp *u)
{
	const struct udp_inbox *in = &u->up.in;

	return u->client_name_len != 0 &&
	    in->name_lens[in->next] == u->client_name_len &&
	    memcmp(&in->names[in->next], &u->client_name,
	    u->client_name_len) == 0;
}

static bool
is_client(const struct udp *u)
{
	const struct udp_inbox *in = &u->up.in;
	struct addr from;

	if (is_same_name(u))
		return true;
	return addr_from_sockaddr(&from, &in->names[in->next].any,
	    in->name_lens[in->next]) && addr_equal(&from, &u->client) &&
	    (u->client.port == 0 || u->client.port == from.port);
}

/* Its port is known from here on. */
static void
latch(struct udp *u)
{
	const struct udp_inbox *in = &u->up.in;
	struct addr from;

	if (u->client_name_len != 0)
		return;
	addr_from_sockaddr(&from, &in->names[in->next].any,
	    in->name_lens[in->next]);
	udp_set_client(u, from.port);
}

/* ---- to whom ---- */

static int
open_out(struct udp *u, uint8_t family)
{
	static const struct conf_ports any;
	const struct addr at = { .family = family };
	int *fd = &u->out[family == ADDR_IPV6];
	struct addr bound;

	if (*fd == -1)
		*fd = udp_open_socket(&at, &any, &bound);
	return *fd;
}

static enum fate
refused(struct udp *u, const struct udp_target *t)
{
	return drop(u, t->state == TARGET_BLOCKED ? UDP_BLOCKED :
	    UDP_UNRESOLVED);
}

/* Put it into the outbox, as soon as it has paid. */
static enum fate
post(struct udp *u, struct udp_target *t, uint8_t *data, size_t len)
{
	struct udp_outbox *out = &u->to_targets[t->addr.family == ADDR_IPV6];

	if (open_out(u, t->addr.family) == -1)
		return drop(u, UDP_UNSENT);
	udp_use_rule(u, t->rule);
	if (!t->counted)
		udp_count_target(u, t);
	if (!u->granted)
		udp_grant(u, t);
	switch (udp_pay(&u->up, len)) {
	case UDP_LATER:
		return LATER;
	case UDP_SPENT:
		session_fail(u->session, OUTCOME_QUOTA);
		return OVER;
	case UDP_PAID:
		break;
	}
	out->list[out->n++] = (struct udp_parcel){ .data = data, .len = len,
		.to = t->to, .to_len = t->to_len, .source = t->source,
		.tag = t->count };
	return DONE;
}

static bool
is_stale(const struct udp *u, const struct udp_target *t)
{
	if (t->state == TARGET_NEW)
		return true;
	if (t->state == TARGET_UNRESOLVED)
		return u->now_ms >= t->retry_ms;
	return u->minute != t->minute && t->state != TARGET_WAITS;
}

static enum fate
send_to(struct udp *u, struct udp_target *t, uint8_t *data, size_t len)
{
	if (is_stale(u, t) && !udp_judge(u, t))
		return OVER;
	switch (t->state) {
	case TARGET_PASSES:
		return post(u, t, data, len);
	case TARGET_WAITS:
		if (udp_name_keep(u, t, data, len))
			return DONE;
		return drop(u, UDP_UNRESOLVED);
	case TARGET_NEW:
	case TARGET_UNRESOLVED:
	case TARGET_BLOCKED:
		break;
	}
	return refused(u, t);
}

/* ---- one datagram ---- */

/* Most go where the one before went: its header is the same. */
static bool
is_same_header(const struct udp *u, const uint8_t *data, size_t len)
{
	return u->last_target != NULL && len >= u->last_header_len &&
	    memcmp(data, u->last_header, u->last_header_len) == 0;
}

static enum udp_drop
drop_of_fault(ssize_t fault)
{
	return fault == DECODE_BAD_FRAGMENT ? UDP_FRAGMENT : UDP_MALFORMED;
}

/* The header's length, and its target; 0: none is free. < 0: a fault. */
static ssize_t
read_header(struct udp *u, const uint8_t *data, size_t len)
{
	struct target asked;
	ssize_t n;

	if (is_same_header(u, data, len))
		return (ssize_t)u->last_header_len;
	n = socks5_udp_decode(data, len, &asked);
	if (n < 0)
		return n;
	u->last_target = udp_targets_find(&u->targets, &asked);
	if (u->last_target == NULL)
		return 0;
	memcpy(u->last_header, data, (size_t)n);
	u->last_header_len = (size_t)n;
	return n;
}

static enum fate
take_one(struct udp *u)
{
	size_t len;
	uint8_t *data = udp_inbox_look(&u->up.in, &len);
	ssize_t n;

	if (!is_client(u))
		return drop(u, UDP_FOREIGN);
	n = read_header(u, data, len);
	if (n < 0)
		return drop(u, drop_of_fault(n));
	latch(u);
	if (n == 0)
		return drop(u, UDP_UNRESOLVED);
	return send_to(u, u->last_target, data + n, len - (size_t)n);
}

/* ---- batches ---- */

/* Those whose name is known now go before all that came later. */
static enum fate
take_waiting(struct udp *u)
{
	enum fate fate = DONE;

	for (unsigned i = 0; i < u->n_waiting && fate == DONE; i++) {
		struct udp_waiting *w = &u->waiting[u->order[i]];

		if (w->target == NULL || w->target->state == TARGET_WAITS)
			continue;
		fate = send_to(u, w->target, w->octets, w->len);
		if (fate == DONE)
			w->target = NULL;
	}
	return fate;
}

/* The octets of those that went are not needed any more. */
static void
forget_waiting(struct udp *u)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < u->n_waiting; i++) {
		uint8_t at = u->order[i];

		if (u->waiting[at].target == NULL)
			continue;
		u->order[i] = u->order[kept];
		u->order[kept++] = at;
	}
	u->n_waiting = kept;
}

static bool
has_room(const struct udp *u)
{
	return u->to_targets[0].n < UDP_PARCELS &&
	    u->to_targets[1].n < UDP_PARCELS;
}

static enum fate
take_batch(struct udp *u)
{
	struct udp_inbox *in = &u->up.in;
	enum fate fate = take_waiting(u);

	while (fate == DONE && !udp_inbox_is_empty(in) && has_room(u)) {
		fate = take_one(u);
		if (fate == DONE)
			udp_inbox_pass(in);
	}
	return fate;
}

/* True: nothing is left in the outboxes. */
static bool
flush(struct udp *u)
{
	bool empty = true;

	for (int side = 0; side < 2; side++) {
		struct udp_outbox *out = &u->to_targets[side];

		if (out->n == 0)
			continue;
		if (udp_outbox_flush(out, u->out[side]))
			udp_settle(u, out, true);
		else
			empty = false;
	}
	if (empty)
		forget_waiting(u);
	return empty;
}

bool
udp_up_wants(const struct udp *u)
{
	return udp_inbox_is_empty(&u->up.in) && u->to_targets[0].n == 0 &&
	    u->to_targets[1].n == 0 && u->up.resume_ms == 0;
}

bool
udp_up(struct udp *u, bool readable)
{
	enum fate fate;

	if (!flush(u) || u->up.resume_ms > u->now_ms)
		return true;
	u->up.resume_ms = 0;
	if (readable && udp_inbox_is_empty(&u->up.in) &&
	    udp_inbox_fill(&u->up.in, u->relay) > 0)
		u->heard_ms = u->now_ms;
	do
		fate = take_batch(u);
	while (flush(u) && fate == DONE && !udp_inbox_is_empty(&u->up.in));
	return fate != OVER;
}
