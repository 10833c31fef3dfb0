/*
 * Any octets as any message.  What a decoder takes must encode to the same
 * octets: one value has one encoding.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/message.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const uint8_t *data, size_t size, const uint8_t *again, size_t len)
{
	if (len != size || memcmp(again, data, size) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct login_question login = { 0 };
	struct login_answer login_answer = { 0 };
	struct resolve_question resolve = { 0 };
	struct resolve_answer resolve_answer = { 0 };
	struct tunnel_message tunnel = { 0 };
	uint8_t buf[MESSAGE_MAX];

	if (login_question_decode(data, size, &login))
		same(data, size, buf, login_question_encode(buf, &login));
	if (login_answer_decode(data, size, &login_answer))
		same(data, size, buf,
		    login_answer_encode(buf, &login_answer));
	if (resolve_question_decode(data, size, &resolve))
		same(data, size, buf, resolve_question_encode(buf, &resolve));
	if (resolve_answer_decode(data, size, &resolve_answer))
		same(data, size, buf,
		    resolve_answer_encode(buf, &resolve_answer));
	if (tunnel_message_decode(data, size, &tunnel))
		same(data, size, buf, tunnel_message_encode(buf, &tunnel));
	return 0;
}
