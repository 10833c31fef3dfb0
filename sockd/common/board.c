/*
 * The board as a piece of memory: how its arrays lie in the file, how it is
 * made, opened and checked.
 *
 * The master makes it; every other process inherits the mapping.  sockctl
 * and the import of the last run open a file that others wrote, perhaps with
 * bad intent: nothing in it is believed before its numbers fit its size.
 */
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

const char board_file[] = "board";
static const char board_magic[8] = "sockdbrd";

/* The year 2255, and the last integer that a double holds. */
static const uint64_t id_max = UINT64_C(1) << 53;

enum {
	ALIGN = 4096,
	UDP_MIN = 64,
};

/* Lay count things of size octets at *at; NULL without a base. */
static void *
lay(uint8_t *base, uint64_t *at, uint64_t count, size_t size)
{
	uint64_t here = *at;

	*at += (count * size + ALIGN - 1) / ALIGN * ALIGN;
	return base == NULL ? NULL : base + here;
}

/* Point b's arrays into base (or nowhere) and return the octets needed. */
static uint64_t
lay_all(struct board *b, void *base)
{
	const struct board_counted *n = &b->n;
	uint64_t at = 0;

	b->header = lay(base, &at, 1, sizeof(*b->header));
	b->processes = lay(base, &at, n->processes, sizeof(*b->processes));
	b->states = lay(base, &at, n->sessions, sizeof(*b->states));
	b->owners = lay(base, &at, n->sessions, sizeof(*b->owners));
	b->sessions = lay(base, &at, n->sessions, sizeof(*b->sessions));
	b->principals = lay(base, &at, n->principals, sizeof(*b->principals));
	b->principal_keys = lay(base, &at, n->principals,
	    sizeof(*b->principal_keys));
	b->places = lay(base, &at, n->places, sizeof(*b->places));
	b->rules = lay(base, &at, n->rules, sizeof(*b->rules));
	b->udp = lay(base, &at, n->udp, sizeof(*b->udp));
	return at;
}

static bool
numbers_are_sane(const struct board *b)
{
	const struct board_counted *n = &b->n;

	return n->processes > 0 && n->processes <= BOARD_PROCESSES_MAX &&
	    n->sessions > 0 && n->sessions <= BOARD_SESSIONS_MAX &&
	    b->session_max <= n->sessions &&
	    n->principals > 0 && n->principals <= BOARD_PRINCIPALS_MAX &&
	    n->places > 0 && n->places <= BOARD_PLACES_MAX &&
	    n->rules <= BOARD_RULES_MAX && n->udp <= n->sessions + UDP_MIN;
}

/*
 * As many slots again as sessions.max, for those that ended and wait for the
 * accountant; and one for each process, for handshakes are not sessions yet.
 */
static bool
count_slots(struct board *b, const struct board_sizes *sizes)
{
	memset(b, 0, sizeof(*b));
	if (sizes->session_max > BOARD_SESSIONS_MAX / 4 ||
	    sizes->processes > BOARD_PROCESSES_MAX)
		return false;
	b->session_max = sizes->session_max;
	b->n = (struct board_counted){
		.processes = sizes->processes,
		.sessions = 2 * sizes->session_max + sizes->processes,
		.principals = sizes->principals,
		.places = sizes->places,
		.rules = sizes->rules,
		.udp = sizes->session_max / 8,
	};
	if (b->n.udp < UDP_MIN)
		b->n.udp = UDP_MIN;
	return numbers_are_sane(b) && lay_all(b, NULL) <= SIZE_MAX / 2;
}

static void
fill_header(struct board *b)
{
	struct board_header *h = b->header;

	h->version = BOARD_VERSION;
	h->header_size = sizeof(*h);
	h->process_size = sizeof(struct process_slot);
	h->session_size = sizeof(struct session_slot);
	h->principal_size = sizeof(struct principal_slot);
	h->place_size = sizeof(struct place_slot);
	h->rule_size = sizeof(struct rule_slot);
	h->udp_size = sizeof(struct udp_block);
	h->n_processes = b->n.processes;
	h->n_sessions = b->n.sessions;
	h->n_principals = b->n.principals;
	h->n_places = b->n.places;
	h->n_rules = b->n.rules;
	h->n_udp = b->n.udp;
	h->session_max = b->session_max;
	board_seed_id(b, 1);
	/* last: what has no magic is no board */
	memcpy(h->magic, board_magic, sizeof(h->magic));
}

