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

#include <sys/types.h>

#include "board.h"
#include "conf.h"

struct listener {
	int		fd;
	unsigned	index;		/* in conf->listens */
	struct addr	addr;		/* as bound, port known */
	char		name[BOARD_NAME_SIZE];
	bool		fresh;		/* the master's: of this reload */
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
	const struct conf	*before;	/* the last generation's; or NULL */
	struct board		*board;
	const struct listener	*listeners;
	size_t			n_listeners;
	int			auth_ask, auth_answer;		/* channels */
	int			resolver_ask, resolver_answer;
	int			park_send, park_receive;	/* to keepers */
	int			woken_send, woken_receive;	/* to workers */
	/* pipes in which an octet wakes the master, or the accountant */
	int			wake_send, wake_receive;
	int			account_wake_send, account_wake_receive;
	int			lock;	/* of the run: every process keeps it
					 * open until it ends */
};

/*
 * The name in run_dir of the file that is locked (flock(2)) for as long as a
 * process of the run lives.
 */
extern const char process_lock_file[];

/* What ps(1) and top(1) call this process, where the system can be told. */
void	process_set_name(const char *name);

/*
 * The first line of every x_main(): name the process and its log lines, ask
 * for SIGKILL when the master dies, default signal handlers and empty mask,
 * and close every descriptor that is not this kind's (those fields become
 * -1; n_listeners 0).  HUP, INT, TERM, USR1, USR2 and PIPE are ignored from
 * here on: a terminal or service manager sends them to the whole group, and
 * what they mean the master says through the pipes.  From here on it is a
 * batch process to the kernel's scheduler.  Ends the process if the master has
 * gone meanwhile.
 */
void	process_enter(struct process *p);

/*
 * The same for a process that a child of the master forks (a helper): name,
 * signals, parent (who forked it); its descriptors and log name stay.
 */
void	process_begin(const char *name, pid_t parent_pid);

/*
 * Ask again for SIGKILL when the parent dies; every change of identity makes
 * the kernel forget it, also one that a PAM module makes and takes back.
 * Ends the process if the parent has gone.
 */
void	process_follow_parent(void);

/*
 * Who is this?  0; -1 with errno, 0 if there is no such user.  The answer is
 * kept, and forks inherit it: the master asks once for each user it will
 * need, so that no worker reads /etc/passwd at its start.
 */
int	process_find_user(const char *user, uid_t *uid, gid_t *gid);

/*
 * Become user for good (no supplementary groups; no_new_privs if asked), and
 * prove that root cannot come back; as an ordinary user only no_new_privs.
 * Not dumpable, RLIMIT_CORE 0, the parent followed again.
 * -1 with a logged error: the process must end.
 */
int	process_become(const struct process *p, const char *user,
	    bool no_new_privs);

/* Has the master gone?  One poll(2), no wait. */
bool	process_is_orphan(const struct process *p);

/* Did a reload bring a newer configuration than this process has? */
bool	process_is_old(const struct process *p, const struct board *b);

/* Raise RLIMIT_NOFILE's soft limit to the hard one.  Returns it. */
unsigned process_raise_descriptors(void);

/* How many of them a keeper has for tunnels: it stops there, and the master
 * forks another before. */
unsigned process_keeper_room(void);

#endif
