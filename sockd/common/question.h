/*
 * The questions that rules are asked, put together from what is known.
 *
 * Each moment of a session adds to one struct rule_question: at accept, at
 * the greeting, at the login, at the request, for each address.  What a
 * question points to is lent to it: it must outlive the question.  A session
 * that lives already is asked about from its slot alone.
 */
#ifndef COMMON_QUESTION_H
#define COMMON_QUESTION_H

#include "board.h"
#include "lib/rule.h"

struct conf;
struct listener;

/*
 * One per process: whom it asks about what, and this machine's addresses if
 * a rule of the policy names them.
 */
struct question_room {
	const struct board	*board;
	const struct conf	*conf;
	struct addr	self[BOARD_SELF_MAX];
	size_t		n_self;
	uint32_t	serial;		/* of the board's list */
	bool		wants_self;	/* some rule has to = "self" */
	bool		has_self;
};

/* Both are lent for as long as the room is used. */
void	question_room_init(struct question_room *r, const struct board *b,
	    const struct conf *conf);

/*
 * Begin: a client has come to this listener.  Takes the machine's addresses
 * anew when they have changed and a rule asks for them; that is one load of
 * a word otherwise.
 */
void	question_at_accept(struct rule_question *q, struct question_room *r,
	    unsigned listener, const struct addr *client, unsigned minute);

/* version is 4 or 5.  A SOCKS4 client is WHO_ANONYMOUS. */
void	question_at_greeting(struct rule_question *q, unsigned version,
	    enum who who);

/* The login succeeded. */
void	question_at_login(struct rule_question *q, const char *user,
	    const gid_t *gids, size_t n_gids);

/*
 * What is asked for.  BIND: the port is the peer's and not known yet, nor is
 * the address if it is unspecified.  UDP: the target is none, and each
 * datagram's comes with question_for_target().
 */
void	question_at_request(struct rule_question *q, enum command command,
	    const struct target *target);

/* A target: of a datagram, or of a request. */
void	question_for_target(struct rule_question *q,
	    const struct target *target);

/* An address that the name resolved to, or a BIND peer. */
void	question_for_address(struct rule_question *q, const struct addr *to);

/* What a question from a slot points to. */
struct question_asked {
	struct addr	client, to;
	char		principal[BOARD_USER_SIZE];
	char		name[NAME_SIZE];
	gid_t		gids[BOARD_GIDS_MAX];
};

/*
 * The whole question from a copy by slot_read() alone, which may go when
 * this returns.  The room's configuration may be a later one than the session
 * began with: the listener is looked up by name, and one that is gone matches
 * no rule that names a listener.  An association is asked about without a
 * target.
 */
void	question_of_slot(struct rule_question *q, struct question_room *r,
	    const struct session_slot *s, unsigned minute,
	    struct question_asked *asked);

/*
 * Is this target one of our own listeners?  They are refused whatever the
 * rules say.  One on all addresses is at every address of this machine.
 */
bool	target_is_own(const struct board *b, const struct listener *list,
	    size_t n, const struct addr *to);

#endif
