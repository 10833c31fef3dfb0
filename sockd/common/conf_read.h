/*
 * What the parts of the configuration's reader share (conf_*.c only).
 *
 * A file becomes a struct conf (conf_load.c) in four steps: its text is made
 * harmless (conf_text.c), libConfuse takes it apart into sections and values
 * (conf.c), sections become structs and values fields as the key table says
 * (conf_build.c, conf_fill.c, and a struct conf_type for each kind of value),
 * and what fields must have in common is checked (conf_check.c).  The first
 * fault ends it all.
 */
#ifndef COMMON_CONF_READ_H
#define COMMON_CONF_READ_H

#include <stdio.h>

#include "conf.h"
#include "lib/message.h"

enum {
	CONF_FILE_MAX = 8 * 1024 * 1024,	/* octets */
	CONF_LISTENS_MAX = LISTENERS_MAX,
	CONF_RULES_MAX = BOARD_RULES_MAX,
	CONF_LIMITS_MAX = 16384,
	CONF_NAME_MAX = BOARD_NAME_SIZE - 1,	/* of a section */
	CONF_USER_MAX = BOARD_USER_SIZE - 1,
	CONF_SERVICE_MAX = MESSAGE_SERVICE_SIZE - 1,
};

struct conf_value {
	const char	*text;
	unsigned	line;			/* 0: a default */
};

/* What the file gave for one key. */
struct conf_given {
	const struct conf_key	*key;
	struct conf_value	value;
};

/* One section of the file, in the file's order; the first is its top level. */
struct conf_section {
	const char		*kind;		/* "rule", "" */
	const char		*title;		/* NULL: it has none */
	unsigned		line;
	const struct conf_key	*keys;		/* that it can have */
	size_t			n_keys;
	size_t			n_given;
	struct conf_given	*given;
};

struct conf_reader {
	const char		*file;		/* NULL: the defaults alone */
	bool			failed;
	char			*err;		/* one line, once it failed */
	size_t			err_size;
	struct arena		*memory;	/* the configuration's */
	struct arena		*scratch;	/* the reader's */
	struct conf		*conf;
	char			*text;		/* the file's, made harmless */
	size_t			n_lines;
	unsigned		*lines;		/* of each section, in order */
	size_t			n_sections;
	struct conf_section	*sections;
	const struct conf_section *section;	/* that is being filled, */
	const struct conf_key	*key;		/* and its key: for errors */
	unsigned		*key_lines;	/* by index in conf_keys */
	void			*groups;	/* conf_people.c: a tree */
	bool			knows_self;	/* conf_addresses.c: asked */
	struct addr		*self;		/* this machine's addresses */
	size_t			n_self;
};

struct conf_word {
	const char	*word;			/* NULL ends a list */
	int		value;
};

/* How the values of one type are read and written.  Base is the struct that
 * the key's offsets are for. */
struct conf_type {
	bool		is_list, is_text;	/* text: the field is one */
	/* False: refused with conf_refuse(). */
	bool		(*set)(struct conf_reader *r, void *base,
			    const struct conf_value *values, size_t n);
	/* As in the file; false, and nothing is written: it has no value. */
	bool		(*print)(const struct conf *conf,
			    const struct conf_key *key, const void *base,
			    FILE *out);
};

extern const struct conf_type conf_type_count, conf_type_duration,
    conf_type_rate, conf_type_word, conf_type_bool, conf_type_name,
    conf_type_service, conf_type_path, conf_type_log, conf_type_address,
    conf_type_range, conf_type_prefixes, conf_type_targets, conf_type_ports,
    conf_type_addresses, conf_type_words, conf_type_methods,
    conf_type_listens, conf_type_users, conf_type_groups, conf_type_hours,
    conf_type_sizes, conf_type_durations;

/* Where a key's field lies, and how many elements a list has. */
static inline void *
conf_field(const struct conf_key *key, void *base)
{
	return (char *)base + key->offset;
}

static inline const void *
conf_field_const(const struct conf_key *key, const void *base)
{
	return (const char *)base + key->offset;
}

static inline size_t *
conf_count(const struct conf_key *key, void *base)
{
	return (size_t *)(void *)((char *)base + key->count_offset);
}

static inline size_t
conf_length(const struct conf_key *key, const void *base)
{
	return *(const size_t *)(const void *)((const char *)base +
	    key->count_offset);
}

/* ---- conf_complain.c ---- */

/*
 * Write the error line, with file, line (0: without), section and key.
 * Returns false, so that a refusal is one statement; the first one stays.
 */
bool	conf_refuse(struct conf_reader *r, unsigned line, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* The same, and the value in quotes stands before the rest. */
bool	conf_refuse_value(struct conf_reader *r, const struct conf_value *v,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool	conf_no_memory(struct conf_reader *r);

/* The known word nearest to a wrong one, or NULL if none is near. */
const char *conf_nearest(const char *wrong, const char *const *known,
	    size_t n);

/* ---- conf_scalar.c ---- */

/* The value of one of a few words; another one is refused. */
bool	conf_word_value(struct conf_reader *r, const struct conf_word *words,
	    const struct conf_value *v, int *value);

/* ---- conf_text.c, conf_dante.c ---- */

bool	conf_text_read(struct conf_reader *r);

/* The line on which the text shows itself to be Dante's, and the word that
 * does; 0: it does not. */
unsigned conf_dante_line(const char *text, char *word, size_t size);

/* ---- conf.c ---- */

/* The text's sections and values, in its order. */
bool	conf_parse(struct conf_reader *r);

/* ---- conf_keys.c ---- */

/* The rows of one section's keys; NULL: there is no such section. */
const struct conf_key *conf_keys_of(const char *section, size_t *n);

/* A section of this kind, in which nothing is given. */
struct conf_section conf_section_empty(const char *kind);

/* Has each section of that kind a name of its own? */
bool	conf_is_titled(const char *section);

/* ---- conf_fill.c ---- */

/* Every key of a section from what was given, or from its default. */
bool	conf_fill(struct conf_reader *r, const struct conf_section *section,
	    void *base);

/* ---- conf_build.c, conf_check.c ---- */

bool	conf_build(struct conf_reader *r);
/* Of it, the sections without a name. */
bool	conf_build_scalars(struct conf_reader *r);
bool	conf_check(struct conf_reader *r);

/* ---- conf_people.c ---- */

/* What was remembered of NSS is forgotten. */
void	conf_groups_end(struct conf_reader *r);

/* ---- conf_print.c ---- */

/* A text as the file would have it: in the quotes that it needs. */
void	conf_print_text(FILE *out, const char *text);

/* A key's value as the file would have it, in memory of the caller; NULL: it
 * has none (or there is no memory). */
char	*conf_value_text(const struct conf *conf, const struct conf_key *key,
	    const void *base);

#endif
