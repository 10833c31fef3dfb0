/*
 * Foreign text made harmless for a log line.
 *
 * Runs in every process that logs.  Whatever octets come in, what goes out is
 * one printable ASCII word in double quotes that no reader of logs can take
 * for the end of a line or of a value.
 */
#include "quote.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { QUOTE_SIZE_MIN = 8, ESCAPE_MAX = 4 };

/* Write one octet as it stands in quotes; returns the octets written. */
static size_t
escape(char out[ESCAPE_MAX], uint8_t octet)
{
	static const char digits[] = "0123456789abcdef";

	if (octet < 0x20 || octet > 0x7e) {
		out[0] = '\\';
		out[1] = 'x';
		out[2] = digits[octet >> 4];
		out[3] = digits[octet & 0xf];
		return 4;
	}
	if (octet == '"' || octet == '\\') {
		out[0] = '\\';
		out[1] = (char)octet;
		return 2;
	}
	out[0] = (char)octet;
	return 1;
}

/*
 * Append escaped octets while they fit into room; returns the octets written.
 * *done says how many of the len were taken.
 */
static size_t
fill(char *out, size_t room, const uint8_t *octets, size_t len, size_t *done)
{
	char unit[ESCAPE_MAX];
	size_t at = 0, i, n;

	for (i = 0; i < len; i++) {
		n = escape(unit, octets[i]);
		if (n > room - at)
			break;
		memcpy(out + at, unit, n);
		at += n;
	}
	*done = i;
	return at;
}

const char *
quote(char *buf, size_t size, const void *octets, size_t len)
{
	static const char dots[3] = { '.', '.', '.' };
	size_t room, at, done;

	assert(size >= QUOTE_SIZE_MIN);
	room = size - sizeof("\"\"");
	at = fill(buf + 1, room, octets, len, &done);
	if (done < len) {
		at = fill(buf + 1, room - sizeof(dots), octets, len, &done);
		memcpy(buf + 1 + at, dots, sizeof(dots));
		at += sizeof(dots);
	}
	buf[0] = '"';
	buf[at + 1] = '"';
	buf[at + 2] = '\0';
	return buf;
}

const char *
quote_text(char *buf, size_t size, const char *text)
{
	return quote(buf, size, text, strlen(text));
}
