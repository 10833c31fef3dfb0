/*
 * A helper: takes one question at a time from the family's channel, answers
 * it on the channel that came with it, and knows nothing of the next.
 *
 * A question that is answered from memory costs recvmsg, sendmsg and close.
 * A helper in which descriptors leak is replaced: nobody can tell which of
 * them a library still believes in, so none is closed.
 */
#include "config.h"

#include "helper_seat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "fd.h"
#include "lib/message.h"
#include "log.h"

/* So many descriptors more than after the first question are a leak. */
enum { LEAKED_MAX = 16 };

struct child {
	const struct helper_birth	*birth;
	const struct helper_family	*family;
	struct helper_seat		*seat;
	unsigned			worked;		/* not the quick */
	int				first_free;	/* -1: not known yet */
	struct log_condition		nonsense;
};

static void
on_wake(int sig)
{
	(void)sig;		/* recvmsg ends with EINTR: that is all */
}

/* Again after each answer: a library may have made us deaf. */
static void
hear_signals(void)
{
	struct sigaction wake = { .sa_handler = on_wake };
	sigset_t none;

	sigemptyset(&wake.sa_mask);
	sigaction(SIGUSR1, &wake, NULL);
	signal(SIGCHLD, SIG_DFL);	/* the next one may wait for a child */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The last idle one tells the parent, which looks 10 ms later. */
static void
be_busy(struct child *c)
{
	struct helper_row *row = c->birth->row;

	atomic_store(&c->seat->since_ms, clock_ms());
	atomic_store(&c->seat->state, SEAT_BUSY);
	atomic_fetch_add(&c->seat->taken, 1);
	if (!helper_row_is_busy(row, c->family->max))
		return;
	if (atomic_exchange(&row->watched, 1) != 0)
		return;		/* it knows */
	fd_poke(c->birth->poke);
}

static bool
has_gone(int reply)
{
	struct pollfd pfd = { .fd = reply };

	return poll(&pfd, 1, 0) == 1;	/* HUP, ERR, or no descriptor */
}

/* The lowest descriptor number that is free tells how many are not. */
static int
count_leaked(struct child *c, int reply)
{
	int fd = fcntl(reply, F_DUPFD_CLOEXEC, 0);

	if (fd == -1)
		return LEAKED_MAX + 1;		/* none is left */
	close(fd);
	if (c->first_free == -1)
		c->first_free = fd;
	return fd - c->first_free;
}

static void
leave_if_worn(struct child *c, int reply)
{
	const struct helper_family *f = c->family;
	int leaked = count_leaked(c, reply);

	if (leaked <= LEAKED_MAX &&
	    (f->retire_after == 0 || c->worked < f->retire_after))
		return;
	log_debug("helper retires family=%s questions=%u leaked=%d", f->name,
	    c->worked, leaked);
	atomic_store(&c->seat->leave, 1);
}

static size_t
answer(struct child *c, const uint8_t *buf, size_t len, int reply,
    uint8_t *out)
{
	const struct helper_family *f = c->family;
	size_t n = 0;

	if (f->quick != NULL)
		n = f->quick(f->arg, buf, len, out);
	if (n > 0)
		return n;
	if (has_gone(reply))
		return 0;
	c->worked++;
	n = f->answer(f->arg, buf, len, out);
	hear_signals();
	leave_if_worn(c, reply);
	if (n == 0)
		log_starts(&c->nonsense, "family=%s len=%zu", f->name, len);
	return n;
}

static void
serve(struct child *c, const uint8_t *buf, size_t len, int reply)
{
	uint8_t out[MESSAGE_MAX];
	size_t n;

	be_busy(c);
	n = answer(c, buf, len, reply, out);
	if (n > 0 && channel_send(reply, out, n, NULL, 0) == -1)
		log_debug("answer lost family=%s why=\"%s\"",
		    c->family->name, strerror(errno));
	explicit_bzero(out, sizeof(out));
	close(reply);
	atomic_store(&c->seat->state, SEAT_IDLE);
}

#if !HAVE_DECL_PR_SET_PDEATHSIG
/* Nobody will kill us: watch the lifeline beside the questions. */
static void
wait_for_question(const struct child *c)
{
	struct pollfd pfds[2] = {
		{ .fd = c->family->questions, .events = POLLIN },
		{ .fd = c->birth->process->lifeline, .events = POLLIN },
	};

	if (poll(pfds, 2, 1000) > 0 && pfds[1].revents != 0)
		_exit(0);
	process_follow_parent();
}
#endif

static void
take_question(struct child *c)
{
	uint8_t buf[MESSAGE_MAX];
	size_t n_fds = 1;
	int reply = -1;
	ssize_t len;

#if !HAVE_DECL_PR_SET_PDEATHSIG
	wait_for_question(c);
#endif
	len = channel_receive(c->family->questions, buf, sizeof(buf), &reply,
	    &n_fds);
	if (len == -1 && errno != EINTR && errno != EAGAIN && errno != EBADMSG)
		_exit(1);
	if (len > 0 && n_fds == 1)
		serve(c, buf, (size_t)len, reply);
	else if (n_fds == 1)
		close(reply);
	else if (len == 0 && has_gone(c->family->questions))
		_exit(1);	/* the channel itself has ended */
	explicit_bzero(buf, sizeof(buf));
}

_Noreturn void
helper_child_run(const struct helper_birth *birth)
{
	const struct helper_family *f = birth->family;
	struct child c = { .birth = birth, .family = f,
	    .seat = &birth->row->seats[birth->seat], .first_free = -1,
	    .nonsense = { .what = "question ignored" } };
	char name[32];

	snprintf(name, sizeof(name), "sockd-%s", f->name);
	process_begin(name, birth->parent);
	board_unmap(birth->process->board);
	hear_signals();
	if (f->start != NULL && !f->start(birth->process, f->arg))
		_exit(1);
	atomic_store(&c.seat->state, SEAT_IDLE);
	while (!atomic_load(&c.seat->leave))
		take_question(&c);
	_exit(0);
}
