/*
 * sockctl live: the sessions of this moment, the busiest first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "lib/name.h"
#include "lib/quote.h"
#include "sockd/common/clock.h"
#include "sockd/common/slot.h"

struct live {
	uint32_t	slot;
	uint64_t	octets;
};

static int
compare_octets(const void *a, const void *b)
{
	uint64_t x = ((const struct live *)a)->octets;
	uint64_t y = ((const struct live *)b)->octets;

	return (x < y) - (x > y);
}

static size_t
find_live(const struct board *b, struct live *found)
{
	size_t n = 0;

	for (uint32_t i = 0; i < b->n.sessions; i++) {
		uint32_t state = atomic_load(&b->states[i]);

		if (state != SLOT_LIVE && state != SLOT_REQUESTED)
			continue;
		found[n++] = (struct live){ .slot = i,
		    .octets = atomic_load(&b->sessions[i].bytes_up) +
		    atomic_load(&b->sessions[i].bytes_down) };
	}
	qsort(found, n, sizeof(*found), compare_octets);
	return n;
}

/* A name as the worker reads it needs no quotes; another is a stolen one's. */
static const char *
target_text(const struct session_slot *s, char *out, size_t size)
{
	char text[ADDR_TEXT_MAX], proper[NAME_SIZE];
	const char *host = slot_host(s);
	struct addr a = s->target_addr;

	if (host[0] == '\0' || addr_parse(&a, host)) {
		a.port = s->target_port;
		snprintf(out, size, "%s", addr_format_port(&a, text));
	} else if (name_read(host, strlen(host), proper)) {
		snprintf(out, size, "%s:%u", proper, s->target_port);
	} else {
		quote_text(out, size, host);
	}
	return out;
}

static const char *
what_it_does(const struct session_slot *s, enum slot_state state)
{
	const char *command = command_name(s->command);

	if (state == SLOT_REQUESTED)
		return "asking";
	if (s->parked_kind != PARKED_NOTHING)
		return "parked";
	return command != NULL ? command : "-";
}

static const char *
principal_text(const struct board *b, const struct session_slot *s,
    char *out, size_t size)
{
	char name[BOARD_USER_SIZE];

	slot_principal_name(b, s, name);
	return quote_text(out, size, name);
}

static const char *
age_text(const struct session_slot *s, char out[UNITS_TEXT_MAX])
{
	uint64_t now_us = clock_wall_us();

	return ctl_lasted(now_us > s->started_us ?
	    (now_us - s->started_us) / 1000000 : 0, out);
}

static void
print_row(const struct board *b, const struct session_slot *s,
    enum slot_state state)
{
	char principal[BOARD_USER_SIZE], rule[BOARD_NAME_SIZE * 4];
	char client[ADDR_TEXT_MAX], target[NAME_SIZE + 8];
	char up[UNITS_TEXT_MAX], down[UNITS_TEXT_MAX], age[UNITS_TEXT_MAX];

	printf("%-17" PRIu64 " %-16s %-22s %-8s %-30s %9s %10s %10s  %s\n",
	    (uint64_t)s->id,
	    principal_text(b, s, principal, sizeof(principal)),
	    addr_format_port(&s->client, client), what_it_does(s, state),
	    target_text(s, target, sizeof(target)), age_text(s, age),
	    ctl_size(s->bytes_up, up), ctl_size(s->bytes_down, down),
	    quote_text(rule, sizeof(rule), s->rule_name));
}

/* It may have ended since it was found. */
static void
print_one(const struct board *b, uint32_t slot)
{
	struct session_slot s;
	enum slot_state state;

	if (slot_read(b, slot, &s, &state) == 1 &&
	    (state == SLOT_LIVE || state == SLOT_REQUESTED))
		print_row(b, &s, state);
}

enum ctl_exit
ctl_live(const struct conf *conf, int argc, char *argv[])
{
	enum ctl_exit rc;
	struct live *found;
	struct board b;
	size_t n;

	(void)argv;
	if (argc != 0) {
		fprintf(stderr, "sockctl: live takes no words\n");
		return CTL_USAGE;
	}
	if (!ctl_open_board(conf, &b, false))
		return CTL_NO;
	found = calloc(b.n.sessions, sizeof(*found));
	if (found == NULL) {
		fprintf(stderr, "sockctl: out of memory\n");
		board_unmap(&b);
		return CTL_NO;
	}
	rc = ctl_sockd_runs(conf) ? CTL_OK : CTL_NO;
	n = find_live(&b, found);
	printf("%-17s %-16s %-22s %-8s %-30s %9s %10s %10s  %s\n", "id",
	    "principal", "client", "does", "target", "lasted", "up", "down",
	    "rule");
	for (size_t i = 0; i < n; i++)
		print_one(&b, found[i].slot);
	free(found);
	board_unmap(&b);
	return rc;
}
