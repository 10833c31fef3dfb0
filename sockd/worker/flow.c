/*
 * Moving octets in one direction, in a worker.
 *
 * Large chunks are spliced: through a pipe of 1 MiB 96 Gbit/s where copying
 * makes 52, and some 2,900 calls of splice and 400 of poll a GiB.  Small ones
 * are copied: as many calls, and a short session needs no pipe.
 *
 * Where splice(2) meets an urgent mark it says EAGAIN though the socket is
 * readable.  So whenever a chunk cannot be spliced the next is read with
 * recv(2), which stops at a mark, and goes past it when it stands there.
 * A mark may be known before the octets in front of it, where those were lost
 * on the way: poll says so until they come, and is not asked meanwhile.
 */
#include "flow.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "pipe.h"
#include "session.h"
#include "sockd/common/waitset.h"

enum {
	ROUNDS_MAX = 8,			/* chunks before others have a turn */
	SPLICE_FROM = 32 * 1024,	/* a chunk this large: splice */
	COPY_BELOW = 4 * 1024,		/* a chunk this small: copy again */
	AGAIN_FROM = 128 * 1024,	/* worth asking the source at once */
	GROW_AFTER = 3,
	COPY_MAX = 64 * 1024,
};

static size_t
copied(const struct flow *f)
{
	return buffer_held(f->buffer) - f->unpaid;
}

bool
flow_holds(const struct flow *f)
{
	return copied(f) > 0 || f->pipe->held > 0 ||
	    f->has_urgent;
}

static bool
broken(struct flow *f, int error)
{
	f->error = error;
	f->need = FLOW_BROKEN;
	return false;
}

/* ---- to the sink ---- */

static ssize_t
send_some(struct flow *f)
{
	ssize_t n;

	if (f->pipe->held > 0)
		return pipe_drain(f->pipe, f->to);
	if (f->has_urgent && copied(f) == 0) {
		n = send(f->to, &f->urgent, 1, MSG_OOB | MSG_NOSIGNAL);
		f->has_urgent = n != 1;
		return n;
	}
	n = send(f->to, buffer_data(f->buffer), copied(f), MSG_NOSIGNAL);
	if (n > 0)
		buffer_use(f->buffer, (size_t)n);
	return n;
}

static bool
refused(struct flow *f, int error)
{
	if (error != EPIPE && error != ECONNRESET)
		return broken(f, error);
	f->need = FLOW_REFUSED;
	return false;
}

/* Pass on all that is held.  False: need says what it waits for. */
static bool
push(struct flow *f)
{
	while (flow_holds(f)) {
		ssize_t n = send_some(f);

		f->passed |= n > 0;
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return refused(f, errno);
		f->need = FLOW_OUT;
		return false;
	}
	return true;
}

/* ---- from the source ---- */

/*
 * A pipe has slots, and how much fits in one depends on how the octets came:
 * 4 KiB, or a fragment of 32.  So all that may move is asked for, and it was
 * full if most of its pages' worth came.
 */
static size_t
chunk_size(const struct flow *f)
{
	if (f->splices)
		return METER_CHUNK_MAX;
	return f->no_pipe ? sizeof(f->buffer->octets) : COPY_MAX;
}

static bool
fills_pipe(const struct flow *f, size_t got)
{
	return got >= f->pipe->size - f->pipe->size / 4;
}

/* What came before the relay began goes first. */
static ssize_t
take_unpaid(struct flow *f, size_t want)
{
	size_t n = f->unpaid < want ? f->unpaid : want;

	f->unpaid -= n;
	return (ssize_t)n;
}

static bool
is_at_mark(const struct flow *f)
{
	int at_mark = 0;

	return ioctl(f->from, SIOCATMARK, &at_mark) == 0 && at_mark;
}

/* At a mark splice says EAGAIN, and 0 if the end has come behind it. */
static ssize_t
take_spliced(struct flow *f, size_t want)
{
	ssize_t n = pipe_fill(f->pipe, f->from, want);

	if (n != 0 || !is_at_mark(f))
		return n;
	errno = EAGAIN;
	return -1;
}

