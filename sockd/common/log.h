/*
 * The log.  Every process writes for itself: to syslog, standard error, or a
 * file that the master opened (O_APPEND) before it forked; one write(2) a
 * line.  An event word, then key=value.
 *
 * Foreign text is quoted by the caller (lib/quote); a line is cut at 2 KiB.
 * Nothing here fails: a log that cannot be written is no reason to end.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/*
 * Start or change the log.  fd: of a file, 2 for standard error, -1 for
 * syslog, to which this connects at once; systemd's journal is known by
 * $JOURNAL_STREAM.  Takes fd, and closes the one before.  level: LOG_ERR ...
 * LOG_DEBUG, the least urgent to be written.  Until the first call everything
 * up to info goes to standard error.
 */
void	log_open(int fd, int level, const char *ident);

/* Go on at fd, of the same kind, as log_open() would take it. */
void	log_move(int fd);

/*
 * From now on, or no longer, lines of level err go to standard error as well,
 * unless the log is there: for who waits for a start and sees no log.
 */
void	log_echo(bool on);

/* A child speaks under its own name ("sockd-worker"); process_enter() does
 * this.  With syslog it makes a connection of its own. */
void	log_set_ident(const char *ident);
bool	log_is_on(int level);

/* The descriptor that a process must keep open; -1 with syslog. */
int	log_fd(void);

/* One line each; errno stays as it is. */
void	log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_warning(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Between these two, lines for a file gather and go out together: for who
 * writes thousands at once.  Whoever dies in between loses them.
 */
void	log_hold(void);
void	log_release(void);

/*
 * A condition that may repeat: the first log_starts() tells it (a warning,
 * "what" and the text), later ones only count, log_ends() tells that it is
 * over and how often it was met.
 */
struct log_condition {
	const char	*what;		/* "accept paused" */
	uint64_t	count;		/* 0: it does not hold */
};
void	log_starts(struct log_condition *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	log_ends(struct log_condition *c);

#endif
