/*
 * Any text as each kind of value that a configuration file holds: addresses,
 * prefixes, names, sizes, rates, durations, hours.  What is read is written
 * and reads as the same again; no name is a number to anybody.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "lasting.h"
#include "lib/cidr.h"
#include "lib/hours.h"
#include "lib/name.h"
#include "lib/quote.h"
#include "lib/units.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum units_fault (*read_fn)(const char *text, uint64_t *value);
typedef const char *(*format_fn)(uint64_t value, char buf[UNITS_TEXT_MAX]);

static void
check_addr(const char *text)
{
	struct addr a = { 0 }, again = { 0 };
	char buf[ADDR_TEXT_MAX];

	if (!addr_parse(&a, text))
		return;
	must(addr_parse(&again, addr_format(&a, buf)));
	must(addr_equal_port(&a, &again));
}

static void
check_cidr(const char *text)
{
	struct cidr c = { 0 }, again = { 0 };
	char buf[ADDR_TEXT_MAX];
	enum cidr_fault fault = cidr_parse(&c, text);

	if (fault != CIDR_OK && fault != CIDR_HOST_BITS)
		return;
	must(cidr_parse(&again, cidr_format(&c, buf)) == CIDR_OK);
	must(c.bits == again.bits && addr_equal(&c.base, &again.base));
	must(cidr_contains(&c, &c.base) && cidr_covers(&c, &c));
}

static void
check_name(const char *octets, size_t len)
{
	char name[NAME_SIZE], again[NAME_SIZE];
	struct in_addr in;
	struct addr a;

	if (!name_read(octets, len, name))
		return;
	must(name[0] != '\0' && strlen(name) <= NAME_MAX_OCTETS);
	must(name_read(name, strlen(name), again));
	must(strcmp(name, again) == 0);
	must(!addr_parse(&a, name));
	must(inet_aton(name, &in) == 0);
}

static void
check_units(const char *text, read_fn read, format_fn format)
{
	char buf[UNITS_TEXT_MAX];
	uint64_t value = 0, again = 0;
	enum units_fault fault = read(text, &value);

	must(units_why(fault)[0] != '\0');
	if (fault != UNITS_OK)
		return;
	must(read(format(value, buf), &again) == UNITS_OK);
	must(value == again);
}

static void
check_per(const char *text)
{
	enum units_period period = PERIOD_DAY;
	uint64_t value;

	if (units_size_per(text, &value, &period) == UNITS_OK)
		must(strcmp(strchr(text, '/') + 1,
		    units_period_name(period)) == 0);
	if (units_duration_per(text, &value, &period) == UNITS_OK)
		must(strcmp(strchr(text, '/') + 1,
		    units_period_name(period)) == 0);
}

/* Wherever the answer turns there is an edge. */
static void
check_week(const struct hours *h)
{
	bool before = hours_contain(h, WEEK_MINUTES - 1), now;

	for (unsigned m = 0; m < WEEK_MINUTES; m++) {
		now = hours_contain(h, m);
		must(now == before || hours_has_edge(h, m));
		before = now;
	}
}

static void
check_hours(const char *text)
{
	struct hours h, again;
	const char *why = NULL;
	char buf[HOURS_TEXT_MAX];

	if (!hours_parse(&h, text, &why)) {
		must(why != NULL);
		return;
	}
	must(hours_parse(&again, hours_format(&h, buf), &why));
	must(h.days == again.days && h.begin == again.begin &&
	    h.end == again.end);
	check_week(&h);
}

/* Printable, between quotes, whatever came. */
static void
check_quote(const uint8_t *data, size_t size)
{
	const size_t room = 8 + size % 64;
	char *buf = malloc(room);
	size_t len;

	must(buf != NULL);
	len = strlen(quote(buf, room, data, size));
	must(len < room && buf[0] == '"' && buf[len - 1] == '"');
	for (size_t i = 0; i < len; i++)
		must(buf[i] >= 0x20 && buf[i] <= 0x7e);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_name(text, size);
	check_quote(data, size);
	check_addr(text);
	check_cidr(text);
	check_hours(text);
	check_units(text, units_size, units_format_size);
	check_units(text, units_rate, units_format_rate);
	check_units(text, units_duration, units_format_duration);
	check_per(text);
	free(text);
	return 0;
}
