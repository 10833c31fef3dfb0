/*
 * The choice of a SOCKS5 method: pure, so that a table can test it.
 */
#include "method.h"

#include "sockd/common/conf.h"

uint8_t
method_choose(const struct conf_listen *listen,
    const struct socks5_greeting *greeting, bool anonymous_can_pass,
    bool somebody_can_pass)
{
	for (size_t i = 0; i < listen->n_methods; i++) {
		uint8_t method = listen->methods[i];
		bool can_pass = method == SOCKS5_METHOD_NONE ?
		    anonymous_can_pass : somebody_can_pass;

		if (can_pass && socks5_greeting_offers(greeting, method))
			return method;
	}
	return SOCKS5_METHOD_UNACCEPTABLE;
}
