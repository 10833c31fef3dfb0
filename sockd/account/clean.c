/*
 * UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing beyond
 * U+10FFFF; and no C0 or C1 control character.
 */
#include "clean.h"

#include <stdint.h>
#include <string.h>

/* The octets of the good character at s, 0 if there is none. */
static size_t
character(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 :
	    s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t code;

	if (n == 1)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (n == 0)
		return 0;
	code = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)	/* the NUL stops here, too */
			return 0;
		code = code << 6 | (s[i] & 0x3fU);
	}
	if (code < 0xa0 || (n == 3 && code < 0x800) ||
	    (n == 4 && code < 0x10000) || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

bool
clean_is(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s >= 0x20 && *s < 0x7f)
		s++;
	return *s == '\0';
}

const char *
clean_text(char *buf, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0, n;

	for (; *s != '\0' && at + 4 < size; s += n > 0 ? n : 1) {
		n = character(s);
		if (n > 0) {
			memcpy(buf + at, s, n);
			at += n;
			continue;
		}
		buf[at++] = '\\';
		buf[at++] = 'x';
		buf[at++] = hex[*s >> 4];
		buf[at++] = hex[*s & 15];
	}
	buf[at] = '\0';
	return buf;
}
