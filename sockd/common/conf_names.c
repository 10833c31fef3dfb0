/*
 * Values of one text: accounts, PAM services, paths, where the log goes.
 */
#include "conf_read.h"

#include <limits.h>
#include <string.h>

#include "arena.h"
#include "lib/quote.h"

/* Of allowed length, and of no octet that a log or a prompt must not show. */
static bool
check_text(struct conf_reader *r, const struct conf_value *v, size_t max)
{
	size_t len = strlen(v->text);

	if (len < r->key->min)
		return conf_refuse(r, v->line, "it cannot be empty");
	if (len > max)
		return conf_refuse_value(r, v,
		    "has %zu octets; %zu are the most", len, max);
	for (const char *p = v->text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return conf_refuse_value(r, v,
			    "has a control octet in it");
	return true;
}

static bool
keep_text(struct conf_reader *r, void *base, const char *text)
{
	const char **field = conf_field(r->key, base);

	*field = arena_text(r->memory, text);
	return *field != NULL || conf_no_memory(r);
}

static bool
text_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const char *const *field = conf_field_const(key, base);

	(void)conf;
	conf_print_text(out, *field);
	return true;
}

static bool
name_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	(void)n;
	return check_text(r, v, CONF_USER_MAX) && keep_text(r, base, v->text);
}

const struct conf_type conf_type_name = {
	.is_text = true, .set = name_set, .print = text_print,
};

/* A PAM service is a file's name in pam.d. */
static bool
service_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{

	(void)n;
	if (!check_text(r, v, CONF_SERVICE_MAX))
		return false;
	if (strchr(v->text, '/') != NULL || v->text[0] == '.')
		return conf_refuse_value(r, v, "is no file's name in pam.d");
	return keep_text(r, base, v->text);
}

const struct conf_type conf_type_service = {
	.is_text = true, .set = service_set, .print = text_print,
};

/* A daemon that goes to / would find a relative path elsewhere. */
static bool
check_path(struct conf_reader *r, const struct conf_value *v)
{

	if (!check_text(r, v, PATH_MAX - NAME_MAX))
		return false;
	if (v->text[0] != '/' && v->text[0] != '\0')
		return conf_refuse_value(r, v,
		    "is no absolute path; begin it with /");
	return true;
}

static bool
path_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	(void)n;
	return check_path(r, v) && keep_text(r, base, v->text);
}

const struct conf_type conf_type_path = {
	.is_text = true, .set = path_set, .print = text_print,
};

/* "syslog", "stderr" or a file.  The base is a struct conf. */
static bool
log_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	struct conf *conf = base;

	(void)n;
	conf->log.file = NULL;
	if (strcmp(v->text, "syslog") == 0) {
		conf->log.target = LOG_TO_SYSLOG;
		return true;
	}
	if (strcmp(v->text, "stderr") == 0) {
		conf->log.target = LOG_TO_STDERR;
		return true;
	}
	if (v->text[0] != '/')
		return conf_refuse_value(r, v, "is not known; write "
		    "\"syslog\", \"stderr\" or a file's path from / on");
	if (!check_path(r, v))
		return false;
	conf->log.target = LOG_TO_FILE;
	conf->log.file = arena_text(r->memory, v->text);
	return conf->log.file != NULL || conf_no_memory(r);
}

static bool
log_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	(void)key;
	(void)base;
	switch (conf->log.target) {
	case LOG_TO_SYSLOG:
		conf_print_text(out, "syslog");
		break;
	case LOG_TO_STDERR:
		conf_print_text(out, "stderr");
		break;
	case LOG_TO_FILE:
		conf_print_text(out, conf->log.file);
		break;
	}
	return true;
}

const struct conf_type conf_type_log = {
	.set = log_set, .print = log_print,
};
