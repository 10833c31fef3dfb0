/*
 * The fields of a message, octet by octet.
 *
 * The reader believes nothing: the sender may be a worker that a client has
 * taken over.  Each length is checked before it is used, and one value has
 * one encoding.  What the writer is given is ours, so there a field out of
 * bounds is an assert.
 */
#include "wire.h"

#include <assert.h>
#include <string.h>

static void
put(struct wire_writer *w, const void *octets, size_t n)
{
	assert(n <= MESSAGE_MAX - w->len);
	memcpy(w->buf + w->len, octets, n);
	w->len += n;
}

void
wire_put_u8(struct wire_writer *w, unsigned v)
{
	uint8_t octet = (uint8_t)v;

	assert(v <= UINT8_MAX);
	put(w, &octet, sizeof(octet));
}

void
wire_put_u32(struct wire_writer *w, uint32_t v)
{
	put(w, &v, sizeof(v));
}

void
wire_put_u64(struct wire_writer *w, uint64_t v)
{
	put(w, &v, sizeof(v));
}

void
wire_put_text(struct wire_writer *w, const char *text, size_t size)
{
	size_t n = strnlen(text, size);
	uint16_t n16 = (uint16_t)n;

	assert(n < size && n <= UINT16_MAX);
	put(w, &n16, sizeof(n16));
	put(w, text, n);
}

void
wire_put_addr(struct wire_writer *w, const struct addr *a)
{
	assert(a->family == ADDR_IPV4 || a->family == ADDR_IPV6);
	wire_put_u8(w, a->family);
	put(w, a->ip, addr_size(a));
	put(w, &a->port, sizeof(a->port));
	if (a->family == ADDR_IPV6)
		wire_put_u32(w, a->scope);
}

/* n octets of the message, or NULL. */
static const uint8_t *
take(struct wire_reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return at;
}

/* Fill n octets at v; they are zeroed when the message has no n left. */
static void
get(struct wire_reader *r, void *v, size_t n)
{
	const uint8_t *at = take(r, n);

	if (at != NULL)
		memcpy(v, at, n);
	else
		memset(v, 0, n);
}

unsigned
wire_get_u8(struct wire_reader *r, unsigned least, unsigned most)
{
	uint8_t v;

	get(r, &v, sizeof(v));
	if (v < least || v > most)
		r->bad = true;
	return r->bad ? least : v;
}

uint32_t
wire_get_u32(struct wire_reader *r)
{
	uint32_t v;

	get(r, &v, sizeof(v));
	return v;
}

uint64_t
wire_get_u64(struct wire_reader *r)
{
	uint64_t v;

	get(r, &v, sizeof(v));
	return v;
}

struct wire_text
wire_get_text(struct wire_reader *r, size_t size)
{
	struct wire_text t = { "", 0 };
	uint16_t n;
	const uint8_t *at;

	get(r, &n, sizeof(n));
	if (n >= size)
		r->bad = true;
	at = take(r, n);
	if (at == NULL)
		return t;
	if (memchr(at, '\0', n) != NULL)
		r->bad = true;
	t.octets = (const char *)at;
	t.len = n;
	return t;
}

struct addr
wire_get_addr(struct wire_reader *r)
{
	struct addr a = { 0 };
	uint8_t ip[16];
	uint16_t port;
	unsigned family = wire_get_u8(r, ADDR_IPV4, ADDR_IPV6);

	get(r, ip, family == ADDR_IPV4 ? 4 : 16);
	get(r, &port, sizeof(port));
	if (family == ADDR_IPV4) {
		addr_from_ipv4(&a, ip, port);
		return a;
	}
	addr_from_ipv6(&a, ip, port);
	a.scope = wire_get_u32(r);
	if (family != a.family)		/* 5, or a mapped address */
		r->bad = true;
	return a;
}

struct wire_writer
wire_writer_open(uint8_t buf[MESSAGE_MAX], enum message_kind kind)
{
	struct wire_writer w = { buf, 0 };

	wire_put_u8(&w, kind);
	return w;
}

struct wire_reader
wire_reader_open(const uint8_t *buf, size_t len, enum message_kind kind)
{
	struct wire_reader r = { buf, len, false };

	wire_get_u8(&r, kind, kind);
	return r;
}

bool
wire_reader_close(const struct wire_reader *r)
{
	return !r->bad && r->left == 0;
}

/* to has room: wire_get_text() saw to it. */
void
wire_text_copy(char *to, struct wire_text from)
{
	memcpy(to, from.octets, from.len);
	to[from.len] = '\0';
}
