/*
 * Foreign text made harmless for a log line: printable ASCII stays, '"' and
 * '\' get a backslash, every other octet becomes \xNN, the whole stands in
 * double quotes and is cut (with "..." before the closing quote) to fit.
 */
#ifndef LIB_QUOTE_H
#define LIB_QUOTE_H

#include <stddef.h>

/*
 * Quote len octets, or a text up to its NUL, into buf of size octets, its NUL
 * included.  A size below 8 is our own fault.  An escape is never cut in two.
 * Returns buf.
 */
const char *quote(char *buf, size_t size, const void *octets, size_t len);
const char *quote_text(char *buf, size_t size, const char *text);

#endif
