/*
 * What every process of sockd has: a name, two pipes to watch, a slot on
 * the board, the channels; and how it gives up rights.
 *
 * The steps of each x_main(), a line each: name yourself; close what is not
 * yours; open what you need; become your user for good; prove that you
 * cannot return; enter the sandbox; say ready; loop.
 */
#ifndef COMMON_PROCESS_H
#define COMMON_PROCESS_H

#include "board.h"
#include "conf.h"

struct listener {
	int		fd;
	unsigned	index;		/* in conf->listens */
	struct addr	addr;		/* as bound, port known */
};

/*
 * What the master gives to a child.  The child closes what is not its kind's
 * with process_enter().
 */
struct process {
	enum process_kind	kind;
	unsigned		index;		/* process slot */
	uint32_t		epoch;
	uint32_t		generation;
	int			lifeline;	/* EOF: the master is gone */
	int			generation_end;	/* EOF: end after this client */
	const struct conf	*conf;
	struct board		*board;
	const struct listener	*listeners;
	size_t			n_listeners;
	int			auth_ask, auth_answer;		/* channels */
	int			resolver_ask, resolver_answer;
	int			park_send, park_receive;	/* to keepers */
	int			woken_send, woken_receive;	/* to workers */
	int			wake_send, wake_receive;	/* pipe: a worker
					 * wakes the master, one octet */
	int			account_wake_send, account_wake_receive;
					/* pipe: somebody wakes the accountant */
	int			lock;	/* of the run: every process keeps it
					 * open until it ends */
};

/*
 * Name the process, ask for SIGKILL's little brother: PDEATHSIG (again after
 * the change of user), restore default signal handlers and mask, close the
 * descriptors that are not this kind's.
 */
void	process_enter(struct process *p);

/*
 * Become user for good (no supplementary groups; no_new_privs if asked), and
 * prove that root cannot come back; as an ordinary user only no_new_privs.
 * Not dumpable, RLIMIT_CORE 0, PDEATHSIG and getppid checked again.
 * -1 with a logged error: the process must end.
 */
int	process_become(const struct process *p, const char *user,
	    bool no_new_privs);

/* Has the master gone, or this generation ended?  One poll(2), no wait. */
bool	process_is_orphan(const struct process *p);
bool	process_is_old(const struct process *p);

/* Raise RLIMIT_NOFILE's soft limit to the hard one.  Returns it. */
unsigned process_raise_descriptors(void);

#endif
