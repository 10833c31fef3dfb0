/*
 * What processes say to each other: one SOCK_SEQPACKET datagram each,
 * encoded field by field, every length checked.  Numbers are in host order
 * (both ends are one machine and one program).
 */
#ifndef LIB_MESSAGE_H
#define LIB_MESSAGE_H

#include <sys/types.h>

#include "addr.h"
#include "name.h"

enum {
	MESSAGE_MAX = 4096,
	MESSAGE_GROUPS_MAX = 64,
	MESSAGE_ADDRS_MAX = 16,
	MESSAGE_USER_SIZE = 256,
	MESSAGE_SERVICE_SIZE = 64,
	MESSAGE_FDS_MAX = 4,
};

enum message_kind { MESSAGE_LOGIN = 1, MESSAGE_LOGIN_ANSWER,
		    MESSAGE_RESOLVE, MESSAGE_RESOLVE_ANSWER, MESSAGE_TUNNEL };

struct login_question {
	uint64_t	serial;
	char		service[MESSAGE_SERVICE_SIZE];
	char		user[MESSAGE_USER_SIZE];
	char		password[MESSAGE_USER_SIZE];	/* explicit_bzero */
	struct addr	client;
};

enum login_verdict { LOGIN_YES = 1, LOGIN_NO, LOGIN_ERROR };

struct login_answer {
	uint64_t	serial;
	enum login_verdict verdict;
	char		user[MESSAGE_USER_SIZE];	/* canonical; with
							 * LOGIN_YES not "" */
	size_t		n_gids;
	gid_t		gids[MESSAGE_GROUPS_MAX];
};

struct resolve_question {
	uint64_t	serial;
	char		name[NAME_SIZE];	/* as name_read() gives it */
};

enum resolve_verdict { RESOLVE_FOUND = 1, RESOLVE_NONE, RESOLVE_AGAIN };

struct resolve_answer {
	uint64_t	serial;
	enum resolve_verdict verdict;
	size_t		n_addrs;	/* in getaddrinfo's order; 0 unless
					 * RESOLVE_FOUND */
	struct addr	addrs[MESSAGE_ADDRS_MAX];	/* port 0 */
};

/*
 * Encoders return the length (they always fit MESSAGE_MAX).  A field out of
 * bounds (a text without its NUL, too many groups, a client of ADDR_NONE) is
 * the caller's own fault: assert.  Who encoded or decoded a login question
 * wipes buf and the struct with explicit_bzero when done.
 */
size_t	login_question_encode(uint8_t buf[MESSAGE_MAX],
	    const struct login_question *q);
size_t	login_answer_encode(uint8_t buf[MESSAGE_MAX],
	    const struct login_answer *a);
size_t	resolve_question_encode(uint8_t buf[MESSAGE_MAX],
	    const struct resolve_question *q);
size_t	resolve_answer_encode(uint8_t buf[MESSAGE_MAX],
	    const struct resolve_answer *a);

/*
 * Decoders: false for anything but one whole, valid message of len octets:
 * another kind, an octet too few or too many, a length or number beyond its
 * bounds, a NUL in a text, a name that is none.  The struct is written only
 * on success (of its texts only up to the NUL), and nothing at or beyond
 * buf[len] is looked at.  The password is copied nowhere else.
 */
bool	login_question_decode(const uint8_t *buf, size_t len,
	    struct login_question *q);
bool	login_answer_decode(const uint8_t *buf, size_t len,
	    struct login_answer *a);
bool	resolve_question_decode(const uint8_t *buf, size_t len,
	    struct resolve_question *q);
bool	resolve_answer_decode(const uint8_t *buf, size_t len,
	    struct resolve_answer *a);

/*
 * The serial that a question or an answer carries, without a look at the
 * rest; 0 for what is too short to be either.
 */
uint64_t message_serial(const uint8_t *buf, size_t len);

/*
 * A parked tunnel, or a client that waits: which session slot, and under
 * which owner word it was sent (the receiver swaps it).  The n_fds (1 to
 * MESSAGE_FDS_MAX) descriptors travel beside it: client first.
 */
struct tunnel_message {
	uint32_t	slot;
	uint32_t	n_fds;
	uint64_t	owner;
};

size_t	tunnel_message_encode(uint8_t buf[MESSAGE_MAX],
	    const struct tunnel_message *t);
bool	tunnel_message_decode(const uint8_t *buf, size_t len,
	    struct tunnel_message *t);

#endif
