/*
 * Channels: datagrams whole or not at all, descriptors owned or closed.
 */
#include "sockd/common/channel.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void
make(void)
{
	cr_assert_eq(channel_make(ends), 0);
}

static size_t
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	cr_assert_not_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

TestSuite(channel, .init = make);

Test(channel, carries_datagrams_one_by_one)
{
	char buf[16];
	size_t n = 0;

	cr_assert_eq(channel_send(ends[0], "one", 3, NULL, 0), 0);
	cr_assert_eq(channel_send(ends[0], "seven", 5, NULL, 0), 0);
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), NULL, &n), 3);
	cr_assert_arr_eq(buf, "one", 3);
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), NULL, &n), 5);
	cr_assert_arr_eq(buf, "seven", 5);
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), NULL, &n), -1);
	cr_assert_eq(errno, EAGAIN);
}

Test(channel, both_ends_are_closed_on_exec_and_do_not_block)
{
	for (int i = 0; i < 2; i++) {
		cr_assert(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
		cr_assert(fcntl(ends[i], F_GETFL) & O_NONBLOCK);
	}
	cr_assert_eq(channel_block(ends[1]), 0);
	cr_assert_not(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
	cr_assert(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
}

Test(channel, passes_descriptors_in_order)
{
	int one[2], two[2], came[CHANNEL_FDS_MAX];
	char buf[16];
	size_t n = CHANNEL_FDS_MAX;

	cr_assert_eq(pipe(one), 0);
	cr_assert_eq(pipe(two), 0);
	cr_assert_eq(channel_send(ends[0], "x", 1,
	    (int[]){ one[1], two[1] }, 2), 0);
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), came, &n), 1);
	cr_assert_eq(n, (size_t)2);
	cr_assert(fcntl(came[0], F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(write(came[0], "1", 1), 1);
	cr_assert_eq(write(came[1], "2", 1), 1);
	cr_assert_eq(read(one[0], buf, 1), 1);
	cr_assert_eq(buf[0], '1');
	cr_assert_eq(read(two[0], buf, 1), 1);
	cr_assert_eq(buf[0], '2');
}

Test(channel, what_does_not_fit_is_refused_and_leaks_nothing)
{
	int fds[CHANNEL_FDS_MAX] = { 0, 0, 0, 0 }, came[1];
	char buf[4];
	size_t n, before = count_descriptors();

	cr_assert_eq(channel_send(ends[0], "too long", 8, fds, 1), 0);
	n = 1;
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), came, &n), -1);
	cr_assert_eq(errno, EBADMSG);
	cr_assert_eq(n, (size_t)0);

	cr_assert_eq(channel_send(ends[0], "x", 1, fds, 3), 0);
	n = 1;
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), came, &n), -1);
	cr_assert_eq(errno, EBADMSG);

	cr_assert_eq(channel_send(ends[0], "x", 1, fds, 4), 0);
	n = 0;
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), NULL, &n), -1);
	cr_assert_eq(errno, EBADMSG);
	cr_assert_eq(count_descriptors(), before);
}

Test(channel, more_descriptors_than_a_message_holds_are_not_sent)
{
	int fds[CHANNEL_FDS_MAX + 1] = { 0 };

	cr_assert_eq(channel_send(ends[0], "x", 1, fds, CHANNEL_FDS_MAX + 1),
	    -1);
	cr_assert_eq(errno, EINVAL);
}

Test(channel, a_full_channel_says_so_and_takes_again)
{
	char octets[512] = { 0 };
	size_t none = 0;
	int sent = 0;

	while (sent < 100000 &&
	    channel_send(ends[0], octets, sizeof(octets), NULL, 0) == 0)
		sent++;
	cr_assert_eq(errno, EAGAIN);
	cr_assert_gt(sent, 100);
	cr_assert_eq(channel_receive(ends[1], octets, sizeof(octets), NULL,
	    &none), (ssize_t)sizeof(octets));
	for (int i = 0; i < 100; i++)
		channel_receive(ends[1], octets, sizeof(octets), NULL, &none);
	cr_assert_eq(channel_send(ends[0], octets, sizeof(octets), NULL, 0),
	    0);
}

Test(channel, the_end_is_told)
{
	char buf[4];
	size_t n = 0;

	close(ends[0]);
	cr_assert_eq(channel_receive(ends[1], buf, sizeof(buf), NULL, &n), 0);
	cr_assert_eq(channel_send(ends[1], "x", 1, NULL, 0), -1);
	cr_assert_eq(errno, EPIPE);
}
