/*
 * The board: the memory that all processes of one run share, mapped from a
 * file in run_dir so that it outlives them.
 *
 * Slots are of fixed size and hold no pointers.  The fields of a slot are
 * written before the state that publishes them (release) and do not change
 * afterwards, but for the atomics.  Whoever reads another process' slot
 * takes it for hostile: copy, then check.
 */
#ifndef COMMON_BOARD_H
#define COMMON_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lib/bucket.h"
#include "lib/target.h"
#include "lib/units.h"

enum {
	BOARD_VERSION = 1,
	BOARD_GIDS_MAX = 64,
	BOARD_NAME_SIZE = 32,		/* of a listener, rule or limit */
	BOARD_USER_SIZE = 256,
	BOARD_SELF_MAX = 256,		/* addresses of this machine */
	BOARD_PROCESSES_MAX = 0xfffe,	/* 16 bits of the owner word, one of
					 * them the import's */
	BOARD_SESSIONS_MAX = 1 << 22,	/* slots: sessions.max is no more
					 * than a quarter of it */
	BOARD_PRINCIPALS_MAX = 1 << 24,
	BOARD_PLACES_MAX = 1 << 24,
	BOARD_RULES_MAX = 16384,
	BOARD_TEXT_SIZE = 440,		/* user and target host of a session */
	BOARD_ADDRESSES_MAX = 16,	/* at once, of one principal, counted */
	BOARD_NOBODY = 0xffffffff,	/* no principal, rule, place */
};

/* ---- processes ---- */

enum process_kind { PROCESS_NONE, PROCESS_MASTER, PROCESS_WORKER,
		    PROCESS_KEEPER, PROCESS_AUTH, PROCESS_RESOLVER,
		    PROCESS_ACCOUNT, N_PROCESS_KINDS };

enum process_state { PROCESS_FREE, PROCESS_STARTING, PROCESS_IDLE,
		     PROCESS_BUSY, PROCESS_LEAVING };

struct process_slot {
	_Atomic int32_t		pid;
	_Atomic uint32_t	kind;		/* enum process_kind */
	_Atomic uint32_t	state;		/* enum process_state */
	_Atomic uint32_t	epoch;		/* another with each process */
	_Atomic uint32_t	generation;
	_Atomic uint32_t	served;		/* clients or questions so far;
						 * a keeper: what it holds */
	_Atomic uint64_t	since_ms;	/* CLOCK_MONOTONIC of state */
};

/*
 * The owner word of a session slot: who may touch it.  Changed only by
 * compare-and-swap, but for the claim of a free slot.
 */
static inline uint64_t
owner_word(uint32_t process, uint32_t epoch, uint32_t serial)
{
	return (uint64_t)(process & 0xffff) << 48 |
	    (uint64_t)(epoch & 0xffffff) << 24 | (serial & 0xffffff);
}

static inline uint32_t
owner_process(uint64_t owner)
{
	return (uint32_t)(owner >> 48);
}

static inline uint32_t
owner_epoch(uint64_t owner)
{
	return (uint32_t)(owner >> 24) & 0xffffff;
}

/* ---- sessions ---- */

enum slot_state { SLOT_FREE, SLOT_CLAIMED, SLOT_NEGOTIATED, SLOT_REQUESTED,
		  SLOT_LIVE, SLOT_ENDED, N_SLOT_STATES };

enum outcome { OUTCOME_NONE, OUTCOME_CLIENT_CLOSED, OUTCOME_TARGET_CLOSED,
	       OUTCOME_RESET, OUTCOME_IDLE, OUTCOME_QUOTA, OUTCOME_CUT,
	       OUTCOME_TIMEOUT, OUTCOME_REFUSED, OUTCOME_UNREACHABLE,
	       OUTCOME_UNRESOLVED, OUTCOME_BLOCKED, OUTCOME_AUTH_FAILED,
	       OUTCOME_BAD_REQUEST, OUTCOME_LIMIT, OUTCOME_STOPPED,
	       OUTCOME_LOST, OUTCOME_ERROR, N_OUTCOMES };

enum auth_method { AUTH_NOTHING, AUTH_NONE, AUTH_PASSWORD, AUTH_USERID };

/* Contributions to gauges, to be undone once by whoever ends the slot. */
enum { GAUGE_HANDSHAKE = 1,	/* place.handshakes */
       GAUGE_PLACE = 2,		/* place.sessions */
       GAUGE_SESSION = 4,	/* header.sessions */
       GAUGE_PRINCIPAL = 8,	/* principal.sessions */
       GAUGE_ADDRESS = 16,	/* principal.addresses; max: of addresses */
       GAUGE_REFUSED = 32,	/* header.refused_waiting */
};

/* Whose name the principal is, should there be no slot to look it up in. */
enum principal_kind { NAMED_BY_ADDRESS, NAMED_SHARED, NAMED_BY_USER };

