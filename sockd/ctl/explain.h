/*
 * sockctl explain, put together by one file and answered by another.
 */
#ifndef CTL_EXPLAIN_H
#define CTL_EXPLAIN_H

#include <limits.h>

#include "explain_words.h"
#include "sockd/common/question.h"

struct explained {
	const struct conf	*conf;
	struct explain_words	words;
	struct board		board;		/* private: our addresses */
	struct question_room	room;
	struct rule_question	question;
	gid_t			gids[NGROUPS_MAX];	/* all of them */
	size_t			n_gids;
	bool			passes;		/* in one way at least */
	bool			free;		/* and no quota is in it */
};

/*
 * Fill board, room and question from conf and words.  False: out of memory.
 * *e must stay where it is: the question points into it.
 */
bool	explain_ask(struct explained *e);

#endif
