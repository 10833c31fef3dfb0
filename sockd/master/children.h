/*
 * The master's children: forking, reaping, back-off, generations.
 */
#ifndef MASTER_CHILDREN_H
#define MASTER_CHILDREN_H

#include "sockd/common/process.h"

enum { PRIVATE_FDS_MAX = 16 };

struct child {
	pid_t		pid;		/* 0: no child has this index */
	enum process_kind kind;
	uint32_t	generation, epoch;
	unsigned	round;		/* its brood's, when it was forked */
	uint64_t	started_ms;
	bool		leaving;	/* asked to: its end is no surprise */
};

/* One kind: what it takes to end all of a generation, and to be patient. */
struct brood {
	int		end[2];		/* the generation pipe */
	unsigned	round;		/* grows with each renewal */
	unsigned	living;		/* of this round */
	unsigned	old;		/* of earlier ones */
	uint64_t	not_before_ms;	/* back-off */
	uint64_t	delay_ms;
	bool		bereaved;	/* one was killed: see bury() */
};

struct children {
	struct process	base;		/* what each child is given */
	struct child	*by_index;	/* as many as process slots */
	struct brood	broods[N_PROCESS_KINDS];
	int		lifeline;	/* the end whose close ends them all */
	/* no child keeps these */
	int		private_fds[PRIVATE_FDS_MAX];
	size_t		n_private;
	uint32_t	n;
};

/* Pipes and table; base is filled in by the caller before.  0, -1 + errno. */
int	children_init(struct children *c);

/* The table; all children have ended. */
void	children_free(struct children *c);

/* A descriptor that children must not keep. */
void	children_hide(struct children *c, int fd);

/*
 * Fork one of this kind.  False while its kind is backing off, when the
 * board has no process slot, or when fork fails (told once).
 */
bool	child_start(struct children *c, enum process_kind kind);

/* Take all who died; their sessions end as lost.  Returns how many. */
unsigned children_reap(struct children *c);

/*
 * A new generation of this kind: the running one ends after what it has in
 * hand.  0; -1 and errno, nothing changed.
 */
int	children_renew(struct children *c, enum process_kind kind);

/* End all of this kind, old and new, and start no more. */
void	children_end(struct children *c, enum process_kind kind);

/* Signal all of this kind. */
void	children_kill(const struct children *c, enum process_kind kind,
	    int sig);

/* All of this kind, whatever the generation. */
unsigned children_count(const struct children *c, enum process_kind kind);

/*
 * Does a worker of an older generation still wait for clients?  It was told
 * to end, but the next client may be there before it has looked.
 */
bool	children_has_old_idle(const struct children *c);

/* ms until a kind that backs off may start again; UINT64_MAX: none does. */
uint64_t children_patience_ms(const struct children *c);

#endif
