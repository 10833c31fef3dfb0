/*
 * From targets to the client, in a worker.  A header in front of each
 * datagram says who it comes from.
 */
#include "udp.h"

#include <string.h>

/* ---- from whom ---- */

static bool
is_same_source(const struct udp *u)
{
	const struct udp_inbox *in = &u->down.in;

	return u->last_source.name_len != 0 &&
	    in->name_lens[in->next] == u->last_source.name_len &&
	    memcmp(&in->names[in->next], &u->last_source.name,
	    u->last_source.name_len) == 0;
}

static bool
may_pass(struct udp *u, const struct addr *from, unsigned *rule)
{
	struct udp_peer *peer = udp_peers_find(&u->peers, from);

	if (peer != NULL && peer->minute != u->minute) {
		peer->minute = u->minute;
		peer->blocked = !udp_judge_peer(u, from, &peer->rule);
	}
	if (peer != NULL) {
		*rule = peer->rule;
		return !peer->blocked;
	}
	if (!udp_judge_stranger(u, from, rule))
		return false;
	udp_peers_add(&u->peers, from, *rule, u->minute);
	return true;
}

/* Who sent this one?  Most come from where the one before came from. */
static void
find_source(struct udp *u)
{
	const struct udp_inbox *in = &u->down.in;
	const union udp_name *name = &in->names[in->next];
	struct addr from;

	if (is_same_source(u))
		return;
	if (!addr_from_sockaddr(&from, &name->any, in->name_lens[in->next])) {
		u->last_source.may_pass = false;
		return;
	}
	u->last_source.name = *name;
	u->last_source.name_len = in->name_lens[in->next];
	u->last_source.may_pass = may_pass(u, &from, &u->last_source.rule);
	u->last_source.count = udp_count_at(u, &from);
	u->last_source.header_len =
	    socks5_udp_encode(u->last_source.header, &from);
}

/* ---- one datagram ---- */

static void
post(struct udp *u, uint8_t *data, size_t len)
{
	struct udp_outbox *out = &u->to_client;
	struct udp_parcel *p = &out->list[out->n++];

	*p = (struct udp_parcel){ .head_len = u->last_source.header_len,
		.data = data, .len = len, .to = u->client_name,
		.to_len = u->client_name_len, .tag = u->last_source.count };
	_Static_assert(sizeof(p->head) >= sizeof(u->last_source.header),
	    "a header fits");
	memcpy(p->head, u->last_source.header, p->head_len);
}

/* False: it must wait (shaped), or the quota is used up. */
static bool
take_one(struct udp *u)
{
	size_t len;
	uint8_t *data = udp_inbox_look(&u->down.in, &len);

	find_source(u);
	if (!u->last_source.may_pass || u->client_name_len == 0) {
		u->drops[UDP_STRANGER]++;
		return true;
	}
	udp_use_rule(u, u->last_source.rule);
	switch (udp_pay(&u->down, len)) {
	case UDP_LATER:
		return false;
	case UDP_SPENT:
		u->down.spent = true;
		return false;
	case UDP_PAID:
		break;
	}
	post(u, data, len);
	return true;
}

/* ---- batches ---- */

/* False: one must wait, or the quota is used up. */
static bool
take_batch(struct udp *u)
{
	struct udp_inbox *in = &u->down.in;

	while (!udp_inbox_is_empty(in) && u->to_client.n < UDP_PARCELS) {
		if (!take_one(u))
			return false;
		udp_inbox_pass(in);
	}
	return true;
}

static bool
flush(struct udp *u)
{
	struct udp_outbox *out = &u->to_client;

	if (out->n == 0)
		return true;
	if (!udp_outbox_flush(out, u->relay))
		return false;
	udp_settle(u, out, false);
	return true;
}

bool
udp_down_wants(const struct udp *u)
{
	return udp_inbox_is_empty(&u->down.in) && u->to_client.n == 0 &&
	    u->down.resume_ms == 0;
}

/* Both families in turn. */
static void
fill(struct udp *u, const bool readable[2])
{
	for (int i = 0; i < 2; i++) {
		unsigned side = u->turn++ % 2;

		if (readable[side] &&
		    udp_inbox_fill(&u->down.in, u->out[side]) > 0) {
			u->heard_ms = u->now_ms;
			return;
		}
	}
}

bool
udp_down(struct udp *u, const bool readable[2])
{
	struct udp_inbox *in = &u->down.in;
	bool goes;

	if (!flush(u) || u->down.resume_ms > u->now_ms)
		return true;
	u->down.resume_ms = 0;
	if (udp_inbox_is_empty(in))
		fill(u, readable);
	do
		goes = take_batch(u);
	while (flush(u) && goes && !udp_inbox_is_empty(in));
	return !u->down.spent || session_fail(u->session, OUTCOME_QUOTA);
}
