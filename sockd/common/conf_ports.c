/*
 * Values that are ports: those of a target, and the range for our own.
 */
#include "conf_read.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* "80" or "8000-8999"; both from 1 to 65535, the first not above the last. */
static bool
parse_ports(const char *text, uint16_t *first, uint16_t *last)
{
	unsigned long value[2];
	char *end;

	for (int i = 0; i < 2; i++) {
		if (text[0] < '0' || text[0] > '9' || strspn(text,
		    "0123456789") > 5)
			return false;
		value[i] = strtoul(text, &end, 10);
		if (value[i] < 1 || value[i] > 65535)
			return false;
		if (i == 0 && *end == '\0') {
			value[1] = value[0];
			break;
		}
		if (*end != (i == 0 ? '-' : '\0'))
			return false;
		text = end + 1;
	}
	if (value[0] > value[1])
		return false;
	*first = (uint16_t)value[0];
	*last = (uint16_t)value[1];
	return true;
}

static void
print_ports(FILE *out, uint16_t first, uint16_t last)
{
	if (first == last)
		fprintf(out, "\"%u\"", first);
	else
		fprintf(out, "\"%u-%u\"", first, last);
}

/* From which our own ports are taken: "0" is any. */
static bool
range_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	struct conf_ports *ports = conf_field(r->key, base);

	(void)n;
	if (strcmp(v->text, "0") == 0) {
		*ports = (struct conf_ports){ 0, 0 };
		return true;
	}
	if (parse_ports(v->text, &ports->first, &ports->last))
		return true;
	return conf_refuse_value(r, v, "is no range of ports; write one like "
	    "\"40000-49999\", or \"0\" for any");
}

static bool
range_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct conf_ports *ports = conf_field_const(key, base);

	(void)conf;
	print_ports(out, ports->first, ports->last);
	return true;
}

const struct conf_type conf_type_range = {
	.set = range_set, .print = range_print,
};

static bool
ports_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	const struct rule_ports **field = conf_field(r->key, base);
	struct rule_ports *ports = arena_array(r->memory, n, sizeof(*ports));

	if (ports == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!parse_ports(v[i].text, &ports[i].first, &ports[i].last))
			return conf_refuse_value(r, &v[i], "is no port; "
			    "write one like \"443\" or \"8000-8999\"");
	*field = ports;
	*conf_count(r->key, base) = n;
	return true;
}

static bool
ports_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct rule_ports *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);

	(void)conf;
	for (size_t i = 0; i < n; i++) {
		fputs(i == 0 ? "{ " : ", ", out);
		print_ports(out, (*field)[i].first, (*field)[i].last);
	}
	fputs(n > 0 ? " }" : "", out);
	return n > 0;
}

const struct conf_type conf_type_ports = {
	.is_list = true, .set = ports_set, .print = ports_print,
};
