/*
 * Which SOCKS5 method the server chooses (RFC 1928, section 3).
 */
#ifndef WORKER_METHOD_H
#define WORKER_METHOD_H

#include "lib/socks5.h"

struct conf_listen;

/*
 * The first of the listener's methods, in its order of preference, that the
 * client offers and with which some rule could still pass.
 * SOCKS5_METHOD_UNACCEPTABLE: there is none.
 */
uint8_t	method_choose(const struct conf_listen *listen,
	    const struct socks5_greeting *greeting, bool anonymous_can_pass,
	    bool somebody_can_pass);

#endif
