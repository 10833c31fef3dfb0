/*
 * Foreign text for the database: whatever reads it may rely on UTF-8 without
 * control characters.
 */
#ifndef ACCOUNT_CLEAN_H
#define ACCOUNT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

enum { CLEAN_FACTOR = 4 };	/* each octet may become \xNN */

/* Does clean_text() leave it as it is?  (It may say no to what is.) */
bool	clean_is(const char *text);

/*
 * Copy text into buf of size octets, CLEAN_FACTOR times its length + 1 at
 * most; what is not valid, printable UTF-8 becomes \xNN.  Returns buf.
 */
const char *clean_text(char *buf, size_t size, const char *text);

#endif
