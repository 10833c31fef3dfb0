/*
 * A file in Dante's syntax, told apart: sockd is Dante's name for its daemon
 * too, and /etc/sockd.conf may be its file.  Asked only of a file that was
 * refused, so that no file of ours is ever taken for one.
 */
#include "conf_read.h"

#include <string.h>

#include "lib/elements.h"

/* What begins a statement there, each with the octet that must follow. */
static const struct {
	const char	*word;
	char		next;
} statements[] = {
	{ "logoutput", ':' }, { "errorlog", ':' }, { "internal", ':' },
	{ "external", ':' }, { "method", ':' }, { "clientmethod", ':' },
	{ "socksmethod", ':' }, { "user.privileged", ':' },
	{ "user.notprivileged", ':' }, { "user.unprivileged", ':' },
	{ "user.libwrap", ':' }, { "internal.protocol", ':' },
	{ "external.protocol", ':' }, { "external.rotation", ':' },
	{ "compatibility", ':' }, { "extension", ':' }, { "srchost", ':' },
	{ "timeout.io", ':' }, { "timeout.negotiate", ':' },
	{ "timeout.connect", ':' }, { "udp.connectdst", ':' },
	{ "client pass", '{' }, { "client block", '{' },
	{ "socks pass", '{' }, { "socks block", '{' },
	{ "hostid pass", '{' }, { "hostid block", '{' },
	{ "pass", '{' }, { "block", '{' }, { "route", '{' },
};

/* Does the line begin with the word, any blanks for one, and then next? */
static bool
begins_with(const char *line, const char *word, char next)
{
	for (; *word != '\0'; word++) {
		if (*word == ' ') {
			if (*line != ' ' && *line != '\t')
				return false;
			line += strspn(line, " \t");
		} else if (*line++ != *word) {
			return false;
		}
	}
	line += strspn(line, " \t");
	if (next == '{' && (*line == '\n' || *line == '\r'))
		line += strspn(line, " \t\r\n");
	return *line == next;
}

unsigned
conf_dante_line(const char *text, char *word, size_t size)
{
	enum { N = N_ELEMENTS(statements) };
	unsigned number = 0;

	while (text != NULL && *text != '\0') {
		const char *line = text + strspn(text, " \t");

		number++;
		for (size_t i = 0; i < N; i++)
			if (begins_with(line, statements[i].word,
			    statements[i].next)) {
				snprintf(word, size, "%s%s%c",
				    statements[i].word, statements[i].next ==
				    '{' ? " " : "", statements[i].next);
				return number;
			}
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
	}
	return 0;
}
