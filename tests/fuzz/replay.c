/*
 * A main() for the fuzz programs where the compiler has no libFuzzer: it
 * gives each file named to LLVMFuzzerTestOneInput() once.
 *
 * Each input lies in an exact-size allocation, so that AddressSanitizer sees
 * the first octet that is read beyond it.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *path)
{
	struct stat st;
	uint8_t *data;
	FILE *f;
	size_t size;

	f = fopen(path, "rb");
	if (f == NULL || fstat(fileno(f), &st) == -1) {
		perror(path);
		if (f != NULL)
			fclose(f);
		return -1;
	}
	size = (size_t)st.st_size;
	data = malloc(size);
	if ((data == NULL && size > 0) || fread(data, 1, size, f) != size) {
		perror(path);
		free(data);
		fclose(f);
		return -1;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int
main(int argc, char *argv[])
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (replay(argv[i]) == -1)
			bad = 1;
	}
	return bad;
}
