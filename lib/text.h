/*
 * Copying text.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>
#include <string.h>

/*
 * Copy text to the size octets (1 or more) at out, with a NUL; what does not
 * fit is left out.
 */
static inline void
text_copy(char *out, size_t size, const char *text)
{
	const size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

#endif
