/*
 * A family's parent, as its three files see it: helper.c (the loop),
 * helper_birth.c (fork, bury), helper_number.c (how many).
 */
#ifndef COMMON_HELPER_FAMILY_H
#define COMMON_HELPER_FAMILY_H

#include "helper_seat.h"
#include "log.h"

struct helper {
	pid_t		pid;		/* 0: the seat is empty */
	uint64_t	born_ms;
	bool		leaving;	/* was told to */
	bool		killed;		/* by us */
};

/* What may repeat: told at first, and when it was quiet for a while. */
struct trouble {
	struct log_condition	told;
	uint64_t		last_ms;
};

struct family {
	const struct process		*p;
	const struct helper_family	*f;
	struct helper_row		*row;
	struct helper			*helpers;	/* f->max of them */
	unsigned			n;		/* alive */
	uint64_t			taken;		/* by the dead */
	int				poke[2];	/* pipe that wakes us */
	bool				ending;
	/* whether more are needed */
	uint64_t			watch_ms;	/* look then; 0: not */
	bool				listens;	/* for a question */
	unsigned			burst;
	struct log_condition		crowded;
	/* whether fewer would do */
	unsigned			spare;		/* least idle so far */
	uint64_t			spare_ms;	/* ... until then */
	/* after deaths at once */
	uint64_t			backoff_ms, fork_ms;
	struct log_condition		dying;
	struct trouble			deaths, overruns;
};

/* ---- helper_birth.c ---- */

/* Fork up to n more, within max and the back-off. */
void	family_fork(struct family *fam, unsigned n, uint64_t now_ms);

/* Bury who has died.  Never waits. */
void	family_reap(struct family *fam, uint64_t now_ms);

/* Kill who has overrun its question's time. */
void	family_kill_overrun(struct family *fam, uint64_t now_ms);

/* Tell which troubles are over. */
void	family_calm(struct family *fam, uint64_t now_ms);

/* ---- helper_number.c ---- */

/* What the helper of this seat does, and for how long it has been at its
 * question (0: it is at none). */
enum seat_state family_state(const struct family *fam, unsigned seat);
uint64_t family_busy_ms(const struct family *fam, unsigned seat,
	    uint64_t now_ms);

/* Nobody was idle, says a poke, or a question came while nobody was: look
 * soon.  Then look, and fork if a question waits in vain. */
void	family_alarm(struct family *fam, uint64_t now_ms);
void	family_watch(struct family *fam, uint64_t now_ms);

/* Send away those whom nobody needed for a while; fork up to min. */
void	family_shrink(struct family *fam, uint64_t now_ms);
void	family_refill(struct family *fam, uint64_t now_ms);

/* Tell n to leave: idle ones, or anyone. */
void	family_dismiss(struct family *fam, unsigned n, bool anyone);

#endif
