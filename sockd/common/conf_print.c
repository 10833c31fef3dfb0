/*
 * The configuration, written as conf_load() reads it: sockd -T.
 */
#include "conf_read.h"

#include <stdlib.h>
#include <string.h>

/*
 * In double quotes \ and $ mean something to libConfuse, in single ones only
 * \ before \ or '.
 */
void
conf_print_text(FILE *out, const char *text)
{
	if (strpbrk(text, "\\$\"") == NULL) {
		fprintf(out, "\"%s\"", text);
		return;
	}
	fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '\'')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

char *
conf_value_text(const struct conf *conf, const struct conf_key *key,
    const void *base)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool has;

	if (out == NULL)
		return NULL;
	has = key->how->print(conf, key, base, out);
	if (fclose(out) == 0 && has)
		return text;
	free(text);
	return NULL;
}

static void
print_key(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	char *text = conf_value_text(conf, key, base);

	if (text == NULL)
		return;
	fprintf(out, "%s%s = %s%s\n", key->section[0] == '\0' ? "" : "\t",
	    key->name, text, key->reloadable ? "" : "\t# at a restart");
	free(text);
}

static void
print_section(const struct conf *conf, const char *kind, const char *title,
    const void *base, FILE *out)
{
	size_t n;
	const struct conf_key *keys = conf_keys_of(kind, &n);

	if (kind[0] != '\0')
		fprintf(out, "\n%s ", kind);
	if (title != NULL) {
		conf_print_text(out, title);
		fputc(' ', out);
	}
	fputs(kind[0] != '\0' ? "{\n" : "", out);
	for (size_t i = 0; i < n; i++)
		print_key(conf, &keys[i], base, out);
	fputs(kind[0] != '\0' ? "}\n" : "", out);
}

/* All sections of one kind. */
static void
print_kind(const struct conf *conf, const char *kind, FILE *out)
{
	const struct policy *policy = &conf->policy;

	if (!conf_is_titled(kind))
		print_section(conf, kind, NULL, conf, out);
	if (strcmp(kind, "listen") == 0)
		for (size_t i = 0; i < conf->n_listens; i++)
			print_section(conf, kind, conf->listens[i].name,
			    &conf->listens[i], out);
	if (strcmp(kind, "rule") == 0)
		for (size_t i = 0; i < policy->n_rules; i++)
			print_section(conf, kind, policy->rules[i].name,
			    &policy->rules[i], out);
	if (strcmp(kind, "limit") == 0)
		for (size_t i = 0; i < policy->n_limits; i++)
			print_section(conf, kind, policy->limits[i].name,
			    &policy->limits[i], out);
}

void
conf_print(const struct conf *conf, FILE *out)
{
	const struct conf_key *keys = conf_keys;
	size_t n;

	for (; keys < conf_keys + conf_n_keys; keys += n) {
		conf_keys_of(keys->section, &n);
		print_kind(conf, keys->section, out);
	}
}
