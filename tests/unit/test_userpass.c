/*
 * The username/password sub-negotiation.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "exact.h"
#include "lib/userpass.h"

static ssize_t
verdict(const uint8_t *buf, size_t len)
{
	struct userpass up, before;
	ssize_t n;

	memset(&up, 0xee, sizeof(up));
	before = up;
	n = userpass_decode(buf, len, &up);
	if (n <= 0)
		cr_assert_eq(memcmp(&up, &before, sizeof(up)), 0);
	return n;
}

/* A message with names of any octets but NUL; returns its length. */
static size_t
message(uint8_t buf[USERPASS_MAX], size_t ulen, size_t plen)
{
	size_t at = 0;

	buf[at++] = USERPASS_VERSION;
	buf[at++] = (uint8_t)ulen;
	for (size_t i = 0; i < ulen; i++)
		buf[at++] = (uint8_t)(1 + i % 255);
	buf[at++] = (uint8_t)plen;
	for (size_t i = 0; i < plen; i++)
		buf[at++] = (uint8_t)(255 - i % 255);
	return at;
}

Test(userpass, every_length)
{
	static const size_t lengths[] = { 1, 2, 8, 127, 128, 254, 255 };
	uint8_t buf[USERPASS_MAX];
	struct userpass up;
	size_t len, ulen, plen;

	for (size_t i = 0; i < 7 * 8; i++) {
		ulen = lengths[i % 7];
		plen = i / 7 == 7 ? 0 : lengths[i / 7];
		len = message(buf, ulen, plen);
		assert_whole(verdict, buf, len);
		userpass_decode(buf, len, &up);
		cr_assert_eq(up.ulen, ulen);
		cr_assert_eq(up.plen, plen);
		cr_assert_eq(up.uname, buf + 2);
		cr_assert_eq(up.passwd, buf + 3 + ulen);
	}
}

Test(userpass, longest)
{
	uint8_t buf[USERPASS_MAX];

	cr_assert_eq(message(buf, 255, 255), USERPASS_MAX);
}

/* Version, then lengths that shift the rest. */
Test(userpass, every_octet_of_the_fixed_part)
{
	uint8_t buf[USERPASS_MAX];
	size_t len = message(buf, 3, 4);

	for (int c = 0; c < 256; c++) {
		buf[0] = (uint8_t)c;
		if (c != USERPASS_VERSION)
			assert_fault(verdict, buf, 1, DECODE_BAD_VERSION);
	}
	buf[0] = USERPASS_VERSION;
	for (int c = 0; c < 256; c++) {
		buf[1] = (uint8_t)c;
		assert_lasting(verdict, buf, len);
	}
	buf[1] = 3;
	for (int c = 0; c < 256; c++) {
		buf[5] = (uint8_t)c;
		cr_assert_eq(exact_verdict(verdict, buf, len),
		    c <= 4 ? 6 + c : 0);
	}
}

Test(userpass, empty_name)
{
	static const uint8_t octets[] = { 1, 0, 1, 'p' };

	assert_fault(verdict, octets, 2, DECODE_BAD_NAME);
}

Test(userpass, empty_password)
{
	static const uint8_t octets[] = { 1, 3, 'a', 'n', 'n', 0 };

	assert_whole(verdict, octets, sizeof(octets));
}

/* A NUL anywhere in either is told as soon as it is there. */
Test(userpass, nul)
{
	uint8_t good[USERPASS_MAX], buf[USERPASS_MAX];
	size_t len = message(good, 5, 6);

	for (size_t at = 2; at < len; at++) {
		if (at == 2 + 5)
			continue;
		memcpy(buf, good, len);
		buf[at] = 0;
		assert_fault(verdict, buf, at + 1, DECODE_BAD_NAME);
	}
}

/* What is behind the message is the request, and may hold NULs. */
Test(userpass, one_segment)
{
	static const uint8_t octets[] = { 1, 1, 'a', 1, 'b', 5, 1, 0, 1, 0, 0 };

	cr_assert_eq(exact_verdict(verdict, octets, sizeof(octets)), 5);
}

Test(userpass, reply)
{
	uint8_t *buf = malloc(USERPASS_REPLY_SIZE);

	userpass_reply_encode(buf, USERPASS_SUCCESS);
	cr_assert_eq(memcmp(buf, "\x01\x00", 2), 0);
	userpass_reply_encode(buf, USERPASS_FAILURE);
	cr_assert_eq(memcmp(buf, "\x01\x01", 2), 0);
	free(buf);
}
