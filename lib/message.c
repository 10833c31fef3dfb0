/*
 * What processes say to each other, to octets and back.  Each enum is checked
 * before it becomes one, and a message is taken only when it ends where its
 * last field does.
 *
 *	login question   KIND serial service user password client
 *	login answer     KIND serial verdict user n_gids gid ...
 *	resolve question KIND serial name
 *	resolve answer   KIND serial verdict n_addrs address ...
 *	tunnel           KIND slot n_fds owner
 *
 * Kinds, verdicts and counts are one octet, slots and gids 32 bits, serials
 * and owners 64; lib/wire.h tells of texts and addresses.
 */
#include "message.h"

#include <assert.h>
#include <string.h>

#include "wire.h"

/* The largest: a login question's texts, an answer's groups, addresses. */
static_assert(1 + 8 + 3 * 2 + MESSAGE_SERVICE_SIZE + 2 * MESSAGE_USER_SIZE +
    23 <= MESSAGE_MAX, "login_question");
static_assert(1 + 8 + 1 + 2 + MESSAGE_USER_SIZE + 1 + 4 * MESSAGE_GROUPS_MAX
    <= MESSAGE_MAX, "login_answer");
static_assert(1 + 8 + 1 + 1 + 23 * MESSAGE_ADDRS_MAX <= MESSAGE_MAX,
    "resolve_answer");
static_assert(MESSAGE_GROUPS_MAX <= UINT8_MAX &&
    MESSAGE_ADDRS_MAX <= UINT8_MAX, "counts are one octet");
static_assert(sizeof(gid_t) == sizeof(uint32_t), "gids are 32 bits");

size_t
login_question_encode(uint8_t buf[MESSAGE_MAX], const struct login_question *q)
{
	struct wire_writer w = wire_writer_open(buf, MESSAGE_LOGIN);

	wire_put_u64(&w, q->serial);
	wire_put_text(&w, q->service, sizeof(q->service));
	wire_put_text(&w, q->user, sizeof(q->user));
	wire_put_text(&w, q->password, sizeof(q->password));
	wire_put_addr(&w, &q->client);
	return w.len;
}

/* The password is copied once, to the caller's struct, or not at all. */
bool
login_question_decode(const uint8_t *buf, size_t len,
    struct login_question *q)
{
	struct wire_reader r = wire_reader_open(buf, len, MESSAGE_LOGIN);
	uint64_t serial = wire_get_u64(&r);
	struct wire_text service = wire_get_text(&r, sizeof(q->service));
	struct wire_text user = wire_get_text(&r, sizeof(q->user));
	struct wire_text password = wire_get_text(&r, sizeof(q->password));
	struct addr client = wire_get_addr(&r);

	if (!wire_reader_close(&r))
		return false;
	q->serial = serial;
	wire_text_copy(q->service, service);
	wire_text_copy(q->user, user);
	wire_text_copy(q->password, password);
	q->client = client;
	return true;
}

size_t
login_answer_encode(uint8_t buf[MESSAGE_MAX], const struct login_answer *a)
{
	struct wire_writer w = wire_writer_open(buf, MESSAGE_LOGIN_ANSWER);

	assert(a->n_gids <= MESSAGE_GROUPS_MAX);
	wire_put_u64(&w, a->serial);
	wire_put_u8(&w, a->verdict);
	wire_put_text(&w, a->user, sizeof(a->user));
	wire_put_u8(&w, (unsigned)a->n_gids);
	for (size_t i = 0; i < a->n_gids; i++)
		wire_put_u32(&w, a->gids[i]);
	return w.len;
}

bool
login_answer_decode(const uint8_t *buf, size_t len, struct login_answer *a)
{
	struct wire_reader r = wire_reader_open(buf, len, MESSAGE_LOGIN_ANSWER);
	struct login_answer got = { .serial = wire_get_u64(&r) };
	struct wire_text user;

	got.verdict = (enum login_verdict)wire_get_u8(&r, LOGIN_YES,
	    LOGIN_ERROR);
	user = wire_get_text(&r, sizeof(got.user));
	got.n_gids = wire_get_u8(&r, 0, MESSAGE_GROUPS_MAX);
	for (size_t i = 0; i < got.n_gids; i++)
		got.gids[i] = wire_get_u32(&r);
	if (got.verdict == LOGIN_YES && user.len == 0)
		return false;
	if (!wire_reader_close(&r))
		return false;
	wire_text_copy(got.user, user);
	*a = got;
	return true;
}

