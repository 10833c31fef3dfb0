/*
 * What a client speaks that does not speak SOCKS: a word for the log.
 */
#ifndef LIB_SNIFF_H
#define LIB_SNIFF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Guess from the first len octets that a client sent: "HTTP", "TLS", "SSH",
 * ... or "unknown", also where more octets would tell.  Returns a constant,
 * never NULL, fit for a log line as it is.
 */
const char *sniff(const uint8_t *buf, size_t len);

#endif
