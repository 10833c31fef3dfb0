/*
 * The life of a session slot: FREE, CLAIMED (accepted), NEGOTIATED, REQUESTED,
 * LIVE, ENDED and, when the accountant has written it, FREE again.
 *
 * A slot is named by its index.  Its owner, and nobody else, advances, counts
 * and ends it; the accountant reads all, changes rates and stops, cuts, and
 * frees what has ended; the master buries.  An index beyond the board does
 * nothing.  Nothing here blocks, but for slot_set_principal().
 */
#ifndef COMMON_SLOT_H
#define COMMON_SLOT_H

#include "board.h"

/*
 * Claim the free slot of the lowest index for a client just accepted, under
 * this owner word (not 0), and draw its id.  Returns the index; -1 if none is
 * free.  The slot is zeroed but for id, owner and started_us; principal,
 * place, rule, limit and udp_block are BOARD_NOBODY, reply -1, stop_at_bytes
 * UINT64_MAX.  Its state is CLAIMED.
 */
int64_t	slot_claim(struct board *b, uint64_t owner);

/* Slots that may be in use lie below this index. */
uint32_t slot_high(const struct board *b);

/*
 * Publish what was written so far: to NEGOTIATED, REQUESTED or LIVE.  A step
 * back is ignored.
 */
void	slot_advance(struct board *b, uint32_t slot, enum slot_state state);

/*
 * End the session.  Who is first sets outcome and time, takes the gauges
 * back, and publishes ENDED; from then on the slot is the accountant's.
 * False: somebody else was first.
 */
bool	slot_end(struct board *b, uint32_t slot, enum outcome outcome);

/*
 * Give a slot back that is to leave no row (a client that never sent an
 * octet, or a refusal that is one of the "repeats" of another), with
 * everything that it held.  An ENDED one is left alone; one that was
 * REQUESTED may have its row already, and nobody would end that.
 */
void	slot_forget(struct board *b, uint32_t slot);

/*
 * The accountant, when the database has it: ENDED (or nonsense) to FREE.
 * Another state stays.
 */
void	slot_free(struct board *b, uint32_t slot);

/*
 * Hand the slot over: the word old becomes new_.  False if it was old no
 * longer: then it is another's, and the caller closes its descriptors.
 */
bool	slot_pass(struct board *b, uint32_t slot, uint64_t old, uint64_t new_);

/*
 * Ask for the end of the session with this id.  If the slot holds another by
 * now, that one is not hit; a cut that was there before keeps its reason.
 */
void	slot_cut(struct board *b, uint32_t slot, uint64_t id,
	    enum outcome why);

/* Why this session is to end; OUTCOME_NONE: it is not. */
enum outcome slot_cut_why(const struct board *b, uint32_t slot);

/*
 * Count the session in one gauge (a GAUGE_ bit), unless it is counted there.
 * False, and nothing counted, if that would pass max (0: no limit).  A slot
 * without place or principal is counted in none of theirs, which is true.
 */
bool	slot_gauge(struct board *b, uint32_t slot, uint32_t gauge,
	    uint32_t max);

/* Take these gauges back, those which are set, once. */
void	slot_ungauge(struct board *b, uint32_t slot, uint32_t gauges);

/*
 * May one more refused session wait for the accountant?  False when they use
 * up their share (half of the room beyond sessions.max): then slot_forget()
 * and let counts.unrecorded grow.
 */
bool	slot_may_record(const struct board *b);

/*
 * The two texts of a session: the user as typed (or USERID) and the target
 * as asked, "" before they are set.  Both stand whole as long as they are no
 * more than 438 octets together; beyond that the user's end is cut, never
 * the host's.
 */
void	slot_set_user(struct session_slot *s, const char *user);
void	slot_set_host(struct session_slot *s, const char *host);
const char *slot_user(const struct session_slot *s);
const char *slot_host(const struct session_slot *s);

/*
 * Count this session for a principal, found or made, whose slot is then held
 * for it; one it had before is let go.  Who has logged in is NAMED_BY_USER;
 * others go by principal_of_address().  False: there is no slot for it and
 * its name would not fit the session; refuse the client.
 */
bool	slot_set_principal(struct board *b, uint32_t slot, const char *name,
	    enum principal_kind kind);

/*
 * The principal's name of a slot, or of a copy by slot_read().  False (and
 * "") if it has none.
 */
bool	slot_principal_name(const struct board *b,
	    const struct session_slot *s, char out[BOARD_USER_SIZE]);

/*
 * The block of an association: slot_udp_block() takes one from the pool at
 * its first call, NULL if none is left; it goes back with the slot.
 * slot_udp() does the same and returns its UDP_TARGETS_MAX counts.  The peeks
 * take none.
 */
struct udp_block *slot_udp_block(struct board *b, uint32_t slot);
struct udp_count *slot_udp(struct board *b, uint32_t slot);
const struct udp_block *slot_udp_peek_block(const struct board *b,
	    uint32_t slot);
const struct udp_count *slot_udp_peek(const struct board *b, uint32_t slot);

/*
 * Copy another process' slot and check it: every enum and index in range,
 * texts ended, addresses of a known family.  1, and *state; 0 if it is free
 * or changes hands at this moment; -1 if it holds nonsense (log, count and
 * slot_free() it).  An index of a principal, place or block that is out of
 * range becomes BOARD_NOBODY.
 */
int	slot_read(const struct board *b, uint32_t slot,
	    struct session_slot *copy, enum slot_state *state);

/*
 * A process has died: every slot that it owned ends as lost, or is given
 * back if its client never sent an octet.  Returns how many.  The master
 * alone, once it has reaped the process.
 */
unsigned slot_bury(struct board *b, uint32_t process, uint32_t epoch);

/*
 * Count octets taken from the source, for the session and, if it is metered,
 * its principal; and the moment as that of its last octet.
 */
void	slot_count(struct board *b, uint32_t slot, size_t up, size_t down);

/* Take octets back that could not be passed on; never below 0. */
void	slot_uncount(struct board *b, uint32_t slot, size_t up, size_t down);

/*
 * Does a slot still carry an owner word of this process?  A worker that has
 * parked tunnels must not end before a keeper has swapped theirs: the master
 * would bury them with it.  A slot that has ended waits for the accountant,
 * and holds up nobody.
 */
bool	slot_owns_any(const struct board *b, uint32_t process,
	    uint32_t epoch);

#endif