/* What a keeper holds, and so what a worker must go on with. */
enum parked_kind { PARKED_NOTHING, PARKED_TUNNEL, PARKED_BIND, PARKED_UDP,
		   PARKED_FAILURE };	/* a failed login, not yet answered */

enum { UDP_TARGETS_MAX = 8, UDP_CONTACTED_MAX = 128 };

/* Why a datagram was dropped; each is counted. */
enum udp_drop {
	UDP_FOREIGN,		/* not from the client */
	UDP_MALFORMED,		/* short, RSV, ATYP, port 0, no name */
	UDP_FRAGMENT,		/* FRAG is not 0 */
	UDP_BLOCKED,		/* by the rules, or never allowed */
	UDP_UNRESOLVED,		/* no such name, too many wait for one,
				 * or a reload came meanwhile */
	UDP_STRANGER,		/* from an address the client never sent to */
	UDP_UNSENT,		/* does not fit, no route */
	N_UDP_DROPS
};

struct udp_count {		/* one target of an association */
	struct addr		addr;
	struct addr		source;		/* ours, from which it goes */
	char			name[64];	/* cut; the log has it whole */
	_Atomic uint64_t	first_us;	/* 0: empty; written last */
	_Atomic uint64_t	datagrams, bytes;
};

/*
 * What an association needs beside its session slot: one of a pool, for few
 * sessions are associations.  slot_udp_block() lends it.
 */
struct udp_block {
	_Atomic uint32_t	holder;		/* session index + 1; 0: free */
	_Atomic uint32_t	park_data[31];	/* the association's own */
	_Atomic uint32_t	drops[N_UDP_DROPS];	/* while it is parked */
	/* board_hash() of addresses that it has sent to, the latest ones */
	_Atomic uint32_t	contacted[UDP_CONTACTED_MAX];
	struct udp_count	counts[UDP_TARGETS_MAX];
};

struct session_slot {
	/* what moves while the session lives */
	_Atomic uint64_t	id;
	_Atomic uint64_t	cut;		/* the id that is to end */
	_Atomic uint64_t	bytes_up, bytes_down;
	_Atomic uint64_t	datagrams_up, datagrams_down;
	_Atomic uint64_t	active_ms;	/* wall clock of last octet */
	/*
	 * What holds this session to its limit.  The worker sets them when it
	 * grants (rates of the limit; the octets of its principal, counted as
	 * principal.bytes counts, at which it must end); the accountant sets
	 * them anew after a reload and at the turn of a period.  Whoever
	 * relays looks at nothing else, and at rules[rule].rate_*.
	 */
	_Atomic uint64_t	rate_up, rate_down;	/* octets/s, 0 none */
	_Atomic uint64_t	stop_at_bytes;		/* UINT64_MAX: none */
	_Atomic uint32_t	rule;		/* index, or BOARD_NOBODY; the
						 * accountant's on reload */
	_Atomic uint32_t	limit;		/* likewise */
	_Atomic uint32_t	cut_why;	/* enum outcome */
	_Atomic uint32_t	gauges;		/* GAUGE_ bits */
	_Atomic uint32_t	outcome;
	_Atomic int32_t		reply;		/* SOCKS5 REP, -1: none yet */
	_Atomic uint32_t	repeats;
	/* what a keeper needs to go on, written before a hand-over */
	_Atomic uint32_t	parked_kind;	/* enum parked_kind */
	_Atomic uint16_t	half_closed;	/* bit 0: client's FIN passed,
						 * bit 1: target's */
	_Atomic uint16_t	mark_ahead;	/* likewise: an urgent mark is
						 * known before its octets */
	_Atomic uint32_t	park_data[4];	/* the command's own; UDP has
						 * more in its udp_block */
	_Atomic uint32_t	udp_block;	/* index, or BOARD_NOBODY */
	_Atomic uint64_t	idle_due_ms;	/* CLOCK_MONOTONIC, 0: none */
	_Atomic uint64_t	ended_us;
	/* who and what: written before the state that publishes them */
	uint64_t		started_us;	/* unix time */
	uint32_t		principal;	/* index, or BOARD_NOBODY:
						 * slot_set_principal() */
	uint32_t		place;		/* index, or BOARD_NOBODY */
	uint32_t		generation;	/* of the configuration then */
	uint32_t		listener;	/* index then */
	uint8_t			protocol;	/* 4, 5; 0: neither */
	uint8_t			auth;		/* enum auth_method */
	uint8_t			command;	/* enum command */
	uint8_t			principal_kind;	/* enum principal_kind */
	uint8_t			metered, logged, has_octets;	/* 0 or 1 */
	uint16_t		n_gids;
	uint16_t		target_port;
	uint16_t		host_at;	/* in text; 0: no target yet */
	struct addr		client;
	struct addr		target_addr;	/* connected; BIND: the peer */
	struct addr		source;		/* our own outgoing address */
	char			listen_name[BOARD_NAME_SIZE];
	char			rule_name[BOARD_NAME_SIZE];	/* "" none */
	gid_t			gids[BOARD_GIDS_MAX];
	/*
	 * The user as typed (or USERID) from the front, the target as asked
	 * at the back: slot_user(), slot_host() and their slot_set_.
	 */
	char			text[BOARD_TEXT_SIZE];
};

