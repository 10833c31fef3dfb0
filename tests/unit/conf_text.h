/*
 * A configuration from a text, for the tests of the configuration.
 */
#ifndef TESTS_CONF_TEXT_H
#define TESTS_CONF_TEXT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/elements.h"
#include "sockd/common/conf.h"

enum { CONF_ERR_SIZE = 512, CONF_PATH_SIZE = 256 };

/* A file of len octets under a name that is written to path. */
static inline void
write_conf(char path[CONF_PATH_SIZE], const char *octets, size_t len)
{
	const char *dir = getenv("TMPDIR");
	ssize_t n;
	int fd;

	snprintf(path, CONF_PATH_SIZE, "%s/sockd-conf-XXXXXX",
	    dir == NULL ? "/tmp" : dir);
	fd = mkstemp(path);
	cr_assert_neq(fd, -1, "cannot make %s", path);
	n = write(fd, octets, len);
	cr_assert_eq(n, (ssize_t)len);
	close(fd);
}

/*
 * What conf_load() makes of it.  err is without the file's name: it begins
 * with the line ("3: ...") or, where none is named, with a blank.
 */
static inline struct conf *
load_octets(const char *octets, size_t len, char err[CONF_ERR_SIZE])
{
	char path[CONF_PATH_SIZE];
	struct conf *conf;
	size_t n;

	write_conf(path, octets, len);
	conf = conf_load(path, err, CONF_ERR_SIZE);
	unlink(path);
	n = strlen(path);
	if (conf == NULL) {
		cr_assert_eq(strncmp(err, path, n), 0, "no file in: %s", err);
		cr_assert_eq(err[n], ':', "no colon in: %s", err);
		memmove(err, err + n + 1, strlen(err + n + 1) + 1);
	}
	return conf;
}

static inline struct conf *
load_text(const char *text, char err[CONF_ERR_SIZE])
{
	return load_octets(text, strlen(text), err);
}

/* A file that is refused, and what conf_load() says of it. */
struct wrong {
	const char	*text, *err;
};

static inline void
check_wrong(const struct wrong *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char err[CONF_ERR_SIZE];
		struct conf *c = load_text(cases[i].text, err);

		cr_expect_null(c, "taken: %s", cases[i].text);
		if (c == NULL)
			cr_expect_str_eq(err, cases[i].err, "%s\nsays %s\n"
			    "not  %s", cases[i].text, err, cases[i].err);
		conf_free(c);
	}
}

#define CHECK_WRONG(cases) check_wrong(cases, N_ELEMENTS(cases))

/* One that must be right. */
static inline struct conf *
load_good(const char *text)
{
	char err[CONF_ERR_SIZE];
	struct conf *conf = load_text(text, err);

	cr_assert_not_null(conf, "refused:%s\n%s", err, text);
	return conf;
}

/* The configuration as -T prints it; the caller's to free.  Inlined, gcc 12
 * takes the text for the variable that points to it. */
__attribute__((noinline, unused))
static char *
print_text(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	conf_print(conf, out);
	fclose(out);
	return text;
}

#endif
