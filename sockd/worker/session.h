/*
 * One client, from accept to its row in the ledger, in straight-line code.
 *
 *	accept -> negotiate -> authenticate -> request -> authorize -> serve
 *	       -> account
 *
 * Each stage is one function.  True: go on with the next; false: the session
 * is over (or parked), and s->outcome says why.  A session only moves down.
 */
#ifndef WORKER_SESSION_H
#define WORKER_SESSION_H

#include "buffer.h"
#include "pipe.h"
#include "sockd/common/asker.h"
#include "sockd/common/process.h"
#include "sockd/common/question.h"

/* What a worker has for all its clients, one after another. */
struct worker {
	const struct process	*process;
	const struct conf	*conf;
	struct board		*board;
	struct asker		auth, resolver;
	struct pipe		pipes[2];	/* up, down */
	struct buffer		buffers[2];	/* up, down */
	struct question_room	room;
	uint32_t		serial;		/* of its owner words */
};

struct session {
	struct worker		*worker;
	const struct conf	*conf;
	struct board		*board;
	const struct conf_listen *listen;
	uint32_t		slot;		/* BOARD_NOBODY once ended */
	struct session_slot	*shown;		/* what the board shows of us */
	uint64_t		owner;
	int			client, target;	/* -1: none */
	uint64_t		accepted_ms;	/* CLOCK_MONOTONIC */
	uint64_t		excused_ms;	/* waits that are not its own */
	struct buffer		*early;		/* client octets, unused yet */
	bool			answered;	/* nothing can be there yet */
	bool			refused;	/* a reply must not be lost */
	bool			allowed;	/* authorize said yes */
	bool			parked;		/* a keeper has it: hands off */
	uint8_t			method;		/* SOCKS5_METHOD_, chosen */
	struct target		asked;
	struct rule_question	question;	/* what is known, for rules */
	char			name[BOARD_USER_SIZE];	/* canonical, or "" */
	int			blocked_by;	/* the rule that said no last;
						 * -1: none did */
	struct question_asked	recalled;	/* what question points to,
						 * after a resumption */
	enum outcome		outcome;
};

enum { SIDE_UP, SIDE_DOWN };	/* index of pipes and buffers */

/* Serve a client just accepted on this listener, whole.  Takes the socket. */
void	session_serve(struct worker *w, const struct listener *on, int *client,
	    const struct addr *from);

/*
 * A keeper gave a session back: its slot is ours (the caller has swapped the
 * owner word).  Go on with it where it was parked, whole.  Takes all n
 * descriptors; the first is the client's socket.
 */
void	session_resume(struct worker *w, uint32_t slot, uint64_t owner,
	    int *fds, size_t n);

/* The stages. */
bool	negotiate(struct session *s);
bool	authenticate(struct session *s);
bool	request(struct session *s);
bool	authorize(struct session *s);
bool	serve(struct session *s);
void	account(struct session *s);

/* The commands, by RFC 1928's CMD. */
bool	serve_connect(struct session *s);
bool	serve_bind(struct session *s);
bool	serve_udp(struct session *s);

/*
 * Going on with what was parked: a login that failed, a BIND that waits, an
 * association.  more are the n descriptors beside the client's; they take
 * them.
 */
void	authenticate_resume(struct session *s, int *more, size_t n);
void	bind_resume(struct session *s, int *more, size_t n);
void	udp_resume(struct session *s, int *more, size_t n);

/*
 * After a resumption: fill listen (NULL: it is gone), name and question from
 * what the slot holds.  False: it holds nonsense.
 */
bool	session_recall(struct session *s);

/* End here, without a word to the client.  Returns false. */
bool	session_fail(struct session *s, enum outcome why);

/* It goes on under this rule: its index and, shared with others, its rates. */
void	session_use_rule(struct session *s, unsigned rule);

/*
 * The session is granted: show rule, peer and our own address, and that it
 * is LIVE.  Called once, before the client is told.
 */
void	session_grant(struct session *s, unsigned rule,
	    const struct addr *target, const struct addr *source);

/*
 * Something has passed and was counted: once a second the principal's active
 * time is told.  *touched_ms, 0 at first, is when it was told last.
 */
void	session_touch(struct session *s, uint64_t *touched_ms,
	    uint64_t now_ms);

#endif
