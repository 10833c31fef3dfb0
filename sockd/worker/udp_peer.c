/*
 * The table of peers: small sets, the one that was used least lately goes.
 */
#include "udp_peer.h"

#include "lib/hash.h"

static struct udp_peer *
set_of(struct udp_peers *p, const struct addr *addr)
{
	uint32_t hash = hash_octets(HASH_BEGIN, addr->ip, addr_size(addr));

	return p->list[(hash ^ hash >> 16) % PEER_SETS];
}

void
udp_peers_reset(struct udp_peers *p)
{
	p->life++;
	p->clock = 0;
}

struct udp_peer *
udp_peers_find(struct udp_peers *p, const struct addr *addr)
{
	struct udp_peer *set = set_of(p, addr);

	for (int i = 0; i < PEER_WAYS; i++) {
		if (set[i].life != p->life || !addr_equal(&set[i].addr, addr))
			continue;
		set[i].used = ++p->clock;
		return &set[i];
	}
	return NULL;
}

bool
udp_peers_add(struct udp_peers *p, const struct addr *addr, unsigned rule,
    unsigned minute)
{
	struct udp_peer *set = set_of(p, addr), *oldest = &set[0];
	struct udp_peer *known = udp_peers_find(p, addr);

	if (known != NULL) {
		known->rule = rule;
		known->minute = minute;
		known->blocked = false;
		return false;
	}
	for (int i = 0; i < PEER_WAYS; i++) {
		if (set[i].life != p->life) {
			oldest = &set[i];
			break;
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	*oldest = (struct udp_peer){ .life = p->life, .used = ++p->clock,
		.addr = *addr, .rule = rule, .minute = minute };
	return true;
}
