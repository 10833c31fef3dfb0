/*
 * The text of the file, before libConfuse sees it.
 *
 * libConfuse's lexer has traps for an administrator: it skips what it does
 * not know (users = { * } becomes an empty list), lets a file end within a
 * string and goes on there in the next file, miscounts lines at comments, and
 * turns \c and ${X} in double quotes into something else.  So comments become
 * blanks here, and what it would get wrong is refused with a clear word.  What
 * is left means to libConfuse what it looks like.
 */
#include "conf_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "arena.h"

struct scan {
	struct conf_reader	*r;
	char			*p;		/* next octet */
	unsigned		line;
	unsigned		depth;		/* of braces */
	bool			after_equals;	/* the last token was '=' */
};

static const char word_octets[] = "abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/%-";

static bool
is_comment(const char *p)
{
	return p[0] == '#' || (p[0] == '/' && (p[1] == '/' || p[1] == '*'));
}

static void
blank_line(struct scan *s)
{
	while (*s->p != '\0' && *s->p != '\n')
		*s->p++ = ' ';
}

static bool
blank_comment(struct scan *s)
{
	unsigned began = s->line;
	const char *end;

	if (s->p[0] == '#' || s->p[1] == '/') {
		blank_line(s);
		return true;
	}
	end = strstr(s->p + 2, "*/");
	if (end == NULL)
		return conf_refuse(s->r, began,
		    "this comment does not end; write */ behind it");
	for (end += 2; s->p < end; s->p++) {
		if (*s->p == '\n')
			s->line++;
		else
			*s->p = ' ';
	}
	return true;
}

/* In double quotes libConfuse knows escapes and the environment. */
static bool
check_double_quoted(struct scan *s)
{
	if (s->p[0] == '$' && s->p[1] == '{')
		return conf_refuse(s->r, s->line,
		    "${...} in double quotes would mean the environment; "
		    "write the text in 'single quotes'");
	if (s->p[0] == '\\' && s->p[1] != '\\' && s->p[1] != '"')
		return conf_refuse(s->r, s->line,
		    "\\ in double quotes begins an escape; write the text in "
		    "'single quotes', or \\\\");
	return true;
}

static bool
skip_string(struct scan *s)
{
	char quotes = *s->p++;

	while (*s->p != quotes) {
		if (*s->p == '\0' || *s->p == '\n')
			return conf_refuse(s->r, s->line,
			    "this text has no closing %s on its line",
			    quotes == '"' ? "\"" : "'");
		if ((unsigned char)*s->p < ' ' || *s->p == 0x7f)
			return conf_refuse(s->r, s->line,
			    "a control octet (\\x%02x) stands in the text",
			    (unsigned)(unsigned char)*s->p);
		if (quotes == '"' && !check_double_quoted(s))
			return false;
		if (*s->p == '\\' && (s->p[1] == '\\' || s->p[1] == quotes))
			s->p++;
		s->p++;
	}
	s->p++;
	return true;
}

static bool
note_section(struct scan *s)
{
	struct conf_reader *r = s->r;
	unsigned *lines = arena_grow(r->scratch, r->lines, r->n_lines,
	    sizeof(*lines));

	if (lines == NULL)
		return conf_no_memory(r);
	r->lines = lines;
	r->lines[r->n_lines++] = s->line;
	return true;
}

static bool
take_brace(struct scan *s)
{
	if (*s->p++ == '}') {
		if (s->depth == 0)
			return conf_refuse(s->r, s->line,
			    "this } closes nothing");
		s->depth--;
		return true;
	}
	if (s->depth++ == 0 && !s->after_equals)
		return note_section(s);
	return true;
}

static bool
refuse_octet(struct scan *s)
{
	unsigned char octet = (unsigned char)*s->p;

	if (octet > ' ' && octet < 0x7f)
		return conf_refuse(s->r, s->line,
		    "\"%c\" cannot stand outside quotes; write the whole "
		    "value in \"double quotes\"", octet);
	return conf_refuse(s->r, s->line,
	    "the octet \\x%02x cannot stand outside quotes", octet);
}

static bool
take_token(struct scan *s)
{
	size_t len = strspn(s->p, word_octets);
	bool ok = true;

	if (is_comment(s->p))
		return blank_comment(s);
	if (*s->p == '{' || *s->p == '}')
		ok = take_brace(s);
	else if (*s->p == '"' || *s->p == '\'')
		ok = skip_string(s);
	else if (s->p[0] == '+' && s->p[1] == '=')
		s->p++;			/* the '=' comes next */
	else if (*s->p == '=' || *s->p == ',')
		s->p++;
	else if (len > 0)
		s->p += len;
	else
		ok = refuse_octet(s);
	s->after_equals = ok && s->p[-1] == '=';
	return ok;
}

static bool
scan_text(struct conf_reader *r)
{
	struct scan s = { .r = r, .p = r->text, .line = 1 };

	while (*s.p != '\0') {
		if (*s.p == '\n')
			s.line++;
		if (*s.p == '\r')
			*s.p = ' ';
		if (*s.p == '\n' || *s.p == ' ' || *s.p == '\t')
			s.p++;
		else if (!take_token(&s))
			return false;
	}
	if (s.depth > 0)
		return conf_refuse(r, s.line, "the file ends within braces; "
		    "a } is missing");
	return true;
}

/* All of fd into text, which has room for one octet more than is allowed. */
static ssize_t
read_all(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, CONF_FILE_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len <= CONF_FILE_MAX) ||
	    (n == -1 && errno == EINTR));
	return n == -1 ? -1 : (ssize_t)len;
}

bool
conf_text_read(struct conf_reader *r)
{
	int fd = open(r->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t len;

	if (fd == -1)
		return conf_refuse(r, 0, "%s", strerror(errno));
	r->text = arena_array(r->scratch, CONF_FILE_MAX + 2, 1);
	if (r->text == NULL) {
		close(fd);
		return conf_no_memory(r);
	}
	len = read_all(fd, r->text);
	if (len == -1)
		conf_refuse(r, 0, "%s", strerror(errno));
	else if (len > CONF_FILE_MAX)
		conf_refuse(r, 0, "larger than %d MiB",
		    CONF_FILE_MAX / (1024 * 1024));
	else if (memchr(r->text, '\0', (size_t)len) != NULL)
		conf_refuse(r, 0, "a NUL octet stands in it; is it a "
		    "configuration file?");
	close(fd);
	return !r->failed && scan_text(r);
}
