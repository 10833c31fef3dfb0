/*
 * Any octets as a SOCKS5 greeting, and as a request.  The verdicts last, and
 * an address that was understood is written and read again.
 */
#include "lasting.h"
#include "lib/socks5.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t
greeting_verdict(const uint8_t *buf, size_t len)
{
	struct socks5_greeting greeting;

	return socks5_greeting_decode(buf, len, &greeting);
}

static ssize_t
request_verdict(const uint8_t *buf, size_t len)
{
	struct socks5_request req;

	return socks5_request_decode(buf, len, &req);
}

static void
check_greeting(const uint8_t *data, size_t size)
{
	struct socks5_greeting greeting;

	if (lasting_verdict(greeting_verdict, data, size) <= 0)
		return;
	must(socks5_greeting_decode(data, size, &greeting) > 0);
	must(greeting.n_methods == data[1]);
	for (size_t i = 0; i < greeting.n_methods; i++)
		must(socks5_greeting_offers(&greeting, data[2 + i]));
}

/* A reply has a request's form. */
static void
check_address(const struct socks5_request *req)
{
	struct socks5_request again;
	uint8_t buf[SOCKS5_REPLY_MAX];
	size_t len;

	len = socks5_reply_encode(buf, SOCKS5_SUCCEEDED, &req->target.addr);
	buf[1] = COMMAND_CONNECT;
	must(socks5_request_decode(buf, len, &again) == (ssize_t)len);
	must(addr_equal_port(&again.target.addr, &req->target.addr));
	must(again.target.port == req->target.port);
}

static void
check_name(const struct target *target)
{
	char again[NAME_SIZE];

	must(name_read(target->name, strlen(target->name), again));
	must(strcmp(again, target->name) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socks5_request req;

	check_greeting(data, size);
	if (lasting_verdict(request_verdict, data, size) <= 0)
		return 0;
	must(socks5_request_decode(data, size, &req) > 0);
	must(req.command == COMMAND_CONNECT || req.command == COMMAND_BIND ||
	    req.command == COMMAND_UDP);
	if (req.target.addr.family != ADDR_NONE) {
		must(req.target.name[0] == '\0');
		check_address(&req);
	} else if (req.target.name[0] != '\0') {
		check_name(&req.target);
	} else {
		must(req.command == COMMAND_UDP);
	}
	return 0;
}
