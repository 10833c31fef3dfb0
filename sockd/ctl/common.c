/*
 * What the commands share: the board, and numbers for people.
 */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/common/process.h"

bool
ctl_open_board(const struct conf *conf, struct board *b, bool writable)
{
	char path[PATH_MAX];
	const char *why = NULL;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", conf->run_dir, board_file);
	fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC |
	    O_NOFOLLOW);
	if (fd != -1 && board_open(b, fd, writable, &why) == 0) {
		close(fd);
		return true;
	}
	fprintf(stderr, "sockctl: %s: %s%s\n", path,
	    why != NULL ? why : strerror(errno),
	    errno == ENOENT ? " (is sockd running?)" : "");
	if (fd != -1)
		close(fd);
	return false;
}

/* Its processes share a lock for as long as one of them lives. */
static bool
is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool locked;

	if (fd == -1)
		return errno != ENOENT;
	locked = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

bool
ctl_sockd_runs(const struct conf *conf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", conf->run_dir,
	    process_lock_file);
	if (is_locked(path))
		return true;
	fprintf(stderr, "sockctl: sockd is not running; this is what the "
	    "last run left\n");
	return false;
}

/* The first octet of two that are C1? */
static bool
begins_c1(const char *text)
{
	return (unsigned char)text[0] == 0xc2 && (text[1] & 0xe0) == 0x80;
}

static bool
is_control(const char *text, size_t at)
{
	unsigned char octet = (unsigned char)text[at];

	return octet < ' ' || octet == 0x7f || begins_c1(text + at) ||
	    (at > 0 && begins_c1(text + at - 1));
}

const char *
ctl_text(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; text[n] != '\0' && n + 1 < size; n++)
		buf[n] = is_control(text, n) ? '?' : text[n];
	buf[n] = '\0';
	return buf;
}

const char *
ctl_size(uint64_t octets, char buf[UNITS_TEXT_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB",
					     "PB" };
	const double rounded_up = 999.95;	/* "1000.0" is none */
	double n = (double)octets;
	size_t i = 0;

	for (; n >= rounded_up && i + 1 < N_ELEMENTS(units); i++)
		n /= 1000;
	snprintf(buf, UNITS_TEXT_MAX, "%.*f %s", i == 0 ? 0 : i < 3 ? 1 : 2,
	    n, units[i]);
	return buf;
}

const char *
ctl_lasted(uint64_t seconds, char buf[UNITS_TEXT_MAX])
{
	snprintf(buf, UNITS_TEXT_MAX, "%" PRIu64 ":%02u:%02u",
	    seconds / 3600, (unsigned)(seconds / 60 % 60),
	    (unsigned)(seconds % 60));
	return buf;
}
