/*
 * One UDP association (RFC 1928, section 7): what its parts share.
 *
 *	client -> relay socket -> udp_up.c   -> outgoing sockets -> targets
 *	client <- relay socket <- udp_down.c <- outgoing sockets <- targets
 */
#ifndef WORKER_UDP_H
#define WORKER_UDP_H

#include "lib/socks5_udp.h"
#include "meter.h"
#include "session.h"
#include "udp_inbox.h"
#include "udp_outbox.h"
#include "udp_peer.h"
#include "udp_target.h"

/* One direction. */
struct udp_flow {
	struct meter		meter;
	size_t			paid;		/* counted for what is next */
	uint64_t		resume_ms;	/* shaped until then; 0 */
	bool			spent;		/* the quota is used up */
	struct udp_inbox	in;
};

/* In the block's park_data: how many contacted. */
enum { UDP_WORD_SENT };

/* Datagrams for a name that is being resolved. */
enum { UDP_WAITING_MAX = 16 };

struct udp_waiting {
	struct udp_target	*target;	/* NULL: passed on, or free */
	size_t			len;
	uint8_t			octets[UDP_ROOM];
};

struct udp {
	struct session		*session;
	struct udp_block	*block;		/* NULL: the pool is empty */
	bool			granted;	/* LIVE: something has passed */
	unsigned		rule;		/* that shapes now */
	int			relay;		/* socket towards the client */
	int			out[2];		/* IPv4, IPv6; -1: not needed
						 * yet */
	struct addr		client;		/* port 0: not known yet */
	union udp_name		client_name;	/* with the port, as received */
	socklen_t		client_name_len;
	unsigned		minute;		/* of the week, with hours */
	uint64_t		now_ms, minute_ms;
	uint64_t		moved_ms;	/* something passed */
	uint64_t		heard_ms;	/* something came */
	uint64_t		touched_ms;	/* for session_touch() */
	uint64_t		park_again_ms;	/* keepers were full */
	uint32_t		drops[N_UDP_DROPS];

	struct udp_flow		up, down;
	struct udp_outbox	to_targets[2];	/* by family, as out */
	struct udp_outbox	to_client;
	unsigned		turn;		/* which of out is read first */

	struct udp_targets	targets;
	struct udp_peers	peers;
	struct udp_target	*last_target;	/* and its header, to compare */
	size_t			last_header_len;
	uint8_t			last_header[SOCKS5_UDP_HEADER_MAX];
	struct {				/* the same of a source */
		union udp_name		name;
		socklen_t		name_len;	/* 0: none */
		bool			may_pass;
		unsigned		rule;
		struct udp_count	*count;
		uint8_t			header[SOCKS5_UDP_HEADER_ADDR_MAX];
		size_t			header_len;
	} last_source;

	struct {
		struct udp_target	*queue[UDP_WAITING_MAX];
		unsigned		n;
		bool			asked;	/* the first of them */
		bool			glanced;	/* see asker_take() */
		uint64_t		asked_ms;
	} names;
	unsigned		n_waiting;	/* in use: the first of order */
	uint8_t			order[UDP_WAITING_MAX];	/* as they came */
	struct udp_waiting	waiting[UDP_WAITING_MAX];
};

/* ---- udp.c ---- */

/* The client's port is this: datagrams go there. */
void	udp_set_client(struct udp *u, uint16_t port);

/* A datagram socket with as much room as it can have.  As local_open(). */
int	udp_open_socket(const struct addr *at, const struct conf_ports *ports,
	    struct addr *bound);

/* ---- udp_up.c, udp_down.c ---- */

/*
 * Move what is there, a batch of messages at most, so that the other
 * direction has its turn.  readable: the relay socket (out, by family) has
 * something.  False: the session is over, its outcome is set.
 */
bool	udp_up(struct udp *u, bool readable);
bool	udp_down(struct udp *u, const bool readable[2]);

/* Would it take more from its sockets? */
bool	udp_up_wants(const struct udp *u);
bool	udp_down_wants(const struct udp *u);

/* ---- udp_judge.c: rules and the ledger ---- */

/*
 * May this target be sent to?  Its state becomes TARGET_PASSES (addr, rule,
 * count, source are set), TARGET_BLOCKED, or TARGET_WAITS: it is a name that
 * must be resolved first.  False: the session is over (quota).
 */
bool	udp_judge(struct udp *u, struct udp_target *t);

/* The same with the addresses of its name. */
bool	udp_judge_addrs(struct udp *u, struct udp_target *t,
	    const struct addr *addrs, size_t n);

/* May datagrams from this address, never sent to, pass?  (udp.filter) */
bool	udp_judge_stranger(struct udp *u, const struct addr *from,
	    unsigned *rule);

/*
 * With hours, as the minute changes: may an address still answer that was
 * sent to before, or let in?
 */
bool	udp_judge_peer(struct udp *u, const struct addr *from,
	    unsigned *rule);

/* This datagram goes under that rule: its rates, metered or not. */
void	udp_use_rule(struct udp *u, unsigned rule);

/* The first one goes: show target, rule and our address, LIVE. */
void	udp_grant(struct udp *u, const struct udp_target *t);

/*
 * Find or begin the ledger's count for this target, before the first one
 * goes to it; its socket is open.  None: the ledger has all it can hold.
 */
void	udp_count_target(struct udp *u, struct udp_target *t);

/* The count of what comes from there, or NULL. */
struct udp_count *udp_count_at(struct udp *u, const struct addr *from);

/* ---- udp_pay.c: counting ---- */

enum udp_pay { UDP_PAID, UDP_LATER, UDP_SPENT };

/* May a datagram of so many octets go now?  They are counted as they pay. */
enum udp_pay udp_pay(struct udp_flow *f, size_t len);

/* The part that was paid for one that will not go was not passed on. */
void	udp_pay_back(struct udp_flow *f);

/* All of the outbox went or failed: count it. */
void	udp_settle(struct udp *u, struct udp_outbox *out, bool up);

/* ---- udp_name.c ---- */

/*
 * Keep this datagram until the name of its target is resolved.  False: too
 * many wait.
 */
bool	udp_name_keep(struct udp *u, struct udp_target *t,
	    const uint8_t *data, size_t len);

/* The descriptor to poll, -1: none is asked; and when to look at the latest. */
int	udp_name_fd(const struct udp *u);
uint64_t udp_name_due_ms(const struct udp *u);

/*
 * Ask, and take answers; readable: the descriptor has something.  False: the
 * session is over.
 */
bool	udp_name_turn(struct udp *u, bool readable);

/* Nobody awaits an answer any more. */
void	udp_name_stop(struct udp *u);

/* ---- udp_park.c ---- */

/*
 * Is it to go to another worker, as soon as nothing is in hand?  Then a
 * direction that is shaped takes nothing more in: it would never come to an
 * end.
 */
bool	udp_lets_go(const struct udp *u);

/* Hand the association to a keeper, if it is time.  True: it went. */
bool	udp_park(struct udp *u);
uint64_t udp_park_due_ms(const struct udp *u);

/* Find it again; takes the descriptors.  False: nonsense. */
bool	udp_recall(struct udp *u, int *more, size_t n);

#endif
