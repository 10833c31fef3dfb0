/*
 * UDP ASSOCIATE, in a worker (RFC 1928, sections 4, 6 and 7): two directions
 * and one poll(2), as long as the control connection lasts.
 *
 * One socket faces the client, at the address to which its control
 * connection came; one per family faces the targets.  Datagrams move in
 * batches, and neither direction waits for the other.  DST of the request is
 * looked at for the client's own port and for nothing else: what clients
 * write there is seldom what the RFC means.
 */
#include "udp.h"

#include <errno.h>
#include <string.h>

#include "authorize.h"
#include "local.h"
#include "park.h"
#include "refuse.h"
#include "reply.h"
#include "sockd/common/clock.h"
#include "sockd/common/drops.h"
#include "sockd/common/fd.h"
#include "sockd/common/slot.h"
#include "wait.h"

enum {
	BUFFER_OCTETS = 4 * 1024 * 1024,	/* the kernel gives less */
	MINUTE_LOOK_MS = 1000,
	DRAIN_TURNS = 16,
};

/* One association after another: its batches are large. */
static struct udp the_udp;

/* ---- opening ---- */

int
udp_open_socket(const struct addr *at, const struct conf_ports *ports,
    struct addr *bound)
{
	const int size = BUFFER_OCTETS;
	int fd = local_open(SOCK_DGRAM, at, ports, bound);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	udp_inbox_welcome_runs(fd);
	return fd;
}

void
udp_set_client(struct udp *u, uint16_t port)
{
	struct sockaddr_storage ss;

	u->client.port = port;
	u->client_name_len = addr_to_sockaddr(&u->client, &ss);
	memcpy(&u->client_name, &ss, sizeof(u->client_name));
}

/* Field by field: its batches are large, and untouched until used. */
static struct udp *
begin(struct session *s)
{
	struct udp *u = &the_udp;

	u->session = s;
	u->block = NULL;
	u->granted = false;
	u->rule = BOARD_NOBODY;
	u->relay = u->out[0] = u->out[1] = -1;
	u->client = s->shown->client;
	u->client.port = 0;
	u->client_name_len = 0;
	u->now_ms = u->moved_ms = u->heard_ms = clock_ms();
	u->touched_ms = u->minute_ms = u->park_again_ms = 0;
	u->minute = 0;
	u->turn = 0;
	memset(u->drops, 0, sizeof(u->drops));
	for (int up = 0; up < 2; up++) {
		struct udp_flow *f = up ? &u->up : &u->down;

		f->meter = (struct meter){ .session = s, .up = up };
		f->paid = 0;
		f->resume_ms = 0;
		f->spent = false;
		f->in.n = f->in.next = f->in.taken = 0;
	}
	udp_outbox_begin(&u->to_targets[0]);
	udp_outbox_begin(&u->to_targets[1]);
	udp_outbox_begin(&u->to_client);
	udp_targets_reset(&u->targets);
	udp_peers_reset(&u->peers);
	u->last_target = NULL;
	u->last_source.name_len = 0;
	u->names.n = u->n_waiting = 0;
	u->names.asked = false;
	for (unsigned i = 0; i < UDP_WAITING_MAX; i++)
		u->order[i] = (uint8_t)i;
	return u;
}

/* ---- the end ---- */

/* What was counted, and still waits for its socket, will not go. */
static void
abandon(struct udp *u, struct udp_outbox *out, bool up)
{
	for (unsigned i = out->next; i < out->n; i++)
		out->list[i].error = ECANCELED;
	if (out->n > 0)
		udp_settle(u, out, up);
}

static void
end(struct udp *u)
{
	struct session *s = u->session;

	udp_name_stop(u);
	if (!s->parked) {
		udp_pay_back(&u->up);
		udp_pay_back(&u->down);
		abandon(u, &u->to_targets[0], true);
		abandon(u, &u->to_targets[1], true);
		abandon(u, &u->to_client, false);
		drops_log(atomic_load(&s->shown->id), u->drops);
	}
	udp_inbox_release(&u->up.in);
	udp_inbox_release(&u->down.in);
	fd_shut(&u->relay);
	fd_shut(&u->out[0]);
	fd_shut(&u->out[1]);
}

/* ---- the loop ---- */

enum { CONTROL, RELAY, OUT_IPV4, OUT_IPV6, NAMES, N_FDS };

static void
choose_events(struct udp *u, struct pollfd fds[N_FDS])
{
	bool lets_go = udp_lets_go(u);
	bool up = udp_up_wants(u) && !(lets_go && u->up.meter.shaped);
	bool down = udp_down_wants(u) && !(lets_go && u->down.meter.shaped);

	fds[CONTROL] = (struct pollfd){ .fd = u->session->client,
		.events = POLLIN };
	fds[RELAY] = (struct pollfd){ .fd = u->relay,
		.events = up ? POLLIN : 0 };
	if (u->to_client.n > 0)
		fds[RELAY].events |= POLLOUT;
	for (int i = 0; i < 2; i++) {
		fds[OUT_IPV4 + i] = (struct pollfd){ .fd = u->out[i],
			.events = down ? POLLIN : 0 };
		if (u->to_targets[i].n > 0)
			fds[OUT_IPV4 + i].events |= POLLOUT;
	}
	fds[NAMES] = (struct pollfd){ .fd = udp_name_fd(u),
		.events = POLLIN };
}

