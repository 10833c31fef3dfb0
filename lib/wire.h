/*
 * The fields of a message between processes, written and read one by one
 * (lib/message.c only).
 *
 * Numbers are in host order; text is a 16-bit length and its octets; an
 * address its family (8), ip (32 or 128), port (16) and, for IPv6, scope
 * (32).  A fault stays in the reader: read every field, then ask
 * wire_reader_close() once.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include "addr.h"
#include "message.h"

struct wire_writer {
	uint8_t		*buf;		/* MESSAGE_MAX octets, lent */
	size_t		 len;
};

struct wire_reader {
	const uint8_t	*at;
	size_t		 left;
	bool		 bad;		/* once true, nothing is read */
};

/* Text inside the message, lent: no NUL in it, none behind it. */
struct wire_text {
	const char	*octets;
	size_t		 len;
};

/* Begin a message with its kind. */
struct wire_writer wire_writer_open(uint8_t buf[MESSAGE_MAX],
	    enum message_kind kind);

/*
 * Append a field.  One that is out of bounds (a text without NUL in its size
 * octets, an ADDR_NONE, a full buffer) is our own fault: assert.
 */
void	wire_put_u8(struct wire_writer *w, unsigned v);
void	wire_put_u32(struct wire_writer *w, uint32_t v);
void	wire_put_u64(struct wire_writer *w, uint64_t v);
void	wire_put_text(struct wire_writer *w, const char *text, size_t size);
void	wire_put_addr(struct wire_writer *w, const struct addr *a);

/* Begin to read len octets at buf, lent; another kind is a fault. */
struct wire_reader wire_reader_open(const uint8_t *buf, size_t len,
	    enum message_kind kind);

/*
 * Take a field.  After a fault each returns a value that is safe to use: 0,
 * least, an empty text, a zeroed address.  get_u8 wants least <= v <= most;
 * get_text wants what fits size octets with its NUL and has none inside;
 * get_addr an IPv4 or IPv6 address, not a mapped one.
 */
unsigned wire_get_u8(struct wire_reader *r, unsigned least, unsigned most);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
struct wire_text wire_get_text(struct wire_reader *r, size_t size);
struct addr wire_get_addr(struct wire_reader *r);

/* Was every field good, and is nothing left? */
bool	wire_reader_close(const struct wire_reader *r);

/* Copy with a NUL to a buffer of the size that get_text was told. */
void	wire_text_copy(char *to, struct wire_text from);

#endif