_Static_assert(sizeof(struct session_slot) <= 1024, "1 KiB a session, at most");

/* ---- principals ---- */

enum principal_state { PRINCIPAL_FREE, PRINCIPAL_CLAIMED, PRINCIPAL_LOADING,
		       PRINCIPAL_READY };

struct principal_slot {
	_Atomic uint32_t	state;
	_Atomic uint32_t	sessions;	/* gauge: granted, connecting */
	_Atomic uint32_t	holds;		/* session slots that name it */
	_Atomic uint32_t	warned;		/* by period: told at 80 % */
	_Atomic uint64_t	bytes;		/* metered, only grows */
	_Atomic uint64_t	active_s;	/* only grows */
	_Atomic uint64_t	active_until_ms;	/* wall clock */
	_Atomic uint64_t	counted_ms;	/* active_s counts up to here */
	_Atomic uint64_t	base_bytes[N_PERIODS];	/* accountant's */
	_Atomic uint64_t	base_active_s[N_PERIODS];
	struct bucket		up, down;
	_Atomic uint64_t	last_ms;	/* wall clock, for eviction */
	/* Where its sessions come from: hash of addr_client() << 32 | how
	 * many.  principal_addresses() counts those that are not empty. */
	_Atomic uint64_t	addresses[BOARD_ADDRESSES_MAX];
	char			name[BOARD_USER_SIZE];
};

/* ---- addresses ---- */

/* What the log tells of an address once a minute, and not each time. */
enum place_told { PLACE_HANDSHAKES, PLACE_SESSIONS, PLACE_LIMIT_SESSIONS,
		  PLACE_LIMIT_ADDRESSES, PLACE_UNKNOWN, PLACE_USED_UP,
		  N_PLACE_TOLD };

struct place_told_slot {
	_Atomic uint64_t	due_ms;		/* not before */
	_Atomic uint32_t	n;		/* since the last line */
};

struct place_slot {
	_Atomic uint64_t	key;		/* hash of address; 0: free */
	_Atomic uint32_t	handshakes, sessions;
	_Atomic uint32_t	failures;	/* within the window */
	_Atomic uint32_t	refusals;	/* rows within this minute */
	_Atomic uint64_t	refusals_minute;
	_Atomic uint64_t	refusal_slot;	/* last refused: slot<<32|id */
	_Atomic uint64_t	window_ms;	/* when the window began */
	_Atomic uint64_t	penalty_until_ms;	/* CLOCK_MONOTONIC */
	_Atomic uint64_t	last_ms;
	struct place_told_slot	told[N_PLACE_TOLD];
};

struct rule_slot {
	/* Octets/s, 0 none; of the rule that has this index now: set by the
	 * accountant when it starts and by the worker that grants. */
	_Atomic uint64_t	rate_up, rate_down;
	struct bucket		up, down;
};

/* What may be full; a worker that finds it so says so. */
enum board_full { FULL_SESSIONS, FULL_PRINCIPALS, FULL_SLOTS, N_BOARD_FULL };

struct board_counts {		/* only grow; told by USR1 and sockctl */
	_Atomic uint64_t	accepted, silent, unpassable, refused, granted,
				parked, woken, unrecorded, wakeups, lost;
};

struct board_sizes {
	uint32_t	processes, session_max, principals, places, rules;
};

/* How many slots of each kind there are. */
struct board_counted {
	uint32_t	processes, sessions, principals, places, rules, udp;
};

