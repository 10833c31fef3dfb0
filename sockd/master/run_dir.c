/*
 * The directories of a run, its lock and its board.  Runs in the master,
 * before anything is forked, with the rights that it was started with: what it
 * opens is opened below a directory descriptor, and never through a symbolic
 * link.
 */
#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/process.h"

enum { LOCK_PATIENCE_MS = 5000, LOCK_STEP_MS = 50, BOARDS_ASIDE_MAX = 100,
       SESSIONS_LEAST = 64 };

/* The board of the last run; the second name is for the one that a start
 * left which was killed while it imported the first. */
static const char *const last_names[] = { "board.last", "board.last2" };
static const char pid_name[] = "sockd.pid";

/* How a board came out, and whether there is more room now. */
struct made {
	unsigned	session_max;
	bool		has_freed;	/* an old board is gone */
};

/* Make a directory with its missing parents (0755). */
static int
make_path(const char *path, mode_t mode)
{
	char part[4096];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0755) == -1 && errno != EEXIST)
			return -1;
		part[i] = '/';
	}
	return mkdir(part, mode);
}

/* Give a directory that we have just made to the accountant's user. */
static int
give_to(const char *path, const char *user)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return 0;
	if (process_find_user(user, &uid, &gid) == 0 &&
	    chown(path, uid, gid) == 0)
		return 0;
	log_err("start failed path=%s why=\"chown to %s: %s\"", path, user,
	    strerror(errno));
	return -1;
}

static int
make_directories(const struct conf *conf)
{
	if (make_path(conf->run_dir, 0755) == -1 && errno != EEXIST) {
		log_err("start failed key=run_dir path=%s why=\"%s\"",
		    conf->run_dir, strerror(errno));
		return -1;
	}
	if (make_path(conf->state_dir, 0750) == 0)
		return give_to(conf->state_dir, conf->accounting.user);
	if (errno == EEXIST)
		return 0;
	log_err("start failed key=state_dir path=%s why=\"%s\"",
	    conf->state_dir, strerror(errno));
	return -1;
}

/* Open run_dir, which must be ours: what others may write to is no run_dir. */
static int
open_directory(const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		log_err("start failed key=run_dir path=%s why=\"%s\"", path,
		    strerror(errno));
		goto fail;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		log_err("start failed key=run_dir path=%s why=\"must belong "
		    "to uid %ld and be writable by nobody else\"", path,
		    (long)geteuid());
		goto fail;
	}
	return fd;
fail:
	if (fd != -1)
		close(fd);
	return -1;
}

