/*
 * Taking a tunnel, in a keeper or a worker.  Whoever loses the swap of the
 * owner word closes the descriptors.
 */
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>

#include "fd.h"
#include "lib/message.h"
#include "log.h"
#include "slot.h"

/* A deadline and a cut are heeded in poll(2): nobody may wait elsewhere. */
static bool
none_blocks(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int flags = fcntl(fds[i], F_GETFL);

		if (flags == -1 || !(flags & O_NONBLOCK))
			return false;
	}
	return true;
}

static bool
is_sane(const struct tunnel_message *m, const struct board *b,
    enum tunnel_from from, const struct tunnel *t)
{
	return m->slot < b->n.sessions && m->n_fds > 0 &&
	    (t->n_fds == m->n_fds || t->n_fds == 0) &&
	    (from == FROM_KEEPER || none_blocks(t->fds, t->n_fds));
}

enum tunnel_fate
tunnel_take(struct board *b, int channel, enum tunnel_from from,
    uint64_t owner, struct tunnel *t)
{
	uint8_t buf[MESSAGE_MAX];
	struct tunnel_message m;
	ssize_t len;

	t->n_fds = CHANNEL_FDS_MAX;
	len = channel_receive(channel, buf, sizeof(buf), t->fds, &t->n_fds);
	if (t->n_fds == 0 && (len == 0 || (len == -1 && errno != EBADMSG)))
		return TUNNEL_NONE;
	if (len == -1 || !tunnel_message_decode(buf, (size_t)len, &m) ||
	    !is_sane(&m, b, from, t)) {
		fds_close(t->fds, t->n_fds);
		log_warning("tunnel not taken why=\"bad message\"");
		return TUNNEL_LOST;
	}
	t->slot = m.slot;
	t->owner = owner;
	if (!slot_pass(b, t->slot, m.owner, owner)) {
		fds_close(t->fds, t->n_fds);
		return TUNNEL_LOST;	/* the master has ended it */
	}
	if (t->n_fds > 0)
		return TUNNEL_TAKEN;
	slot_end(b, t->slot, OUTCOME_ERROR);
	log_warning("tunnel lost why=\"no descriptor was free\"");
	return TUNNEL_LOST;
}
