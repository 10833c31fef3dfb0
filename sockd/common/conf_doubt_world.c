/*
 * Doubts about the world outside: who could use this proxy who should not,
 * and what could be overheard.
 */
#include "conf_doubt.h"

#include "lib/socks5.h"

/* One that strangers may reach: every address of the machine, or one that is
 * not of a private network. */
static bool
is_public(const struct conf_listen *l)
{
	return l->addr.family == ADDR_NONE || addr_is_unspecified(&l->addr) ||
	    !addr_is_private(&l->addr);
}

static void
doubt_passwords(const struct doubter *d, const struct conf_listen *l)
{
	if (is_public(l) && (l->protocols & PROTOCOL_SOCKS5) != 0 &&
	    conf_listen_offers(l, SOCKS5_METHOD_PASSWORD))
		doubt(d, of_listen(l),
		    "passwords travel in clear on a public address; let a "
		    "tunnel (ssh, stunnel, a VPN) lead to a private one");
}

/* To anywhere, or to everything of a family? */
static bool
leads_everywhere(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_to; i++)
		if (rule->to[i].kind == RULE_TO_PREFIX &&
		    rule->to[i].prefix.bits == 0)
			return true;
	return rule->n_to == 0;
}

static bool
listens_at(const struct rule *rule, size_t listener)
{
	return rule->listeners == 0 || (rule->listeners >> listener & 1) != 0;
}

/* An open proxy is found within hours. */
static void
doubt_open(const struct doubter *d, const struct rule *rule)
{
	const struct conf *conf = d->conf;

	if (rule->action != RULE_PASS || rule->n_users > 0 ||
	    rule->n_groups > 0 || !prefixes_are_world(rule->from,
	    rule->n_from) || !leads_everywhere(rule))
		return;
	for (size_t i = 0; i < conf->n_listens; i++) {
		const struct conf_listen *l = &conf->listens[i];

		if (!listens_at(rule, i) || !is_public(l) ||
		    !conf_listen_offers(l, SOCKS5_METHOD_NONE))
			continue;
		doubt(d, of_rule(rule),
		    "passes the whole world without a login, on the public "
		    "address of listen \"%s\"", l->name);
		return;
	}
}

/* What only a pass can do. */
static void
doubt_effects(const struct doubter *d, const struct rule *rule)
{
	if (rule->action == RULE_BLOCK && (rule->rate_up > 0 ||
	    rule->rate_down > 0 || rule->source4.family != ADDR_NONE ||
	    rule->source6.family != ADDR_NONE))
		doubt(d, of_rule(rule),
		    "source and rates say nothing in a rule that blocks");
}

void
doubt_world(const struct doubter *d)
{
	const struct policy *p = &d->conf->policy;
	bool passes = false;

	for (size_t i = 0; i < d->conf->n_listens; i++)
		doubt_passwords(d, &d->conf->listens[i]);
	for (size_t i = 0; i < p->n_rules; i++) {
		passes |= p->rules[i].action == RULE_PASS;
		doubt_open(d, &p->rules[i]);
		doubt_effects(d, &p->rules[i]);
	}
	if (!passes)
		doubt(d, of_file(), "no rule passes anything: every "
		    "client will be refused");
}