size_t
resolve_question_encode(uint8_t buf[MESSAGE_MAX],
    const struct resolve_question *q)
{
	struct wire_writer w = wire_writer_open(buf, MESSAGE_RESOLVE);

	wire_put_u64(&w, q->serial);
	wire_put_text(&w, q->name, sizeof(q->name));
	return w.len;
}

bool
resolve_question_decode(const uint8_t *buf, size_t len,
    struct resolve_question *q)
{
	struct wire_reader r = wire_reader_open(buf, len, MESSAGE_RESOLVE);
	struct resolve_question got = { .serial = wire_get_u64(&r) };
	struct wire_text name = wire_get_text(&r, sizeof(got.name));

	if (!wire_reader_close(&r) ||
	    !name_read(name.octets, name.len, got.name))
		return false;
	if (memcmp(got.name, name.octets, name.len) != 0)
		return false;
	*q = got;
	return true;
}

size_t
resolve_answer_encode(uint8_t buf[MESSAGE_MAX], const struct resolve_answer *a)
{
	struct wire_writer w = wire_writer_open(buf, MESSAGE_RESOLVE_ANSWER);

	assert(a->n_addrs <= MESSAGE_ADDRS_MAX);
	wire_put_u64(&w, a->serial);
	wire_put_u8(&w, a->verdict);
	wire_put_u8(&w, (unsigned)a->n_addrs);
	for (size_t i = 0; i < a->n_addrs; i++) {
		assert(a->addrs[i].port == 0);
		wire_put_addr(&w, &a->addrs[i]);
	}
	return w.len;
}

bool
resolve_answer_decode(const uint8_t *buf, size_t len, struct resolve_answer *a)
{
	struct wire_reader r = wire_reader_open(buf, len,
	    MESSAGE_RESOLVE_ANSWER);
	struct resolve_answer got = { .serial = wire_get_u64(&r) };

	got.verdict = (enum resolve_verdict)wire_get_u8(&r, RESOLVE_FOUND,
	    RESOLVE_AGAIN);
	got.n_addrs = wire_get_u8(&r, 0, MESSAGE_ADDRS_MAX);
	for (size_t i = 0; i < got.n_addrs; i++) {
		got.addrs[i] = wire_get_addr(&r);
		if (got.addrs[i].port != 0)
			return false;
	}
	if ((got.verdict == RESOLVE_FOUND) != (got.n_addrs > 0))
		return false;
	if (!wire_reader_close(&r))
		return false;
	*a = got;
	return true;
}

uint64_t
message_serial(const uint8_t *buf, size_t len)
{
	uint64_t serial = 0;

	if (len >= 1 + sizeof(serial))		/* behind KIND */
		memcpy(&serial, buf + 1, sizeof(serial));
	return serial;
}

size_t
tunnel_message_encode(uint8_t buf[MESSAGE_MAX], const struct tunnel_message *t)
{
	struct wire_writer w = wire_writer_open(buf, MESSAGE_TUNNEL);

	assert(t->n_fds >= 1 && t->n_fds <= MESSAGE_FDS_MAX);
	wire_put_u32(&w, t->slot);
	wire_put_u8(&w, t->n_fds);
	wire_put_u64(&w, t->owner);
	return w.len;
}

bool
tunnel_message_decode(const uint8_t *buf, size_t len, struct tunnel_message *t)
{
	struct wire_reader r = wire_reader_open(buf, len, MESSAGE_TUNNEL);
	struct tunnel_message got = { .slot = wire_get_u32(&r) };

	got.n_fds = wire_get_u8(&r, 1, MESSAGE_FDS_MAX);
	got.owner = wire_get_u64(&r);
	if (!wire_reader_close(&r))
		return false;
	*t = got;
	return true;
}
