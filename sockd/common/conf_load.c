/*
 * The configuration, read, from its file to the struct that stays const: in
 * the master, at the start and at each SIGHUP, and in sockctl.  Everything is
 * made anew; what went wrong leaves nothing behind.
 */
#include "conf_read.h"

#include <string.h>

#include "arena.h"

static bool
read_file(struct conf_reader *r)
{
	char word[64];
	unsigned line;

	if (conf_text_read(r) && conf_parse(r))
		return true;
	line = conf_dante_line(r->text, word, sizeof(word));
	if (line == 0)
		return false;
	r->failed = false;
	r->section = NULL;
	r->key = NULL;
	return conf_refuse(r, line, "\"%s\" is Dante's syntax; this sockd has "
	    "one of its own, see sockd.conf(5)", word);
}

static bool
begin(struct conf_reader *r)
{
	r->memory = arena_new();
	r->scratch = arena_new();
	if (r->memory == NULL || r->scratch == NULL)
		return conf_no_memory(r);
	r->key_lines = arena_array(r->scratch, conf_n_keys,
	    sizeof(*r->key_lines));
	r->conf = arena_array(r->memory, 1, sizeof(*r->conf));
	if (r->key_lines == NULL || r->conf == NULL)
		return conf_no_memory(r);
	r->conf->memory = r->memory;
	if (r->file == NULL)
		return true;
	r->conf->file = arena_text(r->memory, r->file);
	return r->conf->file != NULL || conf_no_memory(r);
}

static bool
build_all(struct conf_reader *r)
{
	return conf_build(r) && conf_check(r);
}

static struct conf *
load(const char *file, char *err, size_t err_size,
    bool (*build)(struct conf_reader *))
{
	struct conf_reader r = { .file = file, .err = err,
	    .err_size = err_size };
	bool ok;

	if (err_size > 0)
		err[0] = '\0';
	ok = begin(&r) && (file == NULL || read_file(&r)) && build(&r);
	arena_free(r.scratch);
	if (ok)
		return r.conf;
	arena_free(r.memory);
	return NULL;
}

struct conf *
conf_load(const char *file, char *err, size_t err_size)
{
	return load(file, err, err_size, build_all);
}

struct conf *
conf_load_places(const char *file, char *err, size_t err_size)
{
	return load(file, err, err_size, conf_build_scalars);
}

void
conf_free(struct conf *conf)
{
	if (conf != NULL)
		arena_free(conf->memory);
}

const struct conf_listen *
conf_listen_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_listens; i++)
		if (strcmp(conf->listens[i].name, name) == 0)
			return &conf->listens[i];
	return NULL;
}
