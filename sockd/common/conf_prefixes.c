/*
 * Values that say which hosts: prefixes, and the targets of a rule.
 */
#include "conf_read.h"

#include <string.h>
#include <strings.h>

#include "arena.h"

/* ---- prefixes ---- */

static bool
prefix(struct conf_reader *r, const struct conf_value *v,
    struct cidr *c)
{
	char right[ADDR_TEXT_MAX];

	switch (cidr_parse(c, v->text)) {
	case CIDR_OK:
		return true;
	case CIDR_BAD_ADDRESS:
		return conf_refuse_value(r, v, "is no address or prefix; "
		    "write one like \"10.0.0.0/8\" or \"2001:db8::1\"");
	case CIDR_BAD_LENGTH:
		return conf_refuse_value(r, v, "has no length that a prefix "
		    "can have; write one like \"10.0.0.0/8\"");
	case CIDR_HOST_BITS:
		return conf_refuse_value(r, v, "has bits set beyond its "
		    "length; write \"%s\"", cidr_format(c, right));
	}
	return false;
}

static bool
prefixes_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	const struct cidr **field = conf_field(r->key, base);
	struct cidr *prefixes = arena_array(r->memory, n, sizeof(*prefixes));

	if (prefixes == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!prefix(r, &v[i], &prefixes[i]))
			return false;
	*field = prefixes;
	*conf_count(r->key, base) = n;
	return true;
}

/* An empty list is printed where it is a value: where it is the default. */
static bool
prefixes_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct cidr *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);
	char text[ADDR_TEXT_MAX];

	(void)conf;
	if (n == 0 && key->initial == NULL)
		return false;
	fputs("{", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", i == 0 ? " " : ", ",
		    cidr_format(&(*field)[i], text));
	fputs(" }", out);
	return true;
}

const struct conf_type conf_type_prefixes = {
	.is_list = true, .set = prefixes_set, .print = prefixes_print,
};

/* ---- targets: prefixes, names, ".suffix", "self" ---- */

static bool
looks_like_address(const char *text)
{
	return strpbrk(text, ":/") != NULL ||
	    strspn(text, "0123456789.") == strlen(text);
}

/* No top-level domain is a number (RFC 3696, section 2): this is a range of
 * addresses, or part of one, and no host has such a name. */
static bool
looks_like_range(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot == NULL ? name : dot + 1;

	return strspn(last, "0123456789") == strlen(last) ||
	    strspn(name, "0123456789.-") == strlen(name);
}

static bool
refuse_target(struct conf_reader *r, const struct conf_value *v)
{
	return conf_refuse_value(r, v, "is no target; write a prefix, a "
	    "host's name, \".suffix\" or \"self\", and its ports in the "
	    "key ports");
}

/* A name in lower case, its trailing dot dropped; a suffix keeps its first. */
static bool
target_name(struct conf_reader *r, const struct conf_value *v,
    struct rule_to *to)
{
	char name[NAME_SIZE + 1] = ".";
	const char *rest = v->text;

	to->kind = RULE_TO_NAME;
	if (rest[0] == '.') {
		to->kind = RULE_TO_SUFFIX;
		rest++;
	}
	if (!name_read(rest, strlen(rest), name + 1))
		return refuse_target(r, v);
	if (looks_like_range(name + 1))
		return conf_refuse_value(r, v, "is no host's name; write "
		    "addresses as prefixes, such as \"10.0.0.0/29\"");
	to->name = arena_text(r->memory,
	    to->kind == RULE_TO_SUFFIX ? name : name + 1);
	return to->name != NULL || conf_no_memory(r);
}

static bool
target(struct conf_reader *r, const struct conf_value *v, struct rule_to *to)
{
	if (strcasecmp(v->text, "self") == 0) {
		to->kind = RULE_TO_SELF;
		return true;
	}
	if (!looks_like_address(v->text))
		return target_name(r, v, to);
	to->kind = RULE_TO_PREFIX;
	if (cidr_parse(&to->prefix, v->text) == CIDR_BAD_ADDRESS)
		return refuse_target(r, v);	/* a URL, or with a port */
	return prefix(r, v, &to->prefix);
}

static bool
targets_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	const struct rule_to **field = conf_field(r->key, base);
	struct rule_to *to = arena_array(r->memory, n, sizeof(*to));

	if (to == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!target(r, &v[i], &to[i]))
			return false;
	*field = to;
	*conf_count(r->key, base) = n;
	return true;
}

static const char *
target_text(const struct rule_to *to, char buf[ADDR_TEXT_MAX])
{
	switch (to->kind) {
	case RULE_TO_PREFIX:
		return cidr_format(&to->prefix, buf);
	case RULE_TO_SELF:
		return "self";
	case RULE_TO_NAME:
	case RULE_TO_SUFFIX:
		return to->name;
	}
	return "";
}

static bool
targets_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct rule_to *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);
	char text[ADDR_TEXT_MAX];

	(void)conf;
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", i == 0 ? "{ " : ", ",
		    target_text(&(*field)[i], text));
	fputs(n > 0 ? " }" : "", out);
	return n > 0;
}

const struct conf_type conf_type_targets = {
	.is_list = true, .set = targets_set, .print = targets_print,
};
