/*
 * What a worker waits for between two clients: listeners, a tunnel that
 * wakes in a keeper, the ends of its generation and of the master.
 */
#ifndef WORKER_GATE_H
#define WORKER_GATE_H

#include <stdbool.h>

struct process;

enum gate_event {
	GATE_NOTHING = -1,	/* look at the state, and wait again */
	/* 0 ...: that listener of the process */
	GATE_LISTENERS_MAX = 128,	/* "*" is one a family */
	GATE_END,		/* of the generation, or the master is gone */
	GATE_WOKEN,		/* a keeper sends a tunnel */
	N_GATE_EVENTS,
};

/*
 * Make the set, of this process alone: it was made after the fork, and of
 * many workers one connection wakes one.  From here on SIGUSR2 ends a wait
 * and nothing else.  0; -1 and errno.
 */
int	gate_open(const struct process *p);

/* Wait for one event, as long as it takes: enum gate_event or a listener. */
int	gate_wait(void);

/*
 * This client takes time: until gate_wait() comes again the kernel is not to
 * ask us whether we take the next one.  Cheap where it is so already.
 */
void	gate_step_aside(void);
bool	gate_is_aside(void);

/* The run is ending: no new clients, but tunnels may still wake. */
void	gate_forget_listeners(void);

/* Wait for the end alone, at most ms. */
void	gate_pause(int ms);

#endif
