/*
 * What is said of a wrong file: one line with file, line, section and key,
 * and for a word that is not known the one that was probably meant.
 */
#include "conf_read.h"

#include <stdarg.h>
#include <string.h>

#include "lib/quote.h"

enum { VALUE_SHOWN_MAX = 80 };

/* "rule "lab": ", "workers." or "", and then the key. */
static void
write_place(const struct conf_reader *r, FILE *out)
{
	const struct conf_section *s = r->section;
	char title[4 * CONF_NAME_MAX];

	if (s != NULL && s->title != NULL)
		fprintf(out, "%s %s: ", s->kind,
		    quote_text(title, sizeof(title), s->title));
	else if (s != NULL && s->kind[0] != '\0')
		fprintf(out, "%s%s", s->kind, r->key == NULL ? ": " : ".");
	if (r->key != NULL)
		fprintf(out, "%s: ", r->key->name);
}

/* A file's name or a value may hold what a log line must not. */
static void
flatten(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

__attribute__((format(printf, 4, 0)))
static void
write_line(struct conf_reader *r, unsigned line, const char *value,
    const char *fmt, va_list ap)
{
	char shown[VALUE_SHOWN_MAX];
	FILE *out;

	if (r->failed)
		return;
	r->failed = true;
	out = fmemopen(r->err, r->err_size, "w");
	if (out == NULL)
		return;
	fprintf(out, "%s:", r->file == NULL ? "built-in defaults" : r->file);
	if (line > 0)
		fprintf(out, "%u:", line);
	fputc(' ', out);
	write_place(r, out);
	if (value != NULL)
		fprintf(out, "%s ", quote_text(shown, sizeof(shown), value));
	vfprintf(out, fmt, ap);
	fclose(out);
	r->err[r->err_size - 1] = '\0';
	flatten(r->err);
}

bool
conf_refuse(struct conf_reader *r, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(r, line, NULL, fmt, ap);
	va_end(ap);
	return false;
}

bool
conf_refuse_value(struct conf_reader *r, const struct conf_value *v,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(r, v->line, v->text, fmt, ap);
	va_end(ap);
	return false;
}

bool
conf_no_memory(struct conf_reader *r)
{
	return conf_refuse(r, 0, "out of memory");
}

/* How many octets must be added, dropped or changed to make b from a. */
static size_t
distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	size_t row[LONGEST + 1], n = strlen(b);

	if (n > LONGEST || strlen(a) > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

const char *
conf_nearest(const char *wrong, const char *const *known, size_t n)
{
	size_t best = 1 + strlen(wrong) / 4;
	const char *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(wrong, known[i]);

		if (d <= best) {
			best = d - (d > 0);
			nearest = known[i];
		}
	}
	return nearest;
}
