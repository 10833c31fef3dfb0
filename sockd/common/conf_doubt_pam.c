/*
 * Doubts about PAM: a service without a file.  PAM then asks "other", which
 * on many systems lets in every account of the machine.
 */
#include "conf_doubt.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/elements.h"

static const char *const system_dirs[] = { "/etc/pam.d", "/usr/lib/pam.d" };
static const char system_file[] = "/etc/pam.conf";

/* One that cannot be looked at may be there. */
static bool
has_file(const char *dir, const char *service)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, service);
	/* as PAM does */
	for (char *p = path + strlen(dir); *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return access(path, F_OK) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR);
}

/* Does a line of pam.conf begin with it? */
static bool
is_in_system_file(const char *service)
{
	FILE *f = fopen(system_file, "re");
	size_t len = strlen(service);
	bool found = false;
	char line[1024];

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strncasecmp(line, service, len) == 0 &&
		    (line[len] == ' ' || line[len] == '\t');
	fclose(f);
	return found;
}

static bool
pam_knows(const struct conf *conf, const char *service)
{
	if (conf->pam.confdir[0] != '\0')
		return has_file(conf->pam.confdir, service);
	for (size_t i = 0; i < N_ELEMENTS(system_dirs); i++)
		if (has_file(system_dirs[i], service))
			return true;
	return is_in_system_file(service);
}

/* Does a listener before this one ask the same service? */
static bool
is_asked_before(const struct conf *conf, size_t listener)
{
	const char *service = conf->listens[listener].pam_service;

	for (size_t i = 0; i < listener; i++)
		if (listen_offers_login(&conf->listens[i]) &&
		    strcmp(conf->listens[i].pam_service, service) == 0)
			return true;
	return false;
}

void
doubt_pam(const struct doubter *d)
{
	const struct conf *conf = d->conf;

	for (size_t i = 0; i < conf->n_listens; i++) {
		const struct conf_listen *l = &conf->listens[i];

		if (!listen_offers_login(l) || is_asked_before(conf, i) ||
		    pam_knows(conf, l->pam_service))
			continue;
		doubt(d, of_listen(l), "PAM service \"%s\" has "
		    "no file in %s: PAM would ask \"other\"", l->pam_service,
		    conf->pam.confdir[0] != '\0' ? conf->pam.confdir :
		    system_dirs[0]);
	}
}