static ssize_t
take_some(struct flow *f, size_t want)
{
	ssize_t n;

	if (f->unpaid > 0)
		return take_unpaid(f, want);
	if (f->splices)
		return take_spliced(f, want);
	do
		n = recv(f->from, f->buffer->octets, want, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		f->buffer->end = (size_t)n;
	return n;
}

/* Copy or splice the next chunk?  It is the last one's size that tells. */
static void
choose(struct flow *f, size_t got)
{
	if (!f->splices) {
		if (got < SPLICE_FROM || f->marked || f->no_pipe)
			return;
		f->splices = pipe_open(f->pipe);
		f->no_pipe = !f->splices;
		f->full = 0;
		return;
	}
	if (got < COPY_BELOW)
		f->splices = false;
	f->full = fills_pipe(f, got) ? f->full + 1 : 0;
	if (f->full == GROW_AFTER && f->pipe->size < PIPE_GROWN_SIZE)
		pipe_grow(f->pipe);
}

/*
 * Take one chunk.  False: need says what it waits for.  *again: it pays to
 * ask the source once more before poll.
 */
static bool
pull(struct flow *f, bool *again)
{
	ssize_t n;

	switch (meter_ask(&f->meter, chunk_size(f), &f->resume_ms)) {
	case METER_WAIT:
		f->need = FLOW_TIME;
		return false;
	case METER_SPENT:
		f->need = FLOW_SPENT;
		return false;
	case METER_GO:
		break;
	}
	n = take_some(f, f->meter.leave);
	meter_moved(&f->meter, n > 0 ? (size_t)n : 0);
	if (n == -1) {
		f->need = FLOW_IN;
		return errno == EAGAIN ? false : broken(f, errno);
	}
	f->ended = n == 0;
	f->took |= n > 0;
	*again = f->ending || (size_t)n >= AGAIN_FROM ||
	    (size_t)n == f->meter.leave ||
	    (f->splices && fills_pipe(f, (size_t)n));
	choose(f, (size_t)n);
	return true;
}

/*
 * An urgent octet was announced.  What stands before it goes first; it is
 * taken when the mark is reached, and passed on as what it is.  False: the
 * source broke.
 */
static bool
take_urgent(struct flow *f)
{
	ssize_t n;

	f->splices = false;
	if (!is_at_mark(f))
		return true;
	f->marked = false;
	n = recv(f->from, &f->urgent, 1, 0);
	if (n == -1 && errno != EAGAIN)
		return broken(f, errno);
	if (n != 1)
		return true;
	f->has_urgent = true;
	f->took = true;
	f->meter.shaped = false;
	meter_moved(&f->meter, 1);
	return true;
}

/* The first chunk that poll promised: if it cannot be spliced, copy it. */
static bool
pull_first(struct flow *f, bool *again)
{
	if (pull(f, again))
		return true;
	if (f->need != FLOW_IN || !f->splices)
		return false;
	f->splices = false;
	return pull(f, again);
}

static void
move_chunks(struct flow *f, short said)
{
	bool again = true;

	f->marked |= (said & POLLPRI) != 0;
	f->ending |= (said & POLLRDHUP) != 0;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (!push(f))
			return;
		if (f->ended) {
			f->need = FLOW_DONE;
			return;
		}
		if (!again)
			break;
		/* where poll was not asked: a recv would take the octet for
		 * any other; behind a FIN comes none */
		if (!f->splices && !f->ending && (said == 0 || round > 0))
			f->marked |= is_at_mark(f);
		if (f->marked && f->unpaid == 0 && !take_urgent(f))
			return;
		if (f->has_urgent)
			continue;
		if (!(said != 0 && round == 0 ? pull_first(f, &again) :
		    pull(f, &again)))
			return;
	}
	f->need = flow_holds(f) || f->unpaid > 0 ? FLOW_OUT : FLOW_IN;
}

void
flow_move(struct flow *f, short said)
{
	f->took = f->passed = false;
	move_chunks(f, said);
	f->mark_ahead = said == POLLPRI && f->need == FLOW_IN && !f->took;
}

short
flow_events(const struct flow *f)
{
	return f->mark_ahead ? POLLIN : POLLIN | POLLPRI | POLLRDHUP;
}

int
flow_queued(const struct flow *f)
{
	int queued;

	return ioctl(f->to, TIOCOUTQ, &queued) == 0 ? queued : 0;
}

void
flow_drop(struct flow *f)
{
	meter_lost(&f->meter, copied(f) + f->pipe->held +
	    (f->has_urgent ? 1 : 0));
	f->buffer->begin = f->buffer->end = 0;
	f->unpaid = 0;
	f->has_urgent = false;
	pipe_reset(f->pipe);
}
