/*
 * The cache of logins: a yes for the very same question only, for as long as
 * it holds, and never for what was torn.
 */
#include "sockd/auth/cache.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEP_MS = 60000, NOW_MS = 1000000 };

static struct login_question
question(const char *user, const char *password)
{
	struct login_question q = { .serial = 7, .service = "sockd" };
	const uint8_t ip[4] = { 10, 0, 0, 7 };

	snprintf(q.user, sizeof(q.user), "%s", user);
	snprintf(q.password, sizeof(q.password), "%s", password);
	addr_from_ipv4(&q.client, ip, 5123);
	return q;
}

static struct login_answer
yes(const char *user)
{
	struct login_answer a = { .serial = 7, .verdict = LOGIN_YES,
	    .n_gids = 2, .gids = { 100, 27 } };

	snprintf(a.user, sizeof(a.user), "%s", user);
	return a;
}

Test(auth_cache, gives_back_what_a_yes_brought)
{
	struct cache *c = cache_create(KEEP_MS);
	struct login_question q = question("Ann", "secret");
	struct login_answer a = yes("ann"), got = { 0 };

	cr_assert_not_null(c);
	cr_assert_not(cache_find(c, &q, NOW_MS, &got));
	cache_store(c, &q, NOW_MS, &a);
	q.serial = 8;
	cr_assert(cache_find(c, &q, NOW_MS + KEEP_MS - 1, &got));
	cr_assert_eq(got.verdict, LOGIN_YES);
	cr_assert_eq(got.serial, (uint64_t)8);
	cr_assert_str_eq(got.user, "ann");
	cr_assert_eq(got.n_gids, (size_t)2);
	cr_assert_eq(got.gids[1], (gid_t)27);
}

Test(auth_cache, forgets_in_time_and_is_not_refreshed_by_use)
{
	struct cache *c = cache_create(KEEP_MS);
	struct login_question q = question("ann", "secret");
	struct login_answer a = yes("ann"), got;

	cache_store(c, &q, NOW_MS, &a);
	cr_assert(cache_find(c, &q, NOW_MS + KEEP_MS - 1, &got));
	cr_assert_not(cache_find(c, &q, NOW_MS + KEEP_MS, &got));
	cache_store(c, &q, NOW_MS + KEEP_MS, &a);
	cr_assert(cache_find(c, &q, NOW_MS + KEEP_MS + 1, &got));
}

Test(auth_cache, every_part_of_the_question_counts)
{
	struct cache *c = cache_create(KEEP_MS);
	struct login_question q = question("ann", "secret"), other;
	struct login_answer a = yes("ann"), got;
	const uint8_t ip6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };

	cache_store(c, &q, NOW_MS, &a);
	other = question("anns", "ecret");
	cr_assert_not(cache_find(c, &other, NOW_MS, &got));
	other = question("ann", "Secret");
	cr_assert_not(cache_find(c, &other, NOW_MS, &got));
	other = question("ann", "");
	cr_assert_not(cache_find(c, &other, NOW_MS, &got));
	other = q;
	snprintf(other.service, sizeof(other.service), "other");
	cr_assert_not(cache_find(c, &other, NOW_MS, &got));
	other = q;
	other.client.ip[3]++;
	cr_assert_not(cache_find(c, &other, NOW_MS, &got));
	other = q;
	addr_from_ipv6(&other.client, ip6, 5123);
	cr_assert_not(cache_find(c, &other, NOW_MS, &got));
	other = q;
	other.client.port++;		/* but the port is the client's whim */
	cr_assert(cache_find(c, &other, NOW_MS, &got));
}

Test(auth_cache, another_cache_has_another_key)
{
	struct cache *c = cache_create(KEEP_MS), *next = cache_create(KEEP_MS);
	struct login_question q = question("ann", "secret");
	struct login_answer a = yes("ann"), got;

	cache_store(c, &q, NOW_MS, &a);
	cr_assert_not(cache_find(next, &q, NOW_MS, &got));
}

Test(auth_cache, a_no_is_never_remembered_and_0_is_off)
{
	struct cache *c = cache_create(KEEP_MS), *off = cache_create(0);
	struct login_question q = question("ann", "secret");
	struct login_answer a = yes("ann"), got;

	cache_store(off, &q, NOW_MS, &a);
	cr_assert_not(cache_find(off, &q, NOW_MS, &got));
	a.verdict = LOGIN_NO;
	cache_store(c, &q, NOW_MS, &a);
	a.verdict = LOGIN_ERROR;
	cache_store(c, &q, NOW_MS, &a);
	cr_assert_not(cache_find(c, &q, NOW_MS, &got));
}

Test(auth_cache, is_bounded_and_the_newest_stay)
{
	struct cache *c = cache_create(1000000);
	struct login_answer a = yes("u"), got;
	struct login_question q;
	char user[32];
	unsigned found = 0;

	for (unsigned i = 0; i < 50000; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		q = question(user, "p");
		cache_store(c, &q, NOW_MS + i, &a);
		cr_assert(cache_find(c, &q, NOW_MS + i, &got));
	}
	for (unsigned i = 0; i < 50000; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		q = question(user, "p");
		found += cache_find(c, &q, NOW_MS, &got);
	}
	cr_assert_leq(found, 4096u);
	cr_assert_gt(found, 4000u);
	for (unsigned i = 49800; i < 50000; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		q = question(user, "p");
		cr_assert(cache_find(c, &q, NOW_MS, &got), "%u left", i);
	}
}

/* Store forever, more logins than one set has ways, until killed. */
static void
write_without_end(struct cache *c, unsigned seed)
{
	char user[32];

	for (unsigned i = seed;; i = i * 1103515245 + 12345) {
		struct login_question q;
		struct login_answer a;

		snprintf(user, sizeof(user), "user%u", i / 65536 % 6000);
		q = question(user, "p");
		a = yes(user);
		a.n_gids = 1 + i / 65536 % MESSAGE_GROUPS_MAX;
		for (size_t g = 0; g < a.n_gids; g++)
			a.gids[g] = (gid_t)a.n_gids;
		cache_store(c, &q, NOW_MS, &a);
	}
}

/* What is found belongs to who asked, and is of one piece. */
static unsigned
read_all(const struct cache *c)
{
	unsigned found = 0;
	char user[32];

	for (unsigned i = 0; i < 6000; i++) {
		struct login_answer got;
		struct login_question q;

		snprintf(user, sizeof(user), "user%u", i);
		q = question(user, "p");
		if (!cache_find(c, &q, NOW_MS, &got))
			continue;
		found++;
		cr_assert_str_eq(got.user, user);
		for (size_t g = 0; g < got.n_gids; g++)
			cr_assert_eq(got.gids[g], (gid_t)got.n_gids);
	}
	return found;
}

Test(auth_cache, writers_that_race_and_die_leave_nothing_torn)
{
	struct cache *c = cache_create(KEEP_MS);
	unsigned found = 0;

	for (unsigned round = 0; round < 20; round++) {
		pid_t pids[3];

		for (unsigned i = 0; i < 3; i++) {
			pids[i] = fork();
			if (pids[i] == 0)
				write_without_end(c, round * 3 + i);
		}
		found += read_all(c);
		for (unsigned i = 0; i < 3; i++) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
		found += read_all(c);
	}
	cr_assert_gt(found, 1000u);
}
