/*
 * From targets to the client, in a worker.  The header, which says who it
 * comes from, is written in front of the datagram where it lies.
 */
#include "udp.h"

#include <string.h>

/* ---- from whom ---- */

static bool
is_same_source(const struct udp *u, unsigned i)
{
	const struct udp_inbox *in = &u->down.in;

	return u->last_source.name_len != 0 &&
	    in->name_lens[i] == u->last_source.name_len &&
	    memcmp(&in->names[i], &u->last_source.name,
	    in->name_lens[i]) == 0;
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
find_source(struct udp *u, unsigned i)
{
	const struct udp_inbox *in = &u->down.in;
	struct addr from;

	if (is_same_source(u, i))
		return;
	if (!addr_from_sockaddr(&from, &in->names[i].any, in->name_lens[i])) {
		u->last_source.may_pass = false;
		return;
	}
	u->last_source.name = in->names[i];
	u->last_source.name_len = in->name_lens[i];
	u->last_source.may_pass = may_pass(u, &from, &u->last_source.rule);
	u->last_source.count = udp_count_at(u, &from);
	u->last_source.header_len =
	    socks5_udp_encode(u->last_source.header, &from);
}

/* ---- one datagram ---- */

static void
post(struct udp *u, unsigned i)
{
	const size_t header_len = u->last_source.header_len;
	uint8_t *data = udp_inbox_data(&u->down.in, i) - header_len;
	size_t len = u->down.in.lens[i];
	struct udp_outbox *out = &u->to_client;

	memcpy(data, u->last_source.header, header_len);
	out->list[out->n++] = (struct udp_parcel){ .data = data,
		.len = header_len + len, .to = u->client_name,
		.to_len = u->client_name_len, .tag = u->last_source.count,
		.payload = len };
}

/* False: it must wait (shaped), or the quota is used up. */
static bool
take_one(struct udp *u, unsigned i)
{
	find_source(u, i);
	if (!u->last_source.may_pass || u->client_name_len == 0) {
		u->drops[UDP_STRANGER]++;
		return true;
	}
	udp_use_rule(u, u->last_source.rule);
	switch (udp_pay(&u->down, u->down.in.lens[i])) {
	case UDP_LATER:
		return false;
	case UDP_SPENT:
		u->down.spent = true;
		return false;
	case UDP_PAID:
		break;
	}
	post(u, i);
	return true;
}

/* ---- batches ---- */

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

	if (!flush(u) || u->down.resume_ms > u->now_ms)
		return true;
	u->down.resume_ms = 0;
	if (udp_inbox_is_empty(in))
		fill(u, readable);
	while (in->next < in->n && take_one(u, in->next))
		in->next++;
	flush(u);
	return !u->down.spent || session_fail(u->session, OUTCOME_QUOTA);
}
