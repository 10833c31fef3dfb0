/*
 * From values to fields: each key of a section takes what the file gave for
 * it, or else its default, through the type that the key table names.
 */
#include "conf_read.h"

#include <string.h>

#include "arena.h"

/* What the file gave for the key, in order; returns how many. */
static size_t
gather(const struct conf_section *section, const struct conf_key *key,
    struct conf_value *values)
{
	size_t n = 0;

	for (size_t i = 0; i < section->n_given; i++)
		if (section->given[i].key == key)
			values[n++] = section->given[i].value;
	return n;
}

/* "a, b" is two values of a list, and "" is none. */
static bool
split_default(struct conf_reader *r, struct conf_value *values, size_t *n)
{
	const struct conf_key *key = r->key;
	char *rest = arena_text(r->scratch, key->initial);

	if (rest == NULL)
		return conf_no_memory(r);
	*n = 0;
	if (!key->how->is_list) {
		values[(*n)++] = (struct conf_value){ rest, 0 };
		return true;
	}
	while (rest[0] != '\0') {
		char *end = strstr(rest, ", ");

		values[(*n)++] = (struct conf_value){ rest, 0 };
		if (end == NULL)
			break;
		*end = '\0';
		rest = end + strlen(", ");
	}
	return true;
}

static bool
fill_key(struct conf_reader *r, const struct conf_section *section,
    struct conf_value *values, void *base)
{
	size_t n = gather(section, r->key, values);

	if (n == 0 && r->key->initial == NULL)
		return true;
	if (n == 0 && !split_default(r, values, &n))
		return false;
	if (n > 0)
		r->key_lines[r->key - conf_keys] = values[0].line;
	return r->key->how->set(r, base, values, n);
}

bool
conf_fill(struct conf_reader *r, const struct conf_section *section,
    void *base)
{
	enum { DEFAULTS_MAX = 8 };	/* values in one default */
	struct conf_value *values = arena_array(r->scratch,
	    section->n_given + DEFAULTS_MAX, sizeof(*values));

	if (values == NULL)
		return conf_no_memory(r);
	r->section = section;
	for (size_t i = 0; i < section->n_keys; i++) {
		r->key = &section->keys[i];
		if (!fill_key(r, section, values, base))
			return false;
	}
	r->key = NULL;
	return true;
}
