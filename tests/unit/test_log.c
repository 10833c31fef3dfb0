/*
 * The log: one line a call, bounded, with nothing in it that could make a
 * second line.
 */
#include "sockd/common/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file = -1;		/* what was logged; the log has a copy */

static void
open_log(void)
{
	char path[] = "/tmp/sockd-test-log.XXXXXX";

	file = mkstemp(path);
	cr_assert_neq(file, -1);
	unlink(path);
	log_open(dup(file), LOG_INFO, "sockd-test");
}

static size_t
logged(char *buf, size_t size)
{
	ssize_t n = pread(file, buf, size - 1, 0);

	cr_assert_geq(n, 0);
	buf[n] = '\0';
	return (size_t)n;
}

TestSuite(log, .init = open_log);

Test(log, writes_one_line_in_the_stated_form)
{
	char buf[4096], name[64];
	unsigned y, mo, d, h, mi, s, ms;
	long pid;
	int end = 0;

	log_info("event key=%d", 7);
	logged(buf, sizeof(buf));
	cr_assert_eq(sscanf(buf, "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %63[^[][%ld] "
	    "info event key=7\n%n", &y, &mo, &d, &h, &mi, &s, &ms, name, &pid,
	    &end), 9);
	cr_assert_eq((size_t)end, strlen(buf));
	cr_assert_str_eq(name, "sockd-test");
	cr_assert_eq(pid, (long)getpid());
}

/* It adds time and name, and takes the level from the text. */
Test(log, the_journal_is_told_the_level_as_it_wants_it)
{
	char buf[4096], stream[64];
	struct stat st;

	cr_assert_eq(fstat(file, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(dup(file), LOG_INFO, "sockd-test");
	log_err("one");
	log_info("two key=%d", 7);
	logged(buf, sizeof(buf));
	cr_assert_str_eq(buf, "<3>one\n<6>two key=7\n");
}

Test(log, levels_are_names_and_a_bar)
{
	char buf[4096];

	log_err("one");
	log_warning("two");
	log_debug("not seen");
	cr_assert(log_is_on(LOG_INFO));
	cr_assert_not(log_is_on(LOG_DEBUG));
	log_open(log_fd(), LOG_DEBUG, "sockd-test");
	log_debug("three");
	logged(buf, sizeof(buf));
	cr_assert_not_null(strstr(buf, " err one\n"));
	cr_assert_not_null(strstr(buf, " warning two\n"));
	cr_assert_not_null(strstr(buf, " debug three\n"));
	cr_assert_null(strstr(buf, "not seen"));
}

Test(log, control_octets_make_no_second_line)
{
	char buf[4096];
	size_t n;

	log_info("a\nb\rc\x1b[31md\x7f e");
	n = logged(buf, sizeof(buf));
	cr_assert_eq(strchr(buf, '\n'), buf + n - 1);
	cr_assert_not_null(strstr(buf, "a?b?c?[31md? e\n"));
}

Test(log, a_line_is_cut_at_2_KiB)
{
	char buf[8192], text[4096];
	size_t n;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	n = logged(buf, sizeof(buf));
	cr_assert_leq(n, (size_t)2048);
	cr_assert_geq(n, (size_t)2000);
	cr_assert_eq(strchr(buf, '\n'), buf + n - 1);
}

Test(log, a_condition_is_told_when_it_starts_and_ends)
{
	struct log_condition c = { .what = "accept paused" };
	char buf[4096], *at;
	size_t lines = 0, n;

	log_ends(&c);			/* it never started */
	for (int i = 0; i < 5; i++)
		log_starts(&c, "error=%s", "EMFILE");
	log_ends(&c);
	log_ends(&c);
	n = logged(buf, sizeof(buf));
	for (at = buf; at < buf + n; at++)
		lines += *at == '\n';
	cr_assert_eq(lines, (size_t)2);
	cr_assert_not_null(strstr(buf, "warning accept paused error=EMFILE\n"));
	cr_assert_not_null(strstr(buf, "info accept paused ended count=5\n"));
}

Test(log, held_lines_come_whole_and_in_order)
{
	char buf[1 << 17], due[32], *at;
	size_t n;

	log_hold();
	for (int i = 0; i < 1000; i++)
		log_info("line %d of many", i);
	log_release();
	log_info("line %d of many", 1000);
	n = logged(buf, sizeof(buf));
	at = buf;
	for (int i = 0; i <= 1000; i++) {
		snprintf(due, sizeof(due), " info line %d of many\n", i);
		at = strstr(at, due);
		cr_assert_not_null(at, "line %d", i);
		at += strlen(due);
	}
	cr_assert_eq((size_t)(at - buf), n);
}

/* Once, and never twice in one place. */
Test(log, errors_are_echoed_to_standard_error_where_asked)
{
	char buf[4096], said[4096];
	char path[] = "/tmp/sockd-test-err.XXXXXX";
	int err = mkstemp(path);
	ssize_t n;

	cr_assert_neq(err, -1);
	unlink(path);
	dup2(err, STDERR_FILENO);
	log_echo(true);
	log_err("one");
	log_warning("two");
	log_echo(false);
	log_err("three");
	logged(buf, sizeof(buf));
	cr_assert_not_null(strstr(buf, " err one\n"));
	log_echo(true);
	log_open(STDERR_FILENO, LOG_INFO, "sockd-test");
	log_err("four");
	n = pread(err, said, sizeof(said) - 1, 0);
	cr_assert_gt(n, 0);
	said[n] = '\0';
	cr_assert_not_null(strstr(said, " err one\n"));
	cr_assert_null(strstr(said, "two"));
	cr_assert_null(strstr(said, "three"));
	cr_assert_not_null(strstr(said, " err four\n"));
	cr_assert_null(strstr(strstr(said, "four") + 1, "four"));
}

Test(log, errno_stays)
{
	log_open(open("/dev/full", O_WRONLY), LOG_INFO, "sockd-test");
	errno = EDOM;
	log_info("to nowhere");
	cr_assert_eq(errno, EDOM);
}

Test(log, a_log_that_cannot_be_written_is_no_reason_to_end)
{
	log_open(open("/dev/full", O_WRONLY), LOG_INFO, "sockd-test");
	log_info("to nowhere");
	cr_assert(log_is_on(LOG_INFO));
}
