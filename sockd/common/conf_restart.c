/*
 * What a reload cannot change: the key table says which keys, and they keep
 * the values of the running configuration.
 */
#include "conf_read.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

static bool
differs(const struct conf_key *key, const struct conf *a,
    const struct conf *b)
{
	char *x = conf_value_text(a, key, a), *y = conf_value_text(b, key, b);
	bool same = x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;

	free(x);
	free(y);
	return !same;
}

void
conf_needs_restart(const struct conf *running, const struct conf *next,
    char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < conf_n_keys && used < size; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->reloadable || !differs(key, running, next))
			continue;
		used += (size_t)snprintf(out + used, size - used,
		    "%s%s%s%s", used == 0 ? "" : ", ", key->section,
		    key->section[0] == '\0' ? "" : ".", key->name);
	}
}

/* A text must live as long as the configuration that it is in. */
static bool
keep_value(struct conf *next, const struct conf *running,
    const struct conf_key *key)
{
	void *to = conf_field(key, next);
	const void *from = conf_field_const(key, running);
	const char **text = to;

	if (!key->how->is_text) {
		memcpy(to, from, key->size);
		return true;
	}
	*text = arena_text(next->memory, *(const char *const *)from);
	return *text != NULL;
}

static unsigned
at_most(unsigned value, unsigned max)
{
	return value < max ? value : max;
}

bool
conf_keep_fixed(struct conf *next, const struct conf *running)
{
	for (size_t i = 0; i < conf_n_keys; i++)
		if (!conf_keys[i].reloadable &&
		    !keep_value(next, running, &conf_keys[i]))
			return false;
	next->workers.start = at_most(next->workers.start,
	    next->workers.max);
	next->workers.max_spare = at_most(next->workers.max_spare,
	    next->workers.max);
	next->workers.min_spare = at_most(next->workers.min_spare,
	    next->workers.max_spare);
	return true;
}
