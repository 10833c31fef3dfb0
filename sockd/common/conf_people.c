/*
 * Lists of the people whom a rule or limit is for: users, groups.
 */
#include "conf_read.h"

#include <errno.h>
#include <grp.h>
#include <search.h>
#include <string.h>

#include "arena.h"
#include "nss.h"

/* A name that PAM or NSS could give: any octets but control ones. */
static bool
check_name(struct conf_reader *r, const struct conf_value *v)
{
	size_t len = strlen(v->text);

	if (len == 0)
		return conf_refuse(r, v->line, "a name cannot be empty");
	if (len > CONF_USER_MAX)
		return conf_refuse_value(r, v, "is longer than the %d octets "
		    "that a name can have", CONF_USER_MAX);
	for (const char *p = v->text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return conf_refuse_value(r, v, "has a control octet "
			    "in it; names with \\ stand in 'single quotes'");
	return true;
}

/* ---- users ---- */

static bool
users_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	const char *const **field = conf_field(r->key, base);
	const char **users = arena_array(r->memory, n, sizeof(*users));

	if (users == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++) {
		if (!check_name(r, &v[i]))
			return false;
		if (n > 1 && strcmp(v[i].text, "*") == 0)
			return conf_refuse_value(r, &v[i], "is everybody who "
			    "logged in, and stands alone");
		users[i] = arena_text(r->memory, v[i].text);
		if (users[i] == NULL)
			return conf_no_memory(r);
	}
	*field = users;
	*conf_count(r->key, base) = n;
	return true;
}

static bool
users_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const char *const *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);

	(void)conf;
	for (size_t i = 0; i < n; i++) {
		fputs(i == 0 ? "{ " : ", ", out);
		conf_print_text(out, (*field)[i]);
	}
	fputs(n > 0 ? " }" : "", out);
	return n > 0;
}

const struct conf_type conf_type_users = {
	.is_list = true, .set = users_set, .print = users_print,
};

/* ---- groups ---- */

static int
compare_groups(const void *a, const void *b)
{
	const struct rule_group *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/*
 * A group that does not exist has no members; one that NSS cannot ask for
 * just now must not be taken for it, or what it is blocked from would open.
 */
static bool
ask_group(struct conf_reader *r, const struct conf_value *v, gid_t *gid)
{
	const struct group *gr;

	errno = 0;
	gr = getgrnam(v->text);
	if (gr != NULL)
		*gid = gr->gr_gid;
	else if (!nss_knows_nobody(errno))
		return conf_refuse_value(r, v, "cannot be looked up: %s",
		    strerror(errno));
	return true;
}

/* NSS may be a directory far away: it is asked once for each name. */
static bool
find_group(struct conf_reader *r, const struct conf_value *v,
    struct rule_group *group)
{
	struct rule_group *known = arena_array(r->scratch, 1, sizeof(*known));
	struct rule_group **found;

	group->name = arena_text(r->memory, v->text);
	if (known == NULL || group->name == NULL)
		return conf_no_memory(r);
	*known = (struct rule_group){ group->name, (gid_t)-1 };
	found = tsearch(known, &r->groups, compare_groups);
	if (found == NULL)
		return conf_no_memory(r);
	if (*found == known && !ask_group(r, v, &known->gid))
		return false;
	group->gid = (*found)->gid;
	return true;
}

static void
forget_nothing(void *known)
{
	(void)known;			/* the arena's */
}

void
conf_groups_end(struct conf_reader *r)
{
	tdestroy(r->groups, forget_nothing);
	r->groups = NULL;
}

static bool
groups_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	const struct rule_group **field = conf_field(r->key, base);
	struct rule_group *groups = arena_array(r->memory, n, sizeof(*groups));

	if (groups == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!check_name(r, &v[i]) ||
		    !find_group(r, &v[i], &groups[i]))
			return false;
	*field = groups;
	*conf_count(r->key, base) = n;
	return true;
}

static bool
groups_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct rule_group *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);

	(void)conf;
	for (size_t i = 0; i < n; i++) {
		fputs(i == 0 ? "{ " : ", ", out);
		conf_print_text(out, (*field)[i].name);
	}
	fputs(n > 0 ? " }" : "", out);
	return n > 0;
}

const struct conf_type conf_type_groups = {
	.is_list = true, .set = groups_set, .print = groups_print,
};
