/*
 * Any octets as a SOCKS4 request.  The verdict lasts, and what was understood
 * means the same when it is written again.
 */
#include "lasting.h"
#include "lib/socks4.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t
verdict(const uint8_t *buf, size_t len)
{
	struct socks4_request req;

	return socks4_request_decode(buf, len, &req);
}

/* The same request in the plainest octets; returns their length. */
static size_t
request_encode(uint8_t buf[SOCKS4_REQUEST_MAX],
    const struct socks4_request *req)
{
	const size_t userid = strlen(req->userid) + 1;
	char addr[ADDR_TEXT_MAX];
	const char *name = req->target.name;

	socks4_reply_encode(buf, (uint8_t)req->command, &req->target.addr);
	buf[0] = SOCKS4_VERSION;
	memcpy(buf + 8, req->userid, userid);
	if (!req->is_4a)
		return 8 + userid;
	memcpy(buf + 2, (uint8_t[]){ (uint8_t)(req->target.port >> 8),
	    (uint8_t)req->target.port, 0, 0, 0, 1 }, 6);
	if (name[0] == '\0')
		name = addr_format(&req->target.addr, addr);
	memcpy(buf + 8 + userid, name, strlen(name) + 1);
	return 8 + userid + strlen(name) + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socks4_request req = { 0 }, again = { 0 };
	uint8_t buf[SOCKS4_REQUEST_MAX];
	size_t len;

	if (lasting_verdict(verdict, data, size) <= 0)
		return 0;
	must(socks4_request_decode(data, size, &req) > 0);
	must(req.command == COMMAND_CONNECT || req.command == COMMAND_BIND);
	must((req.target.name[0] == '\0') ==
	    (req.target.addr.family != ADDR_NONE));
	len = request_encode(buf, &req);
	must(socks4_request_decode(buf, len, &again) == (ssize_t)len);
	must(again.command == req.command && again.is_4a == req.is_4a);
	must(strcmp(again.userid, req.userid) == 0);
	must(strcmp(again.target.name, req.target.name) == 0);
	must(addr_equal_port(&again.target.addr, &req.target.addr));
	must(again.target.port == req.target.port);
	return 0;
}
