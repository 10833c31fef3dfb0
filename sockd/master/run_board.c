/*
 * The board of a run, and those that earlier runs left.  Runs in the master,
 * before anything is forked and after everything has ended, below the
 * descriptor of run_dir and never through a symbolic link.
 *
 * An old board may hold sessions that the database has not: they are
 * imported, or it is kept aside.
 */
#include "run_board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/common/log.h"

enum { BOARDS_ASIDE_MAX = 100, SESSIONS_LEAST = 64 };

/* The board of the last run; the second name is for the one that a start
 * left which was killed while it imported the first. */
static const char *const last_names[] = { "board.last", "board.last2" };

/* How a board came out, and whether there is more room now. */
struct made {
	unsigned	session_max;
	bool		has_freed;	/* an old board is gone */
};

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
create(int dirfd, struct board *board, const struct board_sizes *wanted,
    unsigned *session_max)
{
	struct board_sizes sizes = *wanted;

	while (board_create(board, dirfd, &sizes) == -1) {
		if (errno != ENOSPC || sizes.session_max <= SESSIONS_LEAST)
			return -1;
		sizes.session_max /= 2;
		sizes.principals = sizes.principals / 2 + 1;
		sizes.places = sizes.places / 2 + 1;
	}
	*session_max = sizes.session_max;
	return 0;
}

/* No file is to be in the new one's place.  0; -1 and errno. */
static int
make_way(int dirfd)
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
make(int dirfd, struct board *board, const struct board_sizes *wanted,
    struct made *made)
{
	*made = (struct made){ 0 };
	if (make_way(dirfd) == -1 ||
	    create(dirfd, board, wanted, &made->session_max) == -1) {
		log_err("start failed key=run_dir file=%s why=\"%s\"",
		    board_file, strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < N_ELEMENTS(last_names); i++)
		made->has_freed |= import(dirfd, last_names[i], board);
	return 0;
}

/*
 * Where there was no room for two boards, the small one that was made beside
 * the old one has taken its sessions, and makes way for one of full size.
 */
int
run_board_make(int dirfd, struct board *board, const struct board_sizes *sizes)
{
	struct made made;

	if (make(dirfd, board, sizes, &made) == -1)
		return -1;
	if (made.session_max < sizes->session_max && made.has_freed) {
		board_unmap(board);
		if (make(dirfd, board, sizes, &made) == -1)
			return -1;
	}
	if (made.session_max < sizes->session_max)
		log_warning("board small sessions=%u wanted=%u why=\"no space "
		    "in run_dir\"", made.session_max, sizes->session_max);
	return 0;
}

void
run_board_leave(int dirfd, const struct board *board)
{
	unsigned held = board_waiting(board);

	if (held == 0)
		unlinkat(dirfd, board_file, 0);
	else
		log_warning("board kept sessions=%u why=\"the database has "
		    "not taken them; the next start will\"", held);
}
