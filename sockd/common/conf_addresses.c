/*
 * Values that are addresses: where to listen, what to advertise, from which
 * of this machine's addresses to go out.
 */
#include "conf_read.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "own_addrs.h"

/* ---- one address, or the word that stands for none ---- */

static bool
address_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	struct addr *addr = conf_field(r->key, base);

	(void)n;
	if (strcmp(v->text, r->key->words[0].word) == 0) {
		*addr = (struct addr){ .family = ADDR_NONE };
		return true;
	}
	if (addr_parse(addr, v->text))
		return true;
	return conf_refuse_value(r, v, "is no address; write one like "
	    "\"192.0.2.1\" or \"2001:db8::1\"%s",
	    r->key->words[0].word[0] == '*' ? ", or \"*\" for all" : "");
}

static bool
address_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct addr *addr = conf_field_const(key, base);
	char text[ADDR_TEXT_MAX];

	(void)conf;
	conf_print_text(out, addr->family == ADDR_NONE ?
	    key->words[0].word : addr_format(addr, text));
	return true;
}

const struct conf_type conf_type_address = {
	.set = address_set, .print = address_print,
};

/* ---- source addresses, one of each family ---- */

/* What this machine has; asked once for the file. */
static bool
find_self(struct conf_reader *r)
{
	ssize_t n, got;

	if (r->knows_self)
		return true;
	n = own_addrs(NULL, 0);
	if (n != -1) {
		r->self = arena_array(r->scratch, (size_t)n,
		    sizeof(*r->self));
		if (r->self == NULL)
			return conf_no_memory(r);
		got = own_addrs(r->self, (size_t)n);
		n = got < n ? got : n;
	}
	if (n == -1)
		return conf_refuse(r, 0, "cannot ask for this machine's "
		    "addresses: %s", strerror(errno));
	r->n_self = (size_t)n;
	r->knows_self = true;
	return true;
}

/* Any address of 127/8 is this machine's where one of them is. */
static bool
is_self(const struct conf_reader *r, const struct addr *addr)
{
	for (size_t i = 0; i < r->n_self; i++)
		if (addr_equal(&r->self[i], addr) ||
		    (addr->family == ADDR_IPV4 && addr_is_loopback(addr) &&
		    r->self[i].family == ADDR_IPV4 &&
		    addr_is_loopback(&r->self[i])))
			return true;
	return false;
}

static bool
addresses_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	struct rule *rule = base;

	if (!find_self(r))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct addr addr, *field;

		if (!addr_parse(&addr, v[i].text))
			return conf_refuse_value(r, &v[i],
			    "is no address; write one like \"192.0.2.1\"");
		field = addr.family == ADDR_IPV4 ?
		    &rule->source4 : &rule->source6;
		if (field->family != ADDR_NONE)
			return conf_refuse_value(r, &v[i], "is a second "
			    "address of its family; only one can be used");
		if (!is_self(r, &addr))
			return conf_refuse_value(r, &v[i],
			    "is no address of this machine");
		*field = addr;
	}
	return true;
}

static bool
addresses_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct rule *rule = base;
	const struct addr *const sources[] = { &rule->source4,
	    &rule->source6 };
	char text[ADDR_TEXT_MAX];
	bool any = false;

	(void)conf;
	(void)key;
	for (int i = 0; i < 2; i++) {
		if (sources[i]->family == ADDR_NONE)
			continue;
		fprintf(out, "%s\"%s\"", any ? ", " : "{ ",
		    addr_format(sources[i], text));
		any = true;
	}
	fputs(any ? " }" : "", out);
	return any;
}

const struct conf_type conf_type_addresses = {
	.is_list = true, .set = addresses_set, .print = addresses_print,
};
