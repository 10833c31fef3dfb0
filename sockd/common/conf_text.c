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
#include "lib/elements.h"

enum { FIRST_ROOM = 32 * 1024 };

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

/* What people write here for whom another file's habits speak. */
static const struct {
	char		octet;
	const char	*why;
} habits[] = {
	{ ';', "no \";\" ends an entry here; leave it out" },
	{ '(', "no \"(\" is known here, and no file includes another" },
};

static bool
refuse_octet(struct scan *s)
{
	unsigned char octet = (unsigned char)*s->p;

	for (size_t i = 0; i < N_ELEMENTS(habits); i++)
		if (*s->p == habits[i].octet)
			return conf_refuse(s->r, s->line, "%s", habits[i].why);
	if (octet > ' ' && octet < 0x7f)
		return conf_refuse(s->r, s->line,
		    "\"%c\" cannot stand outside quotes; write the whole "
		    "value in \"double quotes\"", octet);
	return conf_refuse(s->r, s->line, "the octet \\x%02x cannot stand "
	    "outside quotes; quotes are \" and ', and no others", octet);
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

/* An editor put it there, and does not show it. */
static void
blank_byte_order_mark(char *text)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (strncmp(text, mark, strlen(mark)) == 0)
		memset(text, ' ', strlen(mark));
}

static bool
scan_text(struct conf_reader *r)
{
	struct scan s = { .r = r, .p = r->text, .line = 1 };

	blank_byte_order_mark(r->text);
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

/* Room for twice as much as there is, and a NUL behind it. */
static bool
grow_text(struct conf_reader *r, size_t *room, size_t len)
{
	size_t more = *room == 0 ? FIRST_ROOM : 2 * *room;
	char *text = arena_array(r->scratch, more + 1, 1);

	if (text == NULL)
		return conf_no_memory(r);
	if (len > 0)
		memcpy(text, r->text, len);
	r->text = text;
	*room = more;
	return true;
}

static bool
read_text(struct conf_reader *r, int fd)
{
	size_t room = 0, len = 0;
	ssize_t n;

	do {
		if (len == room && !grow_text(r, &room, len))
			return false;
		n = read(fd, r->text + len, room - len);
		if (n > 0)
			len += (size_t)n;
		if (len > CONF_FILE_MAX)
			return conf_refuse(r, 0, "larger than %d MiB",
			    CONF_FILE_MAX / (1024 * 1024));
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		return conf_refuse(r, 0, "%s", strerror(errno));
	if (memchr(r->text, '\0', len) != NULL)
		return conf_refuse(r, 0, "a NUL octet stands in it; is it a "
		    "configuration file?");
	return true;
}

bool
conf_text_read(struct conf_reader *r)
{
	int fd = open(r->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd == -1)
		return conf_refuse(r, 0, "%s", strerror(errno));
	ok = read_text(r, fd);
	close(fd);
	return ok && scan_text(r);
}
