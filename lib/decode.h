/*
 * What every decoder of a wire format returns: the octets consumed (> 0),
 * DECODE_MORE for a good beginning, or a fault.  A verdict never changes as
 * more octets arrive, and the output is written only on success.
 */
#ifndef LIB_DECODE_H
#define LIB_DECODE_H

#include <sys/types.h>

enum {
	DECODE_MORE = 0,
	DECODE_BAD_VERSION = -1,
	DECODE_BAD_COMMAND = -2,	/* reply X'07' / 91 */
	DECODE_BAD_ATYP = -3,		/* reply X'08' */
	DECODE_BAD_NAME = -4,		/* reply X'01' / 91 */
	DECODE_BAD_ADDRESS = -5,	/* SOCKS4: 0.0.0.0 */
	DECODE_TOO_LONG = -6,		/* SOCKS4: USERID or name over 255 */
	DECODE_BAD_LENGTH = -7,
	DECODE_BAD_FRAGMENT = -8,	/* UDP: FRAG is not 0 */
};

#endif
