/*
 * Lists of words from a known few: protocols, commands, methods, listeners.
 */
#include "conf_read.h"

#include <string.h>

#include "lib/socks5.h"

/* ---- words that are bits ---- */

static bool
words_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	unsigned *mask = conf_field(r->key, base);

	*mask = 0;
	for (size_t i = 0; i < n; i++) {
		int bit;

		if (!conf_word_value(r, r->key->words, &v[i], &bit))
			return false;
		if ((*mask & (unsigned)bit) != 0)
			return conf_refuse_value(r, &v[i], "is named twice");
		*mask |= (unsigned)bit;
	}
	return true;
}

static bool
words_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const unsigned *mask = conf_field_const(key, base);
	bool any = false;

	(void)conf;
	for (const struct conf_word *w = key->words; w->word != NULL; w++) {
		if ((*mask & (unsigned)w->value) == 0)
			continue;
		fprintf(out, "%s\"%s\"", any ? ", " : "{ ", w->word);
		any = true;
	}
	fputs(any ? " }" : "", out);
	return any;
}

const struct conf_type conf_type_words = {
	.is_list = true, .set = words_set, .print = words_print,
};

/* ---- methods, in order of preference ---- */

static const struct conf_word methods[] = {
	{ "password", SOCKS5_METHOD_PASSWORD }, { "none", SOCKS5_METHOD_NONE },
	{ NULL, 0 },
};

static bool
methods_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	struct conf_listen *listen = base;

	listen->n_methods = 0;
	for (size_t i = 0; i < n; i++) {
		int method;

		if (strcmp(v[i].text, "gssapi") == 0)
			return conf_refuse_value(r, &v[i], "is not built into "
			    "this version; write \"password\" or \"none\"");
		if (!conf_word_value(r, methods, &v[i], &method))
			return false;
		if (memchr(listen->methods, method, listen->n_methods) != NULL)
			return conf_refuse_value(r, &v[i], "is named twice");
		listen->methods[listen->n_methods++] = (uint8_t)method;
	}
	return true;
}

static bool
methods_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct conf_listen *listen = base;

	(void)conf;
	(void)key;
	for (size_t i = 0; i < listen->n_methods; i++)
		for (const struct conf_word *w = methods; w->word != NULL; w++)
			if (listen->methods[i] == w->value)
				fprintf(out, "%s\"%s\"", i == 0 ? "{ " : ", ",
				    w->word);
	fputs(" }", out);
	return true;
}

const struct conf_type conf_type_methods = {
	.is_list = true, .set = methods_set, .print = methods_print,
};

/* ---- listen sections by name; they were read before the rules ---- */

static bool
listener(struct conf_reader *r, const struct conf_value *v, uint64_t *mask)
{
	const struct conf *conf = r->conf;
	const char *known[LISTENERS_MAX] = { NULL }, *near;

	for (size_t i = 0; i < conf->n_listens; i++) {
		known[i] = conf->listens[i].name;
		if (strcmp(known[i], v->text) == 0) {
			*mask |= UINT64_C(1) << i;
			return true;
		}
	}
	near = conf_nearest(v->text, known, conf->n_listens);
	if (near != NULL)
		return conf_refuse_value(r, v, "is no listen section; "
		    "was \"%s\" meant?", near);
	return conf_refuse_value(r, v, "is no listen section of this file");
}

static bool
listens_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	uint64_t *mask = conf_field(r->key, base);

	*mask = 0;
	for (size_t i = 0; i < n; i++)
		if (!listener(r, &v[i], mask))
			return false;
	return true;
}

static bool
listens_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const uint64_t *mask = conf_field_const(key, base);
	bool any = false;

	for (size_t i = 0; i < conf->n_listens; i++) {
		if ((*mask >> i & 1) == 0)
			continue;
		fputs(any ? ", " : "{ ", out);
		conf_print_text(out, conf->listens[i].name);
		any = true;
	}
	fputs(any ? " }" : "", out);
	return any;
}

const struct conf_type conf_type_listens = {
	.is_list = true, .set = listens_set, .print = listens_print,
};
