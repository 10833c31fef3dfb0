/*
 * The words of sockctl explain: user=ann from=10.0.0.7 to=example.org:443
 */
#ifndef CTL_EXPLAIN_WORDS_H
#define CTL_EXPLAIN_WORDS_H

#include "sockd/common/conf.h"

/* What was said; what was not is not known. */
struct explain_words {
	unsigned	said;		/* 1U << the key */
	const char	*user;		/* NULL; "": a client without login */
	const char	*listen;
	bool		has_from, has_to;
	struct addr	from;
	struct target	to;
	enum command	command;
	unsigned	version;	/* 4 or 5 */
	unsigned	minute;		/* of the week, local */
	unsigned	listener;	/* index, with listen */
};

/* False: a word is wrong, and stderr says which and what would be right. */
bool	explain_read(const struct conf *conf, int argc, char *argv[],
	    struct explain_words *w);

#endif
