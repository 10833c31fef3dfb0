/*
 * What fields must have in common, whatever each of them says by itself.
 */
#include "conf_read.h"

#include <string.h>

#include "lib/elements.h"

/* "less of section is not above more": both are keys of counts. */
struct order {
	const char	*section, *less, *more;
};

/* A value that gives way is looked at again in the rows below. */
static const struct order orders[] = {
	{ "workers", "start", "max" },
	{ "workers", "min_spare", "max" },
	{ "workers", "max_spare", "max" },
	{ "workers", "min_spare", "max_spare" },
	{ "pam", "helpers", "helpers_max" },
	{ "resolver", "helpers", "helpers_max" },
};

static const struct conf_key *
find_key(const char *section, const char *name)
{
	size_t n;
	const struct conf_key *key = conf_keys_of(section, &n);

	while (strcmp(key->name, name) != 0)
		key++;
	return key;
}

/* A default gives way to what is written; two that are written must agree. */
static bool
check_order(struct conf_reader *r, const struct order *o)
{
	struct conf_section section = { .kind = o->section };
	const struct conf_key *less = find_key(o->section, o->less);
	const struct conf_key *more = find_key(o->section, o->more);
	unsigned *low = conf_field(less, r->conf);
	const unsigned *high = conf_field(more, r->conf);
	unsigned line = r->key_lines[less - conf_keys];

	if (*low <= *high)
		return true;
	if (line == 0) {
		*low = *high;
		return true;
	}
	r->section = &section;
	r->key = less;
	conf_refuse(r, line, "%u is above %s, which is %u%s", *low, o->more,
	    *high, r->key_lines[more - conf_keys] == 0 ? " by default" : "");
	r->section = NULL;
	return false;
}

/* A slash at the end aside. */
static bool
is_same_path(const char *a, const char *b)
{
	size_t len = strlen(a), other = strlen(b);

	while (len > 1 && a[len - 1] == '/')
		len--;
	while (other > 1 && b[other - 1] == '/')
		other--;
	return len == other && memcmp(a, b, len) == 0;
}

/*
 * Root opens nothing in state_dir, and the accountant could not lock it: the
 * run has a lock of the same name.
 */
static bool
check_directories(struct conf_reader *r)
{
	const struct conf_key *run = find_key("", "run_dir");
	const struct conf_key *state = find_key("", "state_dir");
	unsigned run_line = r->key_lines[run - conf_keys];
	unsigned state_line = r->key_lines[state - conf_keys];
	bool is_state = state_line > run_line;	/* who came second */

	if (!is_same_path(r->conf->run_dir, r->conf->state_dir))
		return true;
	r->key = is_state ? state : run;
	return conf_refuse(r, is_state ? state_line : run_line,
	    "it is %s too; each needs a directory of its own",
	    is_state ? run->name : state->name);
}

/* Would both want the same port of the same address? */
static bool
collide(const struct conf_listen *a, const struct conf_listen *b)
{
	if (a->port != b->port || a->port == 0)
		return false;
	return a->addr.family == ADDR_NONE || b->addr.family == ADDR_NONE ||
	    addr_equal(&a->addr, &b->addr) ||
	    (a->addr.family == b->addr.family &&
	    (addr_is_unspecified(&a->addr) || addr_is_unspecified(&b->addr)));
}

static bool
check_listens(struct conf_reader *r)
{
	const struct conf *conf = r->conf;

	for (size_t i = 0; i < conf->n_listens; i++)
		for (size_t j = 0; j < i; j++)
			if (collide(&conf->listens[i], &conf->listens[j]))
				return conf_refuse(r, conf->listens[i].line,
				    "listen \"%s\": has the address and port "
				    "of listen \"%s\" on line %u",
				    conf->listens[i].name,
				    conf->listens[j].name,
				    conf->listens[j].line);
	return true;
}

bool
conf_check(struct conf_reader *r)
{
	r->section = NULL;
	r->key = NULL;
	for (size_t i = 0; i < N_ELEMENTS(orders); i++)
		if (!check_order(r, &orders[i]))
			return false;
	return check_directories(r) && check_listens(r);
}
