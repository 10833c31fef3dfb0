/*
 * In which order addresses are tried: pure, so that a table can test it.
 */
#include "dial.h"

/* The first address of this family at or after from; n: there is none. */
static size_t
next_of(const struct addr *addrs, size_t n, size_t from, uint8_t family)
{
	while (from < n && addrs[from].family != family)
		from++;
	return from;
}

size_t
dial_order(struct addr out[MESSAGE_ADDRS_MAX], const struct addr *addrs,
    size_t n, int prefer)
{
	uint8_t family = prefer != 0 ? (uint8_t)prefer :
	    n > 0 ? addrs[0].family : ADDR_IPV6;
	size_t at[2] = { 0, 0 }, filled = 0;
	int side = 0;

	if (n > MESSAGE_ADDRS_MAX)
		n = MESSAGE_ADDRS_MAX;
	for (size_t turn = 0; turn < 2 * n && filled < n; turn++) {
		at[side] = next_of(addrs, n, at[side], family);
		if (at[side] < n)
			out[filled++] = addrs[at[side]++];
		family = family == ADDR_IPV6 ? ADDR_IPV4 : ADDR_IPV6;
		side = !side;
	}
	return filled;
}