static uint64_t
idle_due_ms(const struct udp *u)
{
	return u->moved_ms + u->session->conf->timeouts.udp_ms;
}

static uint64_t
due_ms(const struct udp *u)
{
	uint64_t due = clock_earlier(idle_due_ms(u), udp_name_due_ms(u));
	uint64_t park_ms = udp_park_due_ms(u);

	if (u->up.resume_ms != 0)
		due = clock_earlier(due, u->up.resume_ms);
	if (u->down.resume_ms != 0)
		due = clock_earlier(due, u->down.resume_ms);
	/* One without a block is parked by a reload alone: is there one? */
	if (park_ms != UINT64_MAX || u->block == NULL)
		due = clock_earlier(due, clock_earlier(park_ms, u->now_ms +
		    park_look_ms(u->session)));
	return due;
}

/* The minute of the week, for rules with hours. */
static void
look_at_the_clock(struct udp *u)
{
	struct session *s = u->session;
	unsigned minute;

	if (!s->conf->policy.has_hours ||
	    u->now_ms < u->minute_ms + MINUTE_LOOK_MS)
		return;
	u->minute_ms = u->now_ms;
	minute = clock_week_minute_now();
	if (minute == u->minute)
		return;
	s->question.minute = u->minute = minute;
	u->last_source.name_len = 0;	/* its verdict may be another */
}

/* Octets on the control connection mean nothing; its end is the end. */
static bool
heed_control(struct udp *u, short said)
{
	uint8_t scratch[4096];
	struct session *s = u->session;
	ssize_t n = 1;

	if (said == 0)
		return true;
	for (int i = 0; i < DRAIN_TURNS && n > 0; i++)
		n = recv(s->client, scratch, sizeof(scratch), 0);
	if (n == 0)
		return session_fail(s, OUTCOME_CLIENT_CLOSED);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return session_fail(s, OUTCOME_RESET);
	return true;
}

/* One wait and what it brought.  False: it is over, or parked. */
static bool
turn(struct udp *u)
{
	struct pollfd fds[N_FDS];
	bool down[2];

	choose_events(u, fds);
	switch (wait_for(u->session, fds, N_FDS, due_ms(u), &u->now_ms)) {
	case WAIT_CUT:
		return false;
	case WAIT_DUE:
		for (int i = 0; i < N_FDS; i++)
			fds[i].revents = 0;
		break;
	case WAIT_READY:
		break;
	}
	look_at_the_clock(u);
	if (!udp_name_turn(u, fds[NAMES].revents != 0))
		return false;
	for (int i = 0; i < 2; i++)
		down[i] = fds[OUT_IPV4 + i].revents & (POLLIN | POLLERR);
	if (!udp_down(u, down) ||
	    !udp_up(u, fds[RELAY].revents & (POLLIN | POLLERR)))
		return false;
	/* Behind them: a last word that came before the end still goes. */
	if (!heed_control(u, fds[CONTROL].revents))
		return false;
	if (u->now_ms >= idle_due_ms(u))
		return session_fail(u->session, OUTCOME_IDLE);
	return !udp_park(u);
}

static void
go_on(struct udp *u)
{
	while (turn(u))
		;
}

/* ---- the request ---- */

/* The relay socket, and what the client is told of it. */
static int
open_relay(struct session *s, struct addr *told)
{
	struct addr at;
	int fd;

	if (local_of(s->client, &at) == -1)
		return -1;
	fd = udp_open_socket(&at, &s->conf->udp.ports, told);
	if (fd != -1)
		local_advertise(told, &s->conf->udp.advertise);
	return fd;
}

/* A port is declared where the client names its own address with it. */
static void
take_declared(struct udp *u)
{
	const struct addr *declared = &u->session->asked.addr;

	if (declared->port != 0 && addr_equal(declared, &u->client))
		udp_set_client(u, declared->port);
}

bool
serve_udp(struct session *s)
{
	struct udp *u;
	struct addr told = { 0 };

	if (!authorize_has_left(s))
		return refuse(s, SOCKS5_NOT_ALLOWED, OUTCOME_QUOTA);
	u = begin(s);
	u->relay = open_relay(s, &told);
	if (u->relay == -1)
		return refuse(s, SOCKS5_FAILURE, OUTCOME_ERROR);
	u->block = slot_udp_block(s->board, s->slot);
	take_declared(u);
	/* Of a client that vanished nothing else would tell. */
	local_keep_alive(s->client);
	buffer_use(s->early, buffer_held(s->early));
	if (reply_send(s, SOCKS5_SUCCEEDED, &told))
		go_on(u);
	end(u);
	return true;
}

void
udp_resume(struct session *s, int *more, size_t n)
{
	struct udp *u = begin(s);

	if (session_recall(s) && udp_recall(u, more, n))
		go_on(u);
	end(u);
}
