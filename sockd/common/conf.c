/*
 * libConfuse takes the file's text apart, and hands over each value with its
 * line.  The only file that knows libConfuse.
 *
 * libConfuse keeps its sections in a list that it searches for each new one,
 * lets a key or a section given twice pass, and has no word for a value that
 * is wrong: so a section is taken as soon as it is whole, and every check is
 * ours.
 */
#include "conf_read.h"

#include <confuse.h>
#include <string.h>

#include "arena.h"

/* libConfuse gives its callbacks nothing of ours to hold. */
static struct conf_reader *reader;
static cfg_t *root;
static bool in_section;

/* ---- a word that no key has ---- */

/* Another section that has a key of this name, or NULL. */
static const char *
find_home(const char *word)
{
	for (size_t i = 0; i < conf_n_keys; i++)
		if (strcmp(conf_keys[i].name, word) == 0)
			return conf_keys[i].section;
	return NULL;
}

static bool
refuse_unknown(const char *kind, unsigned line, const char *word)
{
	enum { KNOWN_MAX = 64 };
	const char *known[KNOWN_MAX] = { NULL }, *near, *section = "";
	const char *home = find_home(word);
	size_t n = 0;

	for (size_t i = 0; i < conf_n_keys && n + 2 <= KNOWN_MAX; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (strcmp(key->section, kind) == 0)
			known[n++] = key->name;
		if (kind[0] == '\0' && strcmp(key->section, section) != 0)
			known[n++] = section = key->section;
	}
	near = conf_nearest(word, known, n);
	if (near != NULL)
		return conf_refuse(reader, line,
		    "\"%s\" is no key here; was \"%s\" meant?", word, near);
	if (home != NULL)
		return conf_refuse(reader, line, "\"%s\" is no key here; "
		    "it belongs %s%s", word, home[0] == '\0' ?
		    "before all sections" : "into section ", home);
	return conf_refuse(reader, line, "\"%s\" is no key here; "
	    "sockd.conf(5) has them all", word);
}

/* ---- what libConfuse finds ---- */

static struct conf_section *
add_section(const char *kind, const char *title, unsigned line)
{
	struct conf_reader *r = reader;
	struct conf_section *s = arena_grow(r->scratch, r->sections,
	    r->n_sections, sizeof(*s));

	if (s == NULL) {
		conf_no_memory(r);
		return NULL;
	}
	r->sections = s;
	s = &r->sections[r->n_sections++];
	*s = conf_section_empty(kind);
	s->line = line;
	if (title != NULL)
		s->title = arena_text(r->scratch, title);
	if (title != NULL && s->title == NULL) {
		conf_no_memory(r);
		return NULL;
	}
	return s;
}

/* The section that cfg is, begun with its first value or its end. */
static struct conf_section *
open_section(const cfg_t *cfg)
{
	struct conf_reader *r = reader;
	unsigned line;

	if (in_section)
		return &r->sections[r->n_sections - 1];
	line = r->lines[r->n_sections - 1];
	for (size_t i = 1; cfg->title == NULL && i < r->n_sections; i++)
		if (strcmp(r->sections[i].kind, cfg->name) == 0) {
			conf_refuse(r, line, "there is a %s section on line "
			    "%u already", cfg->name, r->sections[i].line);
			return NULL;
		}
	in_section = true;
	return add_section(cfg->name, cfg->title, line);
}

static const struct conf_key *
find_key(const struct conf_section *s, const char *name)
{
	for (size_t i = 0; i < s->n_keys; i++)
		if (strcmp(s->keys[i].name, name) == 0)
			return &s->keys[i];
	return NULL;
}

/* An assignment begins; has there been one of this key in the section? */
static bool
check_first(const struct conf_section *s, const struct conf_key *key,
    unsigned line)
{
	for (size_t i = 0; i < s->n_given; i++) {
		if (s->given[i].key != key)
			continue;
		reader->section = s;
		reader->key = key;
		return conf_refuse(reader, line, "it is given twice; "
		    "the first is on line %u", s->given[i].value.line);
	}
	return true;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_reader *r = reader;
	struct conf_section *s = cfg == root ? &r->sections[0] :
	    open_section(cfg);
	struct conf_given *given;
	const char **copy = result;

	if (s == NULL)
		return -1;
	given = arena_grow(r->scratch, s->given, s->n_given, sizeof(*given));
	*copy = arena_text(r->scratch, value);
	if (given == NULL || *copy == NULL) {
		conf_no_memory(r);
		return -1;
	}
	s->given = given;
	given = &s->given[s->n_given];
	given->key = find_key(s, opt->name);
	given->value = (struct conf_value){ *copy, (unsigned)cfg->line };
	if (given->key == NULL) {	/* "log|level" leads libConfuse there */
		refuse_unknown(s->kind, given->value.line, opt->name);
		return -1;
	}
	if (opt->nvalues == 1 && !check_first(s, given->key,
	    given->value.line))
		return -1;
	s->n_given++;
	return 0;
}