struct board_header {
	char			magic[8];	/* "sockdbrd" */
	uint32_t		version, header_size;
	uint32_t		process_size, session_size, principal_size,
				place_size, rule_size, udp_size;
	uint32_t		n_processes, n_sessions, n_principals,
				n_places, n_rules, n_udp, session_max;
	uint64_t		salt[2];	/* the key of board_hash() */
	_Atomic uint64_t	next_id;
	_Atomic uint64_t	claim_hint;	/* frees << 32 | where to look
						 * for a free session slot */
	_Atomic uint32_t	high;		/* the highest index ever used,
						 * plus 1 */
	_Atomic uint32_t	sessions;	/* gauge: granted, connecting */
	_Atomic uint32_t	used;		/* slots that are not FREE */
	_Atomic uint32_t	refused_waiting; /* ENDED, never granted */
	_Atomic uint32_t	generation;	/* of the configuration */
	_Atomic uint32_t	workers, idle_workers;
	_Atomic uint32_t	day;	/* of the bases: local, since 1970 */
	_Atomic uint32_t	loading;	/* a principal came: wake.h */
	_Atomic uint32_t	wake_pending;	/* the accountant was woken */
	_Atomic uint32_t	wake_asked;	/* an octet is in the master's
						 * wake pipe */
	_Atomic uint32_t	all_busy;	/* workers; the master knows */
	_Atomic uint32_t	full[N_BOARD_FULL];	/* likewise */
	_Atomic uint32_t	stopping;	/* accept nobody any more */
	_Atomic uint32_t	cuts;		/* grows with each slot_cut(): a
						 * keeper then looks */
	_Atomic uint32_t	self_serial;	/* odd while being written */
	_Atomic uint32_t	n_self;
	struct addr		self[BOARD_SELF_MAX];
	struct board_counts	counts;
};

/*
 * A mapping; the pointers lead into it.  One per process, made once.  The
 * numbers of slots are kept here too: those in the header can be written by
 * a stolen worker, and bound nothing.
 */
struct board {
	struct board_header	*header;
	struct process_slot	*processes;
	_Atomic uint32_t	*states;	/* enum slot_state, each */
	_Atomic uint64_t	*owners;	/* by session; 0: nobody */
	struct session_slot	*sessions;
	struct principal_slot	*principals;
	_Atomic uint64_t	*principal_keys; /* by principal: whose */
	struct place_slot	*places;
	struct rule_slot	*rules;
	struct udp_block	*udp;
	struct board_counted	n;
	uint32_t		session_max;
	size_t			size;
};

extern const char board_file[];		/* its name in run_dir */

/*
 * Make the board of a new run in the directory dirfd, under the name
 * board_file (0600), preallocated and zeroed, and map it.  Beside session_max
 * slots there are as many again for sessions that ended and wait for the
 * accountant, and one for each process.  -1 and errno, and no file is left:
 * EEXIST if there is one (it must be imported or put aside before), ENOSPC,
 * EINVAL for sizes beyond what the words of the board hold.
 */
int	board_create(struct board *b, int dirfd,
	    const struct board_sizes *sizes);

/* The same in memory without a file (tests, sockctl explain). */
int	board_create_private(struct board *b, const struct board_sizes *sizes);

/*
 * Session ids go on from the clock in us, or from at_least if that is more
 * and no nonsense; never backwards.
 */
void	board_seed_id(struct board *b, uint64_t at_least);

/*
 * Let the next id be at_least or more.  One that is nonsense, as a stolen
 * worker may leave it, comes back to at_least: under it no session would find
 * its way into the ledger.
 */
void	board_raise_id(struct board *b, uint64_t at_least);

/*
 * Map an existing file (fd is lent) read-only (sockctl) or read-write
 * (import), after its magic, version and sizes were checked.  -1 and errno;
 * EINVAL if it is no board or one of another layout.  *why says so in words.
 */
int	board_open(struct board *b, int fd, bool writable, const char **why);

/* Twice is once. */
void	board_unmap(struct board *b);

/* The keyed hash of this board's tables: another board, another hash. */
uint64_t board_hash(const struct board *b, const void *octets, size_t len);

/*
 * Bring the sessions of the last run over (from was opened writable): those
 * that lived end there as lost, and all that ended are copied for the
 * accountant, under their ids, and freed in from.  Returns how many came
 * over; what found no room stays: if board_waiting(from) is not 0 then, the
 * file must be put aside and not removed.  New ids follow those of from.  For
 * the master, before its first fork.
 */
unsigned board_import(struct board *to, struct board *from);

/* Session slots that are not free. */
unsigned board_waiting(const struct board *b);

/*
 * A copy of this machine's addresses; returns how many.  Waits for the master
 * while it writes them, a tenth of a second at most.
 */
size_t	board_self(const struct board *b, struct addr out[BOARD_SELF_MAX]);

/* The master alone: these n (BOARD_SELF_MAX at most) are this machine's. */
void	board_set_self(struct board *b, const struct addr *addrs, size_t n);

/*
 * Process slots: the master alone claims and frees them, and remembers by
 * itself which are free, for the board may say what a stolen worker likes.
 * The claimed one (index < n.processes) is STARTING, has no pid yet and an
 * epoch that its last process had not, which is returned.
 */
uint32_t process_claim(struct board *b, unsigned index,
	    enum process_kind kind, uint32_t generation);
void	process_free(struct board *b, unsigned index);

/* The process itself: what it does, since now. */
void	process_set_state(struct board *b, unsigned index,
	    enum process_state state);

/* Words for the ledger and the log; never NULL, not even for nonsense. */
const char *outcome_name(enum outcome outcome);
const char *process_kind_name(enum process_kind kind);

#endif
