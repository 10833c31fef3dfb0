/*
 * What a client speaks that does not speak SOCKS: a word for the log.
 *
 * Runs in workers.  A guess from the first octets, for an administrator who
 * asks why somebody's browser does not get through.  Decides nothing.
 */
#include "sniff.h"

#include <string.h>

#include "elements.h"

struct beginning {
	const char	*word;
	uint8_t		len;
	char		octets[20];
};

static const struct beginning beginnings[] = {
	{ "HTTP", 4, "GET " },
	{ "HTTP", 5, "HEAD " },
	{ "HTTP", 5, "POST " },
	{ "HTTP", 4, "PUT " },
	{ "HTTP", 7, "DELETE " },
	{ "HTTP", 8, "CONNECT " },
	{ "HTTP", 8, "OPTIONS " },
	{ "HTTP", 6, "TRACE " },
	{ "HTTP", 6, "PATCH " },
	{ "HTTP", 9, "PROPFIND " },
	{ "HTTP/2", 14, "PRI * HTTP/2.0" },
	{ "TLS", 2, "\x16\x03" },
	{ "SSH", 4, "SSH-" },
	{ "PROXY", 6, "PROXY " },
	{ "PROXY", 12, "\r\n\r\n\0\r\nQUIT\n" },
	{ "SMTP", 5, "EHLO " },
	{ "SMTP", 5, "HELO " },
	{ "SMTP", 4, "220 " },
	{ "FTP", 5, "USER " },
	{ "RTSP", 9, "DESCRIBE " },
	{ "SIP", 7, "INVITE " },
	{ "SIP", 9, "REGISTER " },
	{ "RDP", 3, "\x03\0\0" },
	{ "SMB", 4, "\0\0\0\x85" },
	{ "BitTorrent", 16, "\x13" "BitTorrent prot" },
};

const char *
sniff(const uint8_t *buf, size_t len)
{
	const size_t n = N_ELEMENTS(beginnings);

	for (size_t i = 0; i < n; i++)
		if (len >= beginnings[i].len && memcmp(buf,
		    beginnings[i].octets, beginnings[i].len) == 0)
			return beginnings[i].word;
	return "unknown";
}
