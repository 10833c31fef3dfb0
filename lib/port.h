/*
 * A port in network order on the wire, in host order everywhere else.
 */
#ifndef LIB_PORT_H
#define LIB_PORT_H

#include <stdint.h>

/* The port in two octets at buf, most significant first. */
static inline uint16_t
port_get(const uint8_t *buf)
{
	return (uint16_t)(buf[0] << 8 | buf[1]);
}

static inline void
port_put(uint8_t *buf, uint16_t port)
{
	buf[0] = (uint8_t)(port >> 8);
	buf[1] = (uint8_t)(port & 0xff);
}

#endif
