/*
 * One message of any kind, for the tests of lib/message.
 */
#ifndef TESTS_UNIT_MESSAGE_VALUES_H
#define TESTS_UNIT_MESSAGE_VALUES_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "lib/elements.h"
#include "lib/message.h"

union message {
	struct login_question	login;
	struct login_answer	login_answer;
	struct resolve_question	resolve;
	struct resolve_answer	resolve_answer;
	struct tunnel_message	tunnel;
};

static const enum message_kind kinds[] = {
	MESSAGE_LOGIN, MESSAGE_LOGIN_ANSWER, MESSAGE_RESOLVE,
	MESSAGE_RESOLVE_ANSWER, MESSAGE_TUNNEL,
};

static inline size_t
encode(enum message_kind kind, uint8_t buf[MESSAGE_MAX],
    const union message *m)
{
	switch (kind) {
	case MESSAGE_LOGIN:
		return login_question_encode(buf, &m->login);
	case MESSAGE_LOGIN_ANSWER:
		return login_answer_encode(buf, &m->login_answer);
	case MESSAGE_RESOLVE:
		return resolve_question_encode(buf, &m->resolve);
	case MESSAGE_RESOLVE_ANSWER:
		return resolve_answer_encode(buf, &m->resolve_answer);
	case MESSAGE_TUNNEL:
		return tunnel_message_encode(buf, &m->tunnel);
	}
	abort();
}

static inline bool
decode(enum message_kind kind, const uint8_t *buf, size_t len,
    union message *m)
{
	switch (kind) {
	case MESSAGE_LOGIN:
		return login_question_decode(buf, len, &m->login);
	case MESSAGE_LOGIN_ANSWER:
		return login_answer_decode(buf, len, &m->login_answer);
	case MESSAGE_RESOLVE:
		return resolve_question_decode(buf, len, &m->resolve);
	case MESSAGE_RESOLVE_ANSWER:
		return resolve_answer_decode(buf, len, &m->resolve_answer);
	case MESSAGE_TUNNEL:
		return tunnel_message_decode(buf, len, &m->tunnel);
	}
	abort();
}

/* Decode from an allocation of exactly len octets. */
static inline bool
decode_exact(enum message_kind kind, const uint8_t *octets, size_t len,
    union message *m)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	bool good;

	cr_assert_not_null(exact);
	memcpy(exact, octets, len);
	good = decode(kind, exact + (len == 0), len, m);
	free(exact);
	return good;
}

/* A refused message leaves the struct as it was. */
static inline void
check_refused(enum message_kind kind, const uint8_t *octets, size_t len,
    const char *what)
{
	union message m, before;

	memset(&m, 0xa5, sizeof(m));
	memset(&before, 0xa5, sizeof(before));
	cr_assert_not(decode_exact(kind, octets, len, &m), "kind %d: %s",
	    kind, what);
	cr_assert_arr_eq(&m, &before, sizeof(m), "kind %d: %s", kind, what);
}

#endif