/* Map size octets of fd, or memory of no file, and lay b into it. */
static int
map(struct board *b, int fd, int protection)
{
	int flags = fd == -1 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *base;

	b->size = (size_t)lay_all(b, NULL);
	base = mmap(NULL, b->size, protection, flags, fd, 0);
	if (base == MAP_FAILED)
		return -1;
	lay_all(b, base);
	return 0;
}

static int
map_new(struct board *b, int fd)
{
	if (map(b, fd, PROT_READ | PROT_WRITE) == -1)
		return -1;
	if (getrandom(b->header->salt, sizeof(b->header->salt), 0) !=
	    (ssize_t)sizeof(b->header->salt)) {
		board_unmap(b);
		errno = EIO;
		return -1;
	}
	fill_header(b);
	return 0;
}

int
board_create(struct board *b, int dirfd, const struct board_sizes *sizes)
{
	int fd, saved;

	if (!count_slots(b, sizes)) {
		errno = EINVAL;
		return -1;
	}
	fd = openat(dirfd, board_file,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	saved = posix_fallocate(fd, 0, (off_t)lay_all(b, NULL));
	if (saved != 0)
		goto fail;
	if (map_new(b, fd) == -1) {
		saved = errno;
		goto fail;
	}
	close(fd);
	return 0;
fail:
	unlinkat(dirfd, board_file, 0);
	close(fd);
	errno = saved;
	return -1;
}

int
board_create_private(struct board *b, const struct board_sizes *sizes)
{
	if (!count_slots(b, sizes)) {
		errno = EINVAL;
		return -1;
	}
	return map_new(b, -1);
}

void
board_raise_id(struct board *b, uint64_t at_least)
{
	uint64_t next = atomic_load(&b->header->next_id);

	while ((next < at_least || next >= id_max) &&
	    !atomic_compare_exchange_weak(&b->header->next_id, &next,
	    at_least))
		;
}

void
board_seed_id(struct board *b, uint64_t at_least)
{
	uint64_t id = clock_wall_us();

	if (id < at_least && at_least < id_max)
		id = at_least;
	board_raise_id(b, id);
}

/* Take the numbers of a file's header, if it is one of ours. */
static const char *
read_header(struct board *b, const struct board_header *h)
{
	if (memcmp(h->magic, board_magic, sizeof(h->magic)) != 0)
		return "not a board";
	if (h->version != BOARD_VERSION || h->header_size != sizeof(*h) ||
	    h->process_size != sizeof(struct process_slot) ||
	    h->session_size != sizeof(struct session_slot) ||
	    h->principal_size != sizeof(struct principal_slot) ||
	    h->place_size != sizeof(struct place_slot) ||
	    h->rule_size != sizeof(struct rule_slot) ||
	    h->udp_size != sizeof(struct udp_block))
		return "a board of another version of sockd";
	b->session_max = h->session_max;
	b->n = (struct board_counted){
		.processes = h->n_processes,
		.sessions = h->n_sessions,
		.principals = h->n_principals,
		.places = h->n_places,
		.rules = h->n_rules,
		.udp = h->n_udp,
	};
	return numbers_are_sane(b) ? NULL : "its header is damaged";
}

int
board_open(struct board *b, int fd, bool writable, const char **why)
{
	struct board_header h;
	struct stat st;
	ssize_t n;

	memset(b, 0, sizeof(*b));
	*why = "not a board";
	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode))
		goto foreign;
	n = pread(fd, &h, sizeof(h), 0);
	if (n == -1)
		return -1;
	if (n != (ssize_t)sizeof(h))
		goto foreign;
	*why = read_header(b, &h);
	if (*why != NULL)
		goto foreign;
	*why = "its size does not fit its header";
	if ((uint64_t)st.st_size != lay_all(b, NULL))
		goto foreign;
	*why = "cannot be mapped";
	return map(b, fd, writable ? PROT_READ | PROT_WRITE : PROT_READ);
foreign:
	errno = EINVAL;
	return -1;
}

void
board_unmap(struct board *b)
{
	if (b->header != NULL)
		munmap(b->header, b->size);
	memset(b, 0, sizeof(*b));
}
