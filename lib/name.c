/*
 * Host names: which octets are one, and how two compare.
 *
 * Runs in workers (what clients send) and wherever rules are read or asked.
 * Nothing that a resolver could take for something else than a name (a
 * number, a wildcard, a zone, a file) may pass name_read().  No locale.
 */
#include "name.h"

#include <string.h>

enum { LABEL_MAX = 63 };

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex_digit(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

static bool
is_name_octet(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
	    c == '-' || c == '_';
}

static size_t
label_length(const char *octets, size_t len)
{
	const char *dot = memchr(octets, '.', len);

	return dot == NULL ? len : (size_t)(dot - octets);
}

static bool
label_is_good(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_name_octet(label[i]))
			return false;
	return true;
}

/* Decimal, octal or hex, as inet_aton(3) reads a part. */
static bool
label_is_number(const char *label, size_t len)
{
	const bool hex = len >= 2 && label[0] == '0' && lower(label[1]) == 'x';

	for (size_t i = hex ? 2 : 0; i < len; i++)
		if (hex ? !is_hex_digit(label[i]) : !is_digit(label[i]))
			return false;
	return true;
}

bool
name_read(const char *octets, size_t len, char out[NAME_SIZE])
{
	bool is_number = true;
	size_t n;

	if (len > 0 && octets[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_OCTETS)
		return false;
	for (size_t at = 0; at <= len; at += n + 1) {
		n = label_length(octets + at, len - at);
		if (!label_is_good(octets + at, n))
			return false;
		is_number = is_number && label_is_number(octets + at, n);
	}
	if (is_number)
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = lower(octets[i]);
	out[len] = '\0';
	return true;
}

static size_t
length_without_dot(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool
same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool
name_equal(const char *a, const char *b)
{
	size_t len = length_without_dot(a);

	return len == length_without_dot(b) && same(a, b, len);
}

bool
name_has_suffix(const char *name, const char *suffix)
{
	size_t name_len = length_without_dot(name);
	size_t suffix_len = length_without_dot(suffix);

	return suffix_len > 1 && suffix[0] == '.' && name_len > suffix_len &&
	    same(name + name_len - suffix_len, suffix, suffix_len);
}
