/*
 * A PAM module that misbehaves as the user's name says (test_pam.py).
 *
 *	auth	required /path/pam_rogue.so /path/count
 *
 * It accepts the password "right", writes a line "user rhost service" to the
 * file named for each question, and does one thing more:
 *
 *	crash hang slow print fork leak alias unavail fsuid signal expired tidy
 *	deaf alarm
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <security/pam_ext.h>

static const char *
item(pam_handle_t *pamh, int which)
{
	const void *value = NULL;

	pam_get_item(pamh, which, &value);
	return value != NULL ? value : "";
}

static void
count(pam_handle_t *pamh, const char *path)
{
	FILE *f = fopen(path, "a");

	if (f == NULL)
		return;
	fprintf(f, "%s %s %s\n", item(pamh, PAM_USER), item(pamh, PAM_RHOST),
	    item(pamh, PAM_SERVICE));
	fclose(f);
}

static void
crash(void)
{
	abort();
}

static void
hang(void)
{
	for (;;)
		pause();
}

static void
print(void)
{
	printf("printed by a module\n");
	fprintf(stderr, "complained by a module\n");
	fflush(stdout);
}

/* One child that is waited for, one that stays behind for a while. */
static void
fork_two(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(7);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
		abort();
	if (fork() == 0)
		execl("/bin/sleep", "sleep", "5", (char *)NULL);
}

static void
leak(void)
{
	for (int i = 0; i < 3; i++)
		if (open("/dev/null", O_RDONLY) == -1)
			abort();
}

static void
be_another(void)
{
	setfsuid(65534);
	setfsuid(0);
}

static void
signal_all(void)
{
	kill(0, SIGTERM);
}

static void
hear_nothing(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
}

static void
forget_alarm(void)
{
	alarm(1);
}

static void
sleep_3(void)
{
	unsigned left = 3;

	while (left > 0)
		left = sleep(left);
}

/* As one does that keeps tickets: it removes them where nobody else will. */
static void
remove_file(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	if (!(status & PAM_DATA_SILENT))
		unlink(data);
	free(data);
}

/* A file of this login's own, beside the one that counts. */
static int
keep_file(pam_handle_t *pamh, const char *beside)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s.%s", beside, item(pamh, PAM_USER)) == -1)
		return PAM_BUF_ERR;
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd == -1)
		abort();
	close(fd);
	return pam_set_data(pamh, "rogue-file", path, remove_file);
}

static const struct {
	const char	*user;
	void		(*act)(void);
} acts[] = {
	{ "crash", crash },
	{ "hang", hang },
	{ "slow", sleep_3 },
	{ "print", print },
	{ "fork", fork_two },
	{ "leak", leak },
	{ "fsuid", be_another },
	{ "signal", signal_all },
	{ "deaf", hear_nothing },
	{ "alarm", forget_alarm },
};

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
    const char **argv)
{
	const char *user = NULL, *password = NULL;

	(void)flags;
	if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS)
		return PAM_USER_UNKNOWN;
	if (argc > 0)
		count(pamh, argv[0]);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(user, acts[i].user) == 0)
			acts[i].act();
	if (strcmp(user, "tidy") == 0 &&
	    (argc == 0 || keep_file(pamh, argv[0]) != PAM_SUCCESS))
		return PAM_SYSTEM_ERR;
	pam_fail_delay(pamh, 3000000);
	if (strcmp(user, "unavail") == 0)
		return PAM_AUTHINFO_UNAVAIL;
	if (pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL) !=
	    PAM_SUCCESS || strcmp(password, "right") != 0)
		return PAM_AUTH_ERR;
	if (strcmp(user, "alias") == 0)
		return pam_set_item(pamh, PAM_USER, "daemon");
	return PAM_SUCCESS;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	if (strcmp(item(pamh, PAM_USER), "expired") == 0)
		return PAM_NEW_AUTHTOK_REQD;
	return PAM_SUCCESS;
}
