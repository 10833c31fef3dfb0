/*
 * session end id=... client=198.51.100.7:5123 user="ann"
 *     target=example.net:443 source=203.0.113.5:40112 up=812 down=40210
 *     ms=934 outcome=client-closed
 *
 * on one line.  user is what was typed; principal stands beside it when it
 * is another name.  What the client typed is quoted.
 */
#include "end_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/name.h"
#include "lib/quote.h"
#include "sockd/common/log.h"
#include "sockd/common/slot.h"

enum { QUOTED_SIZE = 512, TARGET_SIZE = NAME_SIZE + 8 };

/* A name has passed name_read(), so that it needs no quotes; a stolen worker
 * might write another, and it is quoted all the same. */
static const char *
target_text(const struct row *r, char out[TARGET_SIZE])
{
	const char *name = slot_host(&r->copy);
	char text[ADDR_TEXT_MAX], proper[NAME_SIZE];
	struct addr addr = r->target;

	addr.port = r->copy.target_port;
	if (!r->has_name)
		snprintf(out, TARGET_SIZE, "%s",
		    addr_format_port(&addr, text));
	else if (name_read(name, strlen(name), proper))
		snprintf(out, TARGET_SIZE, "%s:%u", proper, addr.port);
	else
		quote_text(out, TARGET_SIZE, name);
	return out;
}

/* user="x" and, if it differs, principal="y". */
static const char *
names_text(const struct row *r, char *out, size_t size)
{
	const char *user = slot_user(&r->copy);
	char typed[QUOTED_SIZE], canonical[QUOTED_SIZE];

	quote_text(typed, sizeof(typed), user);
	quote_text(canonical, sizeof(canonical), r->principal);
	if (strcmp(user, r->principal) == 0)
		snprintf(out, size, "user=%s", typed);
	else if (user[0] == '\0')
		snprintf(out, size, "user=%s", canonical);
	else
		snprintf(out, size, "user=%s principal=%s", typed, canonical);
	return out;
}

void
end_line_log(const struct row *r)
{
	char client[ADDR_TEXT_MAX], source[ADDR_TEXT_MAX];
	char target[TARGET_SIZE], names[2 * QUOTED_SIZE + 32];
	const struct session_slot *s = &r->copy;

	if ((r->granted && !s->logged) || !log_is_on(LOG_INFO))
		return;
	log_info("session end id=%" PRIu64 " client=%s %s target=%s "
	    "source=%s up=%" PRIu64 " down=%" PRIu64 " ms=%" PRIu64
	    " outcome=%s", r->id, addr_format_port(&s->client, client),
	    names_text(r, names, sizeof(names)), target_text(r, target),
	    addr_format_port(&s->source, source), r->bytes_up, r->bytes_down,
	    (r->ended_us - r->started_us) / 1000, outcome_name(r->outcome));
}
