/*
 * Any octets as a datagram of a UDP association.  DATA never matters, a
 * header cut short is short, and an address is written and read again.
 */
#include "lasting.h"
#include "lib/socks5_udp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t
verdict(const uint8_t *buf, size_t len)
{
	struct target target;

	return socks5_udp_decode(buf, len, &target);
}

/* Every prefix of a good header is a fault, every longer datagram good. */
static void
check_lengths(const uint8_t *data, size_t size, ssize_t header)
{
	for (size_t len = 0; len <= size && len <= LASTING_MAX; len++)
		must(exact_verdict(verdict, data, len) ==
		    (len < (size_t)header ? DECODE_BAD_LENGTH : header));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t buf[SOCKS5_UDP_HEADER_ADDR_MAX];
	struct target target, again;
	ssize_t header;
	size_t len;

	header = exact_verdict(verdict, data, size);
	must(header != DECODE_MORE && header <= SOCKS5_UDP_HEADER_MAX);
	if (header < 0)
		return 0;
	check_lengths(data, size, header);
	must(socks5_udp_decode(data, size, &target) == header);
	must(target.port != 0);
	if (target.name[0] != '\0') {
		must(target.addr.family == ADDR_NONE);
		return 0;
	}
	len = socks5_udp_encode(buf, &target.addr);
	must(socks5_udp_decode(buf, len, &again) == (ssize_t)len);
	must(addr_equal_port(&again.addr, &target.addr));
	return 0;
}
