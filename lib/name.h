/*
 * Host names as clients may send them, and how rules compare them.
 *
 * A name is letters, digits, '-', '_' and '.'; labels of 1 to 63 octets; 253
 * octets in all without a trailing dot.  Everything else never reaches a
 * resolver.  A form that inet_aton(3) could take for a number ("127.1",
 * "0x7f.1", "017700000001"), that is one whose every label is a decimal,
 * octal or hex number, is no name either.
 */
#ifndef LIB_NAME_H
#define LIB_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_MAX_OCTETS = 253, NAME_SIZE = 256 };

/*
 * Take len octets (no NUL expected, one within is a fault) for a name.  True:
 * out holds it in lower case, without its trailing dot, with a NUL.  False:
 * it is none, and out is left alone.  IP literals are none: ask addr_parse()
 * first.
 */
bool	name_read(const char *octets, size_t len, char out[NAME_SIZE]);

/* Equal without regard to case and one trailing dot. */
bool	name_equal(const char *a, const char *b);

/*
 * Is name below suffix?  suffix is written ".example.org"; "example.org"
 * itself is not below it, nor is anything below "." or what has no dot first.
 * Case and one trailing dot do not matter.
 */
bool	name_has_suffix(const char *name, const char *suffix);

#endif
