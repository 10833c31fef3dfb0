/*
 * What is legal and cannot be meant: sockd -t tells it, a start tells only
 * who could log in without anybody's meaning it.  Here are doubts about the
 * order of rules and limits; conf_doubt_people.c, conf_doubt_pam.c and
 * conf_doubt_world.c have the others.
 */
#include "conf_doubt.h"

#include <stdarg.h>
#include <string.h>

void
doubt(const struct doubter *d, struct subject of, const char *fmt, ...)
{
	enum { TEXT_SIZE = 1024 };
	const char *file = d->conf->file;
	char text[TEXT_SIZE];
	FILE *out = fmemopen(text, sizeof(text), "w");
	va_list ap;

	if (out == NULL)
		return;
	fprintf(out, "%s:", file == NULL ? "built-in defaults" : file);
	if (of.line > 0)
		fprintf(out, "%u:", of.line);
	fputc(' ', out);
	if (of.kind != NULL)
		fprintf(out, "%s \"%s\": ", of.kind, of.name);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fclose(out);
	text[sizeof(text) - 1] = '\0';
	d->warn(d->arg, text);
}

static void
doubt_rule_order(const struct doubter *d, const struct policy *p, size_t i)
{
	const struct rule *rule = &p->rules[i];

	for (size_t j = 0; j < i; j++) {
		if (!rule_covers(&p->rules[j], rule))
			continue;
		doubt(d, of_rule(rule),
		    "can never be reached: rule \"%s\" on line %u comes first "
		    "and holds for all of it", p->rules[j].name,
		    p->rules[j].line);
		return;
	}
}

static void
doubt_limit_order(const struct doubter *d, const struct policy *p, size_t i)
{
	const struct limit *limit = &p->limits[i];

	for (size_t j = 0; j < i; j++) {
		if (!limit_covers(&p->limits[j], limit))
			continue;
		doubt(d, of_limit(limit),
		    "never applies: limit \"%s\" on line %u comes first and "
		    "holds for all of it", p->limits[j].name,
		    p->limits[j].line);
		return;
	}
}

/* ---- names that an address walks around ---- */

static bool
blocks_names_only(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_to; i++)
		if (rule->to[i].kind != RULE_TO_NAME &&
		    rule->to[i].kind != RULE_TO_SUFFIX)
			return false;
	return rule->action == RULE_BLOCK && rule->n_to > 0;
}

/* May it pass some client that the block is for, to an address? */
static bool
passes_addresses(const struct rule *pass, const struct rule *block)
{
	if (pass->action != RULE_PASS ||
	    (pass->commands & block->commands) == 0 ||
	    !rules_meet(pass, block))
		return false;
	for (size_t i = 0; i < pass->n_to; i++)
		if (pass->to[i].kind == RULE_TO_PREFIX)
			return true;
	return pass->n_to == 0;
}

static bool
blocks_addresses(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_to; i++)
		if (rule->to[i].kind == RULE_TO_PREFIX &&
		    !addr_is_loopback(&rule->to[i].prefix.base) &&
		    !addr_is_link_local(&rule->to[i].prefix.base))
			return rule->action == RULE_BLOCK;
	return false;
}

/* Does a neighbour block addresses for the same clients?  Then they are those
 * of the names. */
static bool
has_addresses_beside(const struct policy *p, size_t i)
{
	const struct rule *rule = &p->rules[i];

	return (i > 0 && blocks_addresses(rule - 1) &&
	    rules_meet(rule - 1, rule)) || (i + 1 < p->n_rules &&
	    blocks_addresses(rule + 1) && rules_meet(rule + 1, rule));
}

static void
doubt_names(const struct doubter *d, const struct policy *p, size_t i)
{
	const struct rule *block = &p->rules[i];

	if (!blocks_names_only(block) || has_addresses_beside(p, i))
		return;
	for (size_t j = i + 1; j < p->n_rules; j++) {
		if (!passes_addresses(&p->rules[j], block))
			continue;
		doubt(d, of_rule(block),
		    "blocks names only: a client that sends the address walks "
		    "around it, for rule \"%s\" on line %u passes addresses",
		    p->rules[j].name, p->rules[j].line);
		return;
	}
}

/* ---- blocks that BIND walks around ---- */

enum { BIND = 1 << COMMAND_BIND };

/* Does a rule before the n-th stop what this one lets through? */
static bool
bind_is_blocked(const struct policy *p, size_t n, const struct rule *block)
{
	struct rule bind = *block;

	bind.commands = BIND;
	for (size_t i = 0; i < n; i++)
		if (p->rules[i].action == RULE_BLOCK &&
		    rule_covers(&p->rules[i], &bind))
			return true;
	return false;
}

static void
doubt_bind(const struct doubter *d, const struct policy *p, size_t i)
{
	const struct rule *block = &p->rules[i];

	if (block->action != RULE_BLOCK || !block->default_commands)
		return;
	for (size_t j = i + 1; j < p->n_rules; j++) {
		const struct rule *pass = &p->rules[j];

		if (pass->action != RULE_PASS || (pass->commands & BIND) == 0 ||
		    !rules_meet(pass, block) || !rule_targets_meet(pass, block))
			continue;
		if (!bind_is_blocked(p, j, block))
			doubt(d, of_rule(block),
			    "without commands it does not block BIND, which "
			    "rule \"%s\" on line %u passes", pass->name,
			    pass->line);
		return;
	}
}

void
doubt_order(const struct doubter *d)
{
	const struct policy *p = &d->conf->policy;

	for (size_t i = 0; i < p->n_rules; i++) {
		doubt_rule_order(d, p, i);
		doubt_names(d, p, i);
		doubt_bind(d, p, i);
	}
	for (size_t i = 0; i < p->n_limits; i++)
		doubt_limit_order(d, p, i);
}

void
conf_doubt(const struct conf *conf, conf_warn_fn *warn, void *arg)
{
	const struct doubter d = { conf, warn, arg };

	doubt_world(&d);
	doubt_people(&d);
	doubt_pam(&d);
	doubt_order(&d);
}

void
conf_doubt_pam(const struct conf *conf, conf_warn_fn *warn, void *arg)
{
	const struct doubter d = { conf, warn, arg };

	doubt_pam(&d);
}
