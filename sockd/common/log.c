/*
 * The log: one line, one write(2), whichever process speaks.
 *
 *	2026-11-25T22:40:00.123Z sockd-worker[123] info event key=value
 *
 * to a file or standard error; to syslog and to systemd's journal the same
 * without time, name and level, which they add.  A line is bounded
 * (LOG_LINE_MAX), and no control octet leaves here even if a caller forgot to
 * quote one.  A log that cannot be written is never a reason to fail.
 *
 * Works inside a sandbox without open(2): the file is open before, and the
 * connection to /dev/log is made at log_open() (LOG_NDELAY).
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "lib/text.h"

enum { LOG_LINE_MAX = 2048, HELD_SIZE = 32768 };

static const char *const level_names[] = {
	[LOG_ERR] = "err",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static struct {
	int	fd;		/* -1: syslog */
	int	level;
	bool	journal;	/* fd leads to it: sd-daemon(3), "<3>text" */
	bool	echo;		/* errors go to standard error as well */
	char	ident[32];	/* openlog(3) keeps the pointer */
} state = { .fd = STDERR_FILENO, .level = LOG_INFO, .ident = "sockd" };

/* Lines that wait for log_release(), and how the last of them began. */
static struct {
	bool		on;
	size_t		used, prefix_size;
	uint64_t	ms;
	int		level;
	char		prefix[64];
	char		text[HELD_SIZE];
} held;

static void
connect_syslog(void)
{
	closelog();
	openlog(state.ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

/* Is this what systemd reads (systemd.exec(5), JOURNAL_STREAM)? */
static bool
is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[48];
	struct stat st;

	if (stream == NULL || fstat(fd, &st) == -1)
		return false;
	snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	return strcmp(stream, own) == 0;
}

void
log_move(int fd)
{
	if (state.fd > STDERR_FILENO && state.fd != fd)
		close(state.fd);
	state.fd = fd;
	state.journal = is_journal(fd);
}

void
log_open(int fd, int level, const char *ident)
{
	log_move(fd);
	state.level = level;
	log_set_ident(ident);
}

void
log_echo(bool on)
{
	state.echo = on;
}

void
log_set_ident(const char *ident)
{
	text_copy(state.ident, sizeof(state.ident), ident);
	if (state.fd == -1)
		connect_syslog();
}

bool
log_is_on(int level)
{
	return level <= state.level;
}

int
log_fd(void)
{
	return state.fd;
}

/* What a caller forgot to quote must not make a second line. */
static void
blunt_controls(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

/* What snprintf() wrote, which is less than it says if it was cut. */
static size_t
written(int n, size_t size)
{
	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

static size_t
put_prefix(char *line, size_t size, int level)
{
	uint64_t ms = clock_wall_ms();
	time_t now = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	size_t n;

	if (state.journal)
		return written(snprintf(line, size, "<%d>", level), size);
	gmtime_r(&now, &tm);
	n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &tm);
	n += written(snprintf(line + n, size - n, ".%03uZ %s[%ld] %s ",
	    (unsigned)(ms % 1000), state.ident, (long)getpid(),
	    level_names[level]), size - n);
	return n;
}

/* The same; while lines are held, what was put within one ms is put again. */
static size_t
put_held_prefix(char *line, size_t size, int level)
{
	uint64_t ms = clock_wall_ms();

	if (ms != held.ms || level != held.level) {
		held.prefix_size = put_prefix(held.prefix,
		    sizeof(held.prefix), level);
		held.ms = ms;
		held.level = level;
	}
	memcpy(line, held.prefix, held.prefix_size < size ?
	    held.prefix_size : size);
	return held.prefix_size < size ? held.prefix_size : size;
}

static void
write_out(const char *text, size_t len)
{
	if (write(state.fd, text, len) == -1)
		return;				/* nowhere to tell it */
}

static void
write_held(void)
{
	if (held.used > 0)
		write_out(held.text, held.used);
	held.used = 0;
}

static void
write_line(const char *line, size_t len)
{
	if (!held.on) {
		write_out(line, len);
		return;
	}
	if (held.used + len > sizeof(held.text))
		write_held();
	memcpy(held.text + held.used, line, len);
	held.used += len;
}

static void
echo(int level, const char *text, size_t len)
{
	char line[LOG_LINE_MAX + 128];
	size_t n = put_prefix(line, sizeof(line), level);

	memcpy(line + n, text, len);
	if (write(STDERR_FILENO, line, n + len) == -1)
		return;				/* nowhere to tell it */
}

__attribute__((format(printf, 2, 0)))
static void
put_line(int level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX];
	size_t room = sizeof(line) - 1;		/* for the line feed */
	size_t start = 0, n;
	int saved = errno;			/* the caller may go on to it */

	if (state.fd != -1)
		start = held.on ? put_held_prefix(line, room, level) :
		    put_prefix(line, room, level);
	n = start + written(vsnprintf(line + start, room - start, fmt, ap),
	    room - start);
	blunt_controls(line + start, n - start);
	line[n] = '\n';
	if (state.fd == -1)
		syslog(level, "%.*s", (int)n, line);
	else
		write_line(line, n + 1);
	if (state.echo && level == LOG_ERR && state.fd != STDERR_FILENO)
		echo(level, line + start, n + 1 - start);
	errno = saved;
}

void
log_hold(void)
{
	held.on = true;
	held.ms = 0;
}

void
log_release(void)
{
	write_held();
	held.on = false;
}

#define LOG_AT(name, level)						\
void									\
name(const char *fmt, ...)						\
{									\
	va_list ap;							\
									\
	if (!log_is_on(level))						\
		return;							\
	va_start(ap, fmt);						\
	put_line(level, fmt, ap);					\
	va_end(ap);							\
}

LOG_AT(log_err, LOG_ERR)
LOG_AT(log_warning, LOG_WARNING)
LOG_AT(log_info, LOG_INFO)
LOG_AT(log_debug, LOG_DEBUG)

void
log_starts(struct log_condition *c, const char *fmt, ...)
{
	char detail[LOG_LINE_MAX / 2];
	va_list ap;

	if (c->count++ > 0)
		return;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	log_warning("%s %s", c->what, detail);
}

void
log_ends(struct log_condition *c)
{
	if (c->count == 0)
		return;
	log_info("%s ended count=%llu", c->what,
	    (unsigned long long)c->count);
	c->count = 0;
}
