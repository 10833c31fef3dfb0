/*
 * Any octets as a configuration file.  One that is taken, printed and read
 * again, is the same; one that is refused has one line to say why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockd/common/conf.h"

enum { ERR_SIZE = 512, PATH_SIZE = 64 };

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file has no name but its descriptor's. */
static struct conf *
load(const void *octets, size_t size, char err[ERR_SIZE])
{
	char path[PATH_SIZE];
	struct conf *conf;
	int fd = memfd_create("conf", MFD_CLOEXEC);

	if (fd == -1 || write(fd, octets, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf = conf_load(path, err, ERR_SIZE);
	close(fd);
	if (conf == NULL && (strncmp(err, path, strlen(path)) != 0 ||
	    strpbrk(err, "\r\n\033") != NULL))
		abort();
	return conf;
}

static char *
print(const struct conf *conf, size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	if (out == NULL)
		abort();
	conf_print(conf, out);
	fclose(out);
	return text;
}

static void
ignore(void *arg, const char *text)
{
	if (strchr(text, '\n') != NULL)
		abort();
	(void)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[ERR_SIZE], *text, *again;
	struct conf *conf = load(data, size, err), *second;
	size_t len, len_again;

	if (conf == NULL)
		return 0;
	conf_doubt(conf, ignore, NULL);
	text = print(conf, &len);
	second = load(text, len, err);
	if (second == NULL)
		abort();
	again = print(second, &len_again);
	if (len != len_again || memcmp(text, again, len) != 0)
		abort();
	free(text);
	free(again);
	conf_free(conf);
	conf_free(second);
	return 0;
}
