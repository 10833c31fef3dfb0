/*
 * sockctl: the administrator's view of a running sockd, and a question to its
 * rules.  It reads the configuration, the board and the ledger; the one thing
 * that it can change is to cut a session.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "lib/elements.h"
#include "sockd/common/fd.h"
#include "sockd/common/log.h"

static const struct ctl_word {
	const char	*name;
	ctl_command_fn	*run;
	const char	*words, *what;
} commands[] = {
	{ "status", ctl_status, "", "processes, sessions and counts" },
	{ "live", ctl_live, "", "the sessions of this moment" },
	{ "sessions", ctl_live, "", "the same" },
	{ "quota", ctl_quota, "[principal ...]", "what is used and left" },
	{ "explain", ctl_explain, "[key=value ...]",
	    "what the rules say, and why: user= from=\n\t\t\t    "
	    "to= command= protocol= listen= at=" },
	{ "cut", ctl_cut, "id ...", "end these sessions" },
};

static const char default_file[] = SYSCONFDIR "/sockd.conf";

/* NULL: there is none of this name, and stderr says so. */
static const struct ctl_word *
find_command(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	fprintf(stderr, "sockctl: there is no command \"%s\"\n", name);
	return NULL;
}

static int
usage(void)
{
	fprintf(stderr, "usage: sockctl [-V] [-f file] command\n");
	for (size_t i = 0; i < N_ELEMENTS(commands); i++)
		fprintf(stderr, "  %-8s %-15s  %s\n", commands[i].name,
		    commands[i].words, commands[i].what);
	return CTL_USAGE;
}

static int
run(const struct ctl_word *command, const char *file, int argc, char *argv[])
{
	bool asks_rules = command->run == ctl_explain;
	char why[512];
	struct conf *conf = asks_rules ?
	    conf_load(file, why, sizeof(why)) :
	    conf_load_places(file, why, sizeof(why));
	enum ctl_exit rc;

	if (conf == NULL) {
		fprintf(stderr, "sockctl: %s\n", why);
		return asks_rules ? CTL_USAGE : CTL_NO;
	}
	log_open(STDERR_FILENO, LOG_ERR, "sockctl");
	rc = command->run(conf, argc, argv);
	conf_free(conf);
	return rc;
}

int
main(int argc, char *argv[])
{
	const char *file = default_file;
	const struct ctl_word *command;
	int c;

	if (fd_keep_standard() == -1) {
		perror("/dev/null");
		return CTL_NO;
	}
	while ((c = getopt(argc, argv, "f:V")) != -1) {
		switch (c) {
		case 'f':
			file = optarg;
			break;
		case 'V':
			printf("sockctl %s\n", PACKAGE_VERSION);
			return CTL_OK;
		default:
			return usage();
		}
	}
	command = optind < argc ? find_command(argv[optind]) : NULL;
	if (command == NULL)
		return usage();
	return run(command, file, argc - optind - 1, argv + optind + 1);
}