/*
 * In a list that was meant to hold something, nothing would hold always.
 * The options were made from the keys, in their order.
 */
static bool
check_empty_lists(const struct conf_section *s, const cfg_t *cfg)
{
	for (size_t i = 0; i < s->n_keys; i++) {
		const struct conf_key *key = &s->keys[i];
		const cfg_opt_t *opt = &cfg->opts[i];

		if ((opt->flags & CFGF_MODIFIED) == 0 || opt->nvalues > 0 ||
		    (key->initial != NULL && key->initial[0] == '\0'))
			continue;
		reader->section = s;
		reader->key = key;
		return conf_refuse(reader, s->line,
		    "an empty list; leave the key out, or name what is meant");
	}
	return true;
}

static int
on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	const cfg_t *ended = opt->values[opt->nvalues - 1]->section;
	const struct conf_section *s = open_section(ended);

	(void)cfg;
	in_section = false;
	if (s == NULL || !check_empty_lists(s, ended))
		return -1;
	if ((opt->flags & CFGF_MULTI) != 0)
		cfg_free_value(opt);
	return 0;
}

/* ---- what libConfuse says ---- */

__attribute__((format(printf, 2, 0)))
static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const char unknown[] = "no such option '";
	enum { SAID_MAX = 256 };
	char said[SAID_MAX];
	struct conf_section section = { .kind = cfg == root ? "" : cfg->name,
	    .title = cfg->title };

	vsnprintf(said, sizeof(said), fmt, ap);
	reader->section = &section;
	reader->key = NULL;
	if (strncmp(said, unknown, strlen(unknown)) == 0) {
		char *word = said + strlen(unknown);

		word[strcspn(word, "'")] = '\0';
		refuse_unknown(section.kind, (unsigned)cfg->line, word);
	} else {
		conf_refuse(reader, (unsigned)cfg->line, "%s", said);
	}
	reader->section = NULL;
}

/* ---- the table, as libConfuse wants it ---- */

static cfg_opt_t
key_option(const struct conf_key *key)
{
	cfg_opt_t list = CFG_STR_LIST_CB(key->name, NULL, CFGF_NODEFAULT,
	    on_value);
	cfg_opt_t one = CFG_STR_CB(key->name, NULL, CFGF_NODEFAULT, on_value);

	return key->how->is_list ? list : one;
}

static cfg_opt_t
section_option(const char *section, cfg_opt_t *keys)
{
	cfg_opt_t option = CFG_SEC(section, keys,
	    conf_is_titled(section) ? CFGF_MULTI | CFGF_TITLE : CFGF_NONE);

	option.validcb = on_section_end;
	return option;
}

/* All options; those of the top level begin at *top. */
static cfg_opt_t *
make_options(struct conf_reader *r, cfg_opt_t **top)
{
	/* each key, and for each section an end and an option of its own */
	cfg_opt_t *all = arena_array(r->scratch, 3 * conf_n_keys + 2,
	    sizeof(*all));
	cfg_opt_t *next = all, *section = all;
	cfg_opt_t end = CFG_END();
	size_t n_top = 0;

	if (all == NULL)
		return NULL;
	*top = all + 2 * conf_n_keys + 1;
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->section[0] == '\0') {
			(*top)[n_top++] = key_option(key);
			continue;
		}
		*next++ = key_option(key);
		if (i + 1 < conf_n_keys &&
		    strcmp(key->section, key[1].section) == 0)
			continue;
		*next++ = end;
		(*top)[n_top++] = section_option(key->section, section);
		section = next;
	}
	(*top)[n_top] = end;
	return all;
}

bool
conf_parse(struct conf_reader *r)
{
	cfg_opt_t *top;
	int rc;

	reader = r;
	in_section = false;
	if (add_section("", NULL, 0) == NULL)
		return false;
	if (make_options(r, &top) == NULL)
		return conf_no_memory(r);
	root = cfg_init(top, CFGF_NONE);
	if (root == NULL)
		return conf_no_memory(r);
	cfg_set_error_function(root, on_error);
	rc = cfg_parse_buf(root, r->text);
	cfg_free(root);
	root = NULL;
	if (rc != CFG_SUCCESS)
		return conf_refuse(r, 0, "cannot be read");
	return true;
}
