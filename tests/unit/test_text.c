/*
 * Copying text: what fits, what fits just so, and what does not.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/text.h"

enum { ROOM = 4 };

static const struct {
	const char	*text, *copied;
	size_t		size;
} cases[] = {
	{ "", "", ROOM },
	{ "ab", "ab", ROOM },
	{ "abc", "abc", ROOM },
	{ "abcd", "abc", ROOM },
	{ "abcdefgh", "abc", ROOM },
	{ "ab", "", 1 },
};

Test(text, copied_as_far_as_it_fits)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char *text = (char *)exact_copy(cases[i].text,
		    strlen(cases[i].text) + 1);
		char *out = malloc(cases[i].size);

		memset(out, 'x', cases[i].size);
		text_copy(out, cases[i].size, text);
		cr_assert_str_eq(out, cases[i].copied);
		free(out);
		free(text);
	}
}
