/*
 * Asking a resolver, in a worker, which itself never calls getaddrinfo(3).
 * Literals never come here as names: the codecs have made addresses of them.
 */
#include "resolve.h"

#include "ask.h"
#include "dial.h"
#include "lib/text.h"
#include "session.h"
#include "sockd/common/clock.h"
#include "sockd/common/log.h"

enum { ANSWER_GRACE_MS = 500 };

bool
resolve(struct session *s, const struct target *target,
    struct addr out[MESSAGE_ADDRS_MAX], size_t *n)
{
	struct resolve_question q = { 0 };
	struct resolve_answer answer = { 0 };
	uint8_t buf[MESSAGE_MAX];
	ssize_t len;

	*n = 0;
	if (target->name[0] == '\0') {
		out[0] = target->addr;
		*n = 1;
		return true;
	}
	q.serial = asker_next(&s->worker->resolver);
	text_copy(q.name, sizeof(q.name), target->name);
	len = ask(s, &s->worker->resolver, buf,
	    resolve_question_encode(buf, &q), clock_ms() +
	    s->conf->resolver.timeout_ms + ANSWER_GRACE_MS);
	if (len < 0)
		return false;
	if (len > 0 && !resolve_answer_decode(buf, (size_t)len, &answer)) {
		log_warning("nonsense from=resolver");
		return true;
	}
	*n = dial_order(out, answer.addrs, answer.n_addrs,
	    s->conf->resolver.prefer);
	for (size_t i = 0; i < *n; i++)
		out[i].port = target->port;
	return true;
}
