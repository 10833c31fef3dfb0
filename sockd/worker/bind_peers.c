/*
 * Whom a BIND waits for, in a worker: DST.ADDR, or any address of the name,
 * or anybody (0.0.0.0, ::).  The rules are asked here with DST, without a
 * port; the peer that comes is asked about once more.
 */
#include "bind_peers.h"

#include <string.h>

#include "local.h"
#include "refuse.h"
#include "resolve.h"
#include "sockd/common/slot.h"

/* What a block of the board holds of a peer, beside their number. */
enum { PEER_WORDS = 4, SAVED_MAX = 7 };

static bool
can_pass(struct session *s, const struct addr *to)
{
	struct rule_question q = s->question;
	struct rule_verdict verdict;

	if (target_is_never_allowed(to))
		return false;
	question_for_address(&q, to);
	verdict = policy_decide(&s->conf->policy, &q);
	if (!verdict.can_pass)
		s->blocked_by = verdict.rule;
	return verdict.can_pass;
}

/* A SOCKS4 reply has no room for another family. */
static bool
can_be_told(const struct session *s, uint8_t family)
{
	return s->shown->protocol != 4 || family == ADDR_IPV4;
}

static bool
is_anybody(const struct session *s)
{
	return s->asked.name[0] == '\0' && addr_is_unspecified(&s->asked.addr);
}

/* Those of the first family, as long as the rules let them. */
static void
sift(struct bind_peers *p, struct session *s,
    const struct addr *addrs, size_t n)
{
	for (size_t i = 0; i < n && p->n < SAVED_MAX; i++) {
		if (!can_be_told(s, addrs[i].family) ||
		    (p->n > 0 && addrs[i].family != p->family) ||
		    !can_pass(s, &addrs[i]))
			continue;
		p->family = addrs[i].family;
		p->addrs[p->n++] = addrs[i];
	}
}

bool
bind_peers_choose(struct bind_peers *p, struct session *s)
{
	struct addr addrs[MESSAGE_ADDRS_MAX];
	size_t n;

	*p = (struct bind_peers){ 0 };
	if (is_anybody(s)) {
		p->family = s->asked.addr.family;
		return true;
	}
	if (!resolve(s, &s->asked, addrs, &n))
		return false;
	if (n == 0)
		return refuse(s, SOCKS5_HOST_UNREACHABLE, OUTCOME_UNRESOLVED);
	sift(p, s, addrs, n);
	if (p->n == 0)
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_BLOCKED);
	return true;
}

bool
bind_peers_have(const struct bind_peers *p, const struct addr *peer)
{
	for (size_t i = 0; i < p->n; i++)
		if (addr_equal(&p->addrs[i], peer))
			return true;
	return p->n == 0;
}

/* An address that was asked for stands on the board as it is. */
bool
bind_peers_save(const struct bind_peers *p, struct session *s)
{
	struct addr literal;
	struct udp_block *block;
	uint32_t words[PEER_WORDS];

	if (addr_parse(&literal, slot_host(s->shown)))
		return true;
	block = slot_udp_block(s->board, s->slot);
	if (block == NULL)
		return false;
	atomic_store(&block->park_data[0], (uint32_t)p->n);
	for (size_t i = 0; i < p->n; i++) {
		memcpy(words, p->addrs[i].ip, sizeof(words));
		for (size_t k = 0; k < PEER_WORDS; k++)
			atomic_store(&block->park_data[1 + PEER_WORDS * i + k],
			    words[k]);
	}
	return true;
}

static bool
recall_block(struct bind_peers *p, struct session *s)
{
	struct udp_block *block = slot_udp_block(s->board, s->slot);
	uint32_t n = block == NULL ? 0 : atomic_load(&block->park_data[0]);
	uint32_t words[PEER_WORDS];

	if (n == 0 || n > SAVED_MAX)
		return false;
	for (p->n = 0; p->n < n; p->n++) {
		for (size_t k = 0; k < PEER_WORDS; k++)
			words[k] = atomic_load(&block->park_data[1 +
			    PEER_WORDS * p->n + k]);
		p->addrs[p->n].family = p->family;
		memcpy(p->addrs[p->n].ip, words, sizeof(words));
	}
	return true;
}

bool
bind_peers_recall(struct bind_peers *p, struct session *s, int listener)
{
	struct addr local, asked;

	*p = (struct bind_peers){ 0 };
	if (local_of(listener, &local) == -1)
		return false;
	p->family = local.family;
	if (!addr_parse(&asked, slot_host(s->shown)))
		return recall_block(p, s);
	if (!addr_is_unspecified(&asked)) {
		p->addrs[0] = asked;
		p->n = 1;
	}
	return true;
}
