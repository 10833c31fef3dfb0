/*
 * Quoted text: every octet, every length, every size of the buffer.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/quote.h"

struct quote_case {
	const char	*text;
	size_t		size;
	const char	*quoted;
};

static const struct quote_case quote_cases[] = {
	{ "", 8, "\"\"" },
	{ "ann", 8, "\"ann\"" },
	{ "abcde", 8, "\"abcde\"" },
	{ "abcdef", 8, "\"ab...\"" },
	{ "abcdef", 9, "\"abcdef\"" },
	{ "abcdefg", 9, "\"abc...\"" },
	{ "a b", 64, "\"a b\"" },
	{ "a\"b", 64, "\"a\\\"b\"" },
	{ "a\\b", 64, "\"a\\\\b\"" },
	{ "a\nb", 64, "\"a\\x0ab\"" },
	{ "\r\n\t\x1b\x7f", 64, "\"\\x0d\\x0a\\x09\\x1b\\x7f\"" },
	{ "caf\xc3\xa9", 64, "\"caf\\xc3\\xa9\"" },
	{ "\n\n", 8, "\"...\"" },
	{ "\n", 8, "\"\\x0a\"" },
	{ "a\n", 8, "\"a\\x0a\"" },
	{ "ab\n", 8, "\"ab...\"" },
	{ "a\n\n", 10, "\"a...\"" },
	{ "abc\"\"", 8, "\"ab...\"" },
	{ "\\x41", 64, "\"\\\\x41\"" },
};

Test(quote, cases)
{
	for (size_t i = 0; i < N_ELEMENTS(quote_cases); i++) {
		const struct quote_case *q = &quote_cases[i];
		char *buf = malloc(q->size);

		cr_assert_str_eq(quote_text(buf, q->size, q->text), q->quoted);
		free(buf);
	}
}

Test(quote, every_octet)
{
	char buf[8], expected[8];

	for (int c = 0; c < 256; c++) {
		const uint8_t octet = (uint8_t)c;

		if (c < 0x20 || c > 0x7e)
			snprintf(expected, sizeof(expected), "\"\\x%02x\"",
			    (unsigned)octet);
		else if (c == '"' || c == '\\')
			snprintf(expected, sizeof(expected), "\"\\%c\"", c);
		else
			snprintf(expected, sizeof(expected), "\"%c\"", c);
		cr_assert_str_eq(quote(buf, sizeof(buf), &octet, 1), expected);
	}
}

/* Undo it; -1 if it is not well formed, else the octets before the dots. */
static int
unquote(const char *quoted, uint8_t *out)
{
	size_t len = strlen(quoted), at = 1;
	unsigned octet;
	int n = 0;

	if (len < 2 || quoted[0] != '"' || quoted[len - 1] != '"')
		return -1;
	while (at < len - 1) {
		if (quoted[at] == '"' || quoted[at] < 0x20 || quoted[at] > 0x7e)
			return -1;
		if (quoted[at] != '\\') {
			out[n++] = (uint8_t)quoted[at++];
		} else if (quoted[at + 1] == 'x') {
			if (sscanf(quoted + at + 2, "%2x", &octet) != 1)
				return -1;
			out[n++] = (uint8_t)octet;
			at += 4;
		} else {
			out[n++] = (uint8_t)quoted[at + 1];
			at += 2;
		}
	}
	return at == len - 1 ? n : -1;
}

/* All octets, in buffers of every size: whole, or a beginning and dots. */
Test(quote, every_size)
{
	char large[2048];
	uint8_t octets[256], out[2048], *copy;
	bool is_whole;
	size_t whole;
	int n;

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 37);
	copy = exact_copy(octets, sizeof(octets));
	whole = strlen(quote(large, sizeof(large), copy, sizeof(octets)));
	for (size_t size = 8; size < 1100; size++) {
		char *buf = malloc(size);

		n = unquote(quote(buf, size, copy, sizeof(octets)), out);
		cr_assert_gt(n, 2, "%s", buf);
		is_whole = size > whole;
		if (!is_whole) {
			n -= 3;
			cr_assert_eq(memcmp(out + n, "...", 3), 0);
		}
		cr_assert_eq(memcmp(out, octets, (size_t)n), 0);
		cr_assert_geq(strlen(buf) + 4, is_whole ? whole : size,
		    "%zu octets of %zu used", strlen(buf), size);
		free(buf);
	}
	free(copy);
}
