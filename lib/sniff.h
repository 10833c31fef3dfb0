/*
 * What a client speaks that does not speak SOCKS: a word for the log.
 */
#ifndef LIB_SNIFF_H
#define LIB_SNIFF_H

#include <stddef.h>
#include <stdint.h>

/* "HTTP", "TLS", "SSH", ... or "unknown"; never NULL. */
const char *sniff(const uint8_t *buf, size_t len);

#endif
