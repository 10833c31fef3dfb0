/*
 * The directories of a run, its lock and its pid file.  Runs in the master,
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

#include "sockd/common/clock.h"
#include "sockd/common/log.h"
#include "sockd/common/process.h"

enum { LOCK_PATIENCE_MS = 5000, LOCK_STEP_MS = 50 };

static const char pid_file[] = "sockd.pid";

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
		    errno == ENOTDIR || errno == ELOOP ?
		    "must be a directory, and no symbolic link" :
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

	fd = openat(dirfd, pid_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
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

	fd = openat(dirfd, process_lock_file,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		log_err("start failed path=%s/%s why=\"%s\"", path,
		    process_lock_file, strerror(errno));
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
			log_err("start failed path=%s/%s why=\"%s\"", path,
			    process_lock_file, strerror(errno));
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

	unlinkat(d->fd, pid_file, 0);
	fd = openat(d->fd, pid_file,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd == -1) {
		log_err("start failed key=run_dir file=%s why=\"%s\"",
		    pid_file, strerror(errno));
		return -1;
	}
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (write(fd, text, (size_t)len) != len)
		log_warning("pid file not written why=\"%s\"",
		    strerror(errno));
	close(fd);
	return 0;
}

void
run_dir_close(struct run_dir *d)
{
	unlinkat(d->fd, pid_file, 0);
	close(d->lock);
	close(d->fd);
}
