/*
 * Any octets as a username/password message.  The verdict lasts, and what was
 * understood is what was sent, octet for octet.
 */
#include "lasting.h"
#include "lib/userpass.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t
verdict(const uint8_t *buf, size_t len)
{
	struct userpass up;

	return userpass_decode(buf, len, &up);
}

static size_t
message_encode(uint8_t buf[USERPASS_MAX], const struct userpass *up)
{
	buf[0] = USERPASS_VERSION;
	buf[1] = up->ulen;
	memcpy(buf + 2, up->uname, up->ulen);
	buf[2 + up->ulen] = up->plen;
	memcpy(buf + 3 + up->ulen, up->passwd, up->plen);
	return 3 + (size_t)up->ulen + up->plen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t buf[USERPASS_MAX];
	struct userpass up;
	ssize_t n;

	n = lasting_verdict(verdict, data, size);
	if (n <= 0)
		return 0;
	must(userpass_decode(data, size, &up) == n);
	must(up.ulen > 0);
	must(memchr(up.uname, '\0', up.ulen) == NULL);
	must(memchr(up.passwd, '\0', up.plen) == NULL);
	must(message_encode(buf, &up) == (size_t)n);
	must(memcmp(buf, data, (size_t)n) == 0);
	return 0;
}
