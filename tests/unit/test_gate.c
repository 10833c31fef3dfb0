/*
 * The set that a worker waits on between clients.
 */
#include "config.h"

#include <criterion/criterion.h>

#include <unistd.h>

#include "sockd/common/process.h"
#include "sockd/worker/gate.h"

enum { LISTENER, WOKEN, END, N_PIPES };

static int pipes[N_PIPES][2];
static struct listener listener;

static void
open_gate(void)
{
	struct process p = { .listeners = &listener, .n_listeners = 1,
		.generation_end = -1 };

	for (int i = 0; i < N_PIPES; i++)
		cr_assert_eq(pipe(pipes[i]), 0);
	listener.fd = pipes[LISTENER][0];
	p.woken_receive = pipes[WOKEN][0];
	p.lifeline = pipes[END][0];
	cr_assert_eq(gate_open(&p), 0);
}

TestSuite(gate, .init = open_gate, .timeout = 20);

static void
come(int which)
{
	cr_assert_eq(write(pipes[which][1], "", 1), 1);
}

Test(gate, tells_what_came)
{
	come(LISTENER);
	cr_assert_eq(gate_wait(), 0);
	gate_forget_listeners();
	come(WOKEN);
	cr_assert_eq(gate_wait(), GATE_WOKEN);
}

Test(gate, the_end_is_a_closed_pipe)
{
	close(pipes[END][1]);
	cr_assert_eq(gate_wait(), GATE_END);
}

Test(gate, what_came_while_aside_is_told)
{
	gate_step_aside();
	gate_step_aside();
	come(LISTENER);
	cr_assert_eq(gate_wait(), 0);
}

/* The kernel may have no memory for a watch.  A descriptor that is closed
 * for a while stands for that. */
Test(gate, who_cannot_come_back_tries_again)
{
	int kept = dup(pipes[LISTENER][0]);

#ifndef HAVE_EPOLL
	cr_skip_test("poll(2) needs no memory of the kernel");
#endif
	gate_step_aside();
	close(pipes[LISTENER][0]);
	cr_assert_eq(gate_wait(), GATE_NOTHING);
	come(WOKEN);
	cr_assert_eq(gate_wait(), GATE_WOKEN, "the others are heard");
	cr_assert_eq(dup2(kept, pipes[LISTENER][0]), pipes[LISTENER][0]);
	come(LISTENER);
	cr_assert_eq(read(pipes[WOKEN][0], &(char){ 0 }, 1), 1);
	cr_assert_eq(gate_wait(), 0);
}