/* The pid that the first sockd wrote down; 0 if there is none to read. */
static long
read_pid(int dirfd)
{
	char text[32] = { 0 };
	ssize_t n = -1;
	int fd;

	fd = openat(dirfd, pid_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int
take_lock(int dirfd, const char *path)
{
	uint64_t until_ms = clock_ms() + LOCK_PATIENCE_MS;
	int fd;

	fd = openat(dirfd, "sockd.lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		log_err("start failed path=%s/sockd.lock why=\"%s\"", path,
		    strerror(errno));
		return -1;
	}
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK && clock_ms() < until_ms) {
			poll(NULL, 0, LOCK_STEP_MS);
			continue;
		}
		if (errno == EWOULDBLOCK)
			log_err("start failed run_dir=%s why=\"another sockd "
			    "runs here\" pid=%ld", path, read_pid(dirfd));
		else
			log_err("start failed path=%s/sockd.lock why=\"%s\"",
			    path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

int
run_dir_open(struct run_dir *d, const struct conf *conf)
{
	d->fd = d->lock = -1;
	if (make_directories(conf) == -1)
		return -1;
	d->fd = open_directory(conf->run_dir);
	if (d->fd == -1)
		return -1;
	d->lock = take_lock(d->fd, conf->run_dir);
	return d->lock == -1 ? -1 : 0;
}

int
run_dir_write_pid(const struct run_dir *d)
{
	char text[32];
	int fd, len;

	unlinkat(d->fd, pid_name, 0);
	fd = openat(d->fd, pid_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd == -1) {
		log_err("start failed file=%s why=\"%s\"", pid_name,
		    strerror(errno));
		return -1;
	}
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (write(fd, text, (size_t)len) != len)
		log_warning("pid file not written why=\"%s\"",
		    strerror(errno));
	close(fd);
	return 0;
}

static bool
exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Put a board that we cannot use where an administrator finds it. */
static void
put_aside(int dirfd, const char *name, const char *why)
{
	char aside[64];

	for (int i = 1; i <= BOARDS_ASIDE_MAX; i++) {
		snprintf(aside, sizeof(aside), "board.kept.%d", i);
		if (exists(dirfd, aside))
			continue;
		if (renameat(dirfd, name, dirfd, aside) == 0)
			log_warning("board kept aside file=%s why=\"%s\"",
			    aside, why);
		else
			log_err("board not kept aside file=%s why=\"%s\"",
			    name, strerror(errno));
		return;
	}
	log_err("board dropped file=%s why=\"%d are kept already\"", name,
	    BOARDS_ASIDE_MAX);
	unlinkat(dirfd, name, 0);
}

/*
 * Take the sessions of one old board over.  Without such a file: nothing.
 * True if the file is gone, and its room free.
 */
static bool
import(int dirfd, const char *name, struct board *to)
{
	struct board from = { 0 };
	const char *why = "";
	unsigned n, left;
	int fd;

	fd = openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		if (errno != ENOENT)
			put_aside(dirfd, name, strerror(errno));
		return false;
	}
	if (board_open(&from, fd, true, &why) == -1) {
		put_aside(dirfd, name, why);
		close(fd);
		return false;
	}
	close(fd);
	n = board_import(to, &from);
	left = board_waiting(&from);
	board_unmap(&from);
	if (n > 0)
		log_info("board imported sessions=%u", n);
	if (left > 0) {
		put_aside(dirfd, name, "more sessions than fit");
		return false;
	}
	return unlinkat(dirfd, name, 0) == 0;
}

/*
 * A run_dir that is too small (a tmpfs) lowers what is served and does not
 * prevent the start.  *session_max says how far.
 */
static int
create_board(const struct run_dir *d, struct board *board,
    const struct board_sizes *wanted, unsigned *session_max)
{
	struct board_sizes sizes = *wanted;

	while (board_create(board, d->fd, &sizes) == -1) {
		if (errno != ENOSPC || sizes.session_max <= SESSIONS_LEAST)
			return -1;
		sizes.session_max /= 2;
		sizes.principals = sizes.principals / 2 + 1;
		sizes.places = sizes.places / 2 + 1;
	}
	*session_max = sizes.session_max;
	return 0;
}

/* Make way for the new board.  0; -1 and errno. */
static int
move_board(int dirfd)
{
	const char *to = last_names[0];

	if (!exists(dirfd, board_file))
		return 0;
	if (exists(dirfd, to))
		to = last_names[1];
	if (exists(dirfd, to))
		put_aside(dirfd, to, "two imports were interrupted");
	return renameat(dirfd, board_file, dirfd, to);
}

/*
 * An old board stays under another name until its sessions are in the new
 * one; who is killed in between finds both at the next start, and rows are
 * written by id, so twice is once.
 */
static int
make_board(const struct run_dir *d, struct board *board,
    const struct board_sizes *wanted, struct made *made)
{
	*made = (struct made){ 0 };
	if (move_board(d->fd) == -1 || create_board(d, board, wanted,
	    &made->session_max) == -1) {
		log_err("start failed file=%s why=\"%s\"", board_file,
		    strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < N_ELEMENTS(last_names); i++)
		made->has_freed |= import(d->fd, last_names[i], board);
	return 0;
}

/*
 * Where there was no room for two boards, the small one that was made beside
 * the old one has taken its sessions, and makes way for one of full size.
 */
int
run_dir_make_board(const struct run_dir *d, struct board *board,
    const struct board_sizes *sizes)
{
	struct made made;

	if (make_board(d, board, sizes, &made) == -1)
		return -1;
	if (made.session_max < sizes->session_max && made.has_freed) {
		board_unmap(board);
		if (make_board(d, board, sizes, &made) == -1)
			return -1;
	}
	if (made.session_max < sizes->session_max)
		log_warning("board small sessions=%u wanted=%u why=\"no space "
		    "in run_dir\"", made.session_max, sizes->session_max);
	return 0;
}

void
run_dir_close(struct run_dir *d, const struct board *board)
{
	unsigned held = board_waiting(board);

	if (held == 0)
		unlinkat(d->fd, board_file, 0);
	else
		log_warning("board kept sessions=%u why=\"the database has "
		    "not taken them; the next start will\"", held);
	unlinkat(d->fd, pid_name, 0);
	close(d->lock);
	close(d->fd);
}
