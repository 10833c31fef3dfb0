/*
 * Counting datagrams, in a worker: rates and quotas before one goes, the
 * ledger when it has gone.
 *
 * A rate may grant less than a datagram, so each pays in parts and goes when
 * it has paid.  A quota that ends within a datagram lets that one go: the
 * bound over it is one datagram.
 */
#include "udp.h"

/* The rest of the last one, beyond the quota. */
static void
pay_over(struct udp_flow *f, size_t len)
{
	f->meter.shaped = false;
	meter_moved(&f->meter, len - f->paid);
}

enum udp_pay
udp_pay(struct udp_flow *f, size_t len)
{
	while (f->paid < len) {
		switch (meter_ask(&f->meter, len - f->paid, &f->resume_ms)) {
		case METER_WAIT:
			return UDP_LATER;
		case METER_SPENT:
			if (f->paid == 0)
				return UDP_SPENT;
			pay_over(f, len);
			f->paid = len;
			break;
		case METER_GO:
			f->paid += f->meter.leave;
			meter_moved(&f->meter, f->meter.leave);
			break;
		}
	}
	f->paid -= len;
	f->resume_ms = 0;
	return UDP_PAID;
}

void
udp_pay_back(struct udp_flow *f)
{
	meter_lost(&f->meter, f->paid);
	f->paid = 0;
}

/* Only we write these: no need of an atomic addition. */
static void
add(_Atomic uint64_t *count, uint64_t n)
{
	atomic_store_explicit(count, atomic_load_explicit(count,
	    memory_order_relaxed) + n, memory_order_relaxed);
}

/* Something passed: for the idle deadline, and for active time. */
static void
touch(struct udp *u)
{
	u->moved_ms = u->now_ms;
	session_touch(u->session, &u->touched_ms, u->now_ms);
}

void
udp_settle(struct udp *u, struct udp_outbox *out, bool up)
{
	struct session_slot *shown = u->session->shown;
	struct udp_flow *f = up ? &u->up : &u->down;
	uint64_t gone = 0;

	for (unsigned i = 0; i < out->n; i++) {
		const struct udp_parcel *p = &out->list[i];
		struct udp_count *c = p->tag;

		if (p->error != 0) {
			u->drops[UDP_UNSENT]++;
			meter_lost(&f->meter, p->len);
			continue;
		}
		gone++;
		if (c != NULL) {
			add(&c->datagrams, 1);
			add(&c->bytes, p->len);
		}
	}
	if (gone > 0) {
		add(up ? &shown->datagrams_up : &shown->datagrams_down, gone);
		touch(u);
	}
	udp_outbox_clear(out);
}
