/*
 * The asking side of a helper family: one question at a time, to auth or to
 * the resolvers, from a process that must not wait long.
 *
 *	ask with serial n  ->  poll asker_fd()  ->  take
 *
 * The answer comes on a channel of the asker's own, whose other end travels
 * with the question.  Only the awaited serial is ever taken, and after a
 * timeout the channel is replaced: a late answer never reaches the next
 * client.
 */
#ifndef COMMON_ASKER_H
#define COMMON_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ASKER_GLANCE_MS = 20 };	/* see asker_take() */

struct asker {
	int		channel;	/* lent: the family's asking end */
	int		reply[2];	/* own pair; -1 until needed */
	uint64_t	serial;		/* awaited */
	bool		to_the_end;	/* though the client is gone: what it
					 * asked counts all the same */
};

void	asker_init(struct asker *a, int channel);

/* The serial for the next question; no other answer will be taken. */
uint64_t asker_next(struct asker *a);

/*
 * Send a question that carries serial asker_next(a).  0; -1 and errno
 * (EAGAIN: the family has too many waiting).  Never blocks.
 */
int	asker_ask(struct asker *a, const void *question, size_t len);

/* The descriptor to poll for the answer. */
int	asker_fd(const struct asker *a);

/*
 * Take the answer if it came: its length; 0 not yet (what answers another
 * question was thrown away); -1 the helper died or did not want to answer,
 * and none will come.
 *
 * Most answers come at once, and for those the pair is kept.  A call that
 * finds nothing lets go of the asker's copy of the other end, so that from
 * then on a helper's death wakes the poll.  So: poll for ASKER_GLANCE_MS,
 * call this, and then poll for as long as the answer may take.
 */
ssize_t	asker_take(struct asker *a, void *buf, size_t size);

/* Give up waiting: the channel is replaced, so a late answer is lost. */
void	asker_give_up(struct asker *a);

#endif
