/*
 * sockd: the front door.  Options, then one of: check the file (-t), print
 * the effective configuration (-T), say the version (-V), or run.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "master/master.h"
#include "sockd/common/conf.h"
#include "sockd/common/fd.h"

static const char default_file[] = SYSCONFDIR "/sockd.conf";

struct options {
	struct master_options	master;
	bool			check, print, version;
};

static int
usage(void)
{
	fprintf(stderr,
	    "usage: sockd [-DtTvV] [-f file]\n"
	    "  -D       run in the background\n"
	    "  -f file  the configuration (default %s)\n"
	    "  -t       check the configuration, tell what is doubtful, end\n"
	    "  -T       print the effective configuration, end\n"
	    "  -v       log at level debug\n"
	    "  -V       print the version, end\n", default_file);
	return 2;
}

static bool
read_options(struct options *o, int argc, char *argv[])
{
	int c;

	o->master.file = default_file;
	while ((c = getopt(argc, argv, "Df:tTvV")) != -1) {
		switch (c) {
		case 'D':
			o->master.daemonize = true;
			break;
		case 'f':
			o->master.file = optarg;
			break;
		case 't':
			o->check = true;
			break;
		case 'T':
			o->print = true;
			break;
		case 'v':
			o->master.verbose = true;
			break;
		case 'V':
			o->version = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static void
print_doubt(void *arg, const char *text)
{
	unsigned *n = arg;

	(*n)++;
	fprintf(stderr, "warning: %s\n", text);
}

/* -t and -T. */
static int
examine(const struct options *o)
{
	struct conf *conf;
	unsigned doubts = 0;
	char err[1024];

	conf = conf_load(o->master.file, err, sizeof(err));
	if (conf == NULL) {
		fprintf(stderr, "sockd: %s\n", err);
		return 1;
	}
	if (o->check) {
		conf_doubt(conf, print_doubt, &doubts);
		fprintf(stderr, "%s: good, %u warning%s\n", o->master.file,
		    doubts, doubts == 1 ? "" : "s");
	}
	if (o->print)
		conf_print(conf, stdout);
	conf_free(conf);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct options o = { 0 };

	if (fd_keep_standard() == -1) {
		perror("/dev/null");
		return 1;
	}
	if (!read_options(&o, argc, argv))
		return usage();
	if (o.version) {
		printf("sockd %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (o.check || o.print)
		return examine(&o);
	return master_run(&o.master);
}
