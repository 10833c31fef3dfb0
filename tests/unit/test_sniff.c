/*
 * What a client speaks that does not speak SOCKS.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/elements.h"
#include "lib/sniff.h"

struct sniff_case {
	const char	*word;
	size_t		len;
	const char	*octets;
};

static const struct sniff_case sniff_cases[] = {
	{ "HTTP", 18, "GET / HTTP/1.1\r\n\r\n" },
	{ "HTTP", 4, "GET " },
	{ "HTTP", 27, "CONNECT a.example:443 HTTP/" },
	{ "HTTP", 9, "OPTIONS *" },
	{ "HTTP/2", 16, "PRI * HTTP/2.0\r\n" },
	{ "TLS", 5, "\x16\x03\x01\x02\x00" },
	{ "SSH", 12, "SSH-2.0-Open" },
	{ "PROXY", 11, "PROXY TCP4 " },
	{ "PROXY", 12, "\r\n\r\n\0\r\nQUIT\n" },
	{ "SMTP", 9, "EHLO mail" },
	{ "RDP", 4, "\x03\x00\x00\x13" },
	{ "BitTorrent", 20, "\x13" "BitTorrent protocol" },
	{ "unknown", 0, "" },
	{ "unknown", 3, "GET" },
	{ "unknown", 4, "get " },
	{ "unknown", 1, "\x16" },
	{ "unknown", 9, "\x04\x01\x00\x50\x00\x00\x00\x01\x00" },
	{ "unknown", 3, "\x05\x01\x00" },
	{ "unknown", 3, "\x00\x00\x00" },
};

Test(sniff, cases)
{
	for (size_t i = 0; i < N_ELEMENTS(sniff_cases); i++) {
		const struct sniff_case *s = &sniff_cases[i];
		uint8_t *copy = exact_copy(s->octets, s->len);

		cr_assert_str_eq(sniff(copy, s->len), s->word, "case %zu", i);
		free(copy);
	}
}

/* The first octet alone, and every beginning, in exact allocations. */
Test(sniff, every_beginning)
{
	for (size_t i = 0; i < N_ELEMENTS(sniff_cases); i++) {
		for (size_t n = 0; n < sniff_cases[i].len; n++) {
			uint8_t *copy = exact_copy(sniff_cases[i].octets, n);

			cr_assert_not_null(sniff(copy, n));
			free(copy);
		}
	}
	for (int c = 0; c < 256; c++) {
		uint8_t octet = (uint8_t)c, *copy = exact_copy(&octet, 1);

		cr_assert_str_eq(sniff(copy, 1), "unknown");
		free(copy);
	}
}
