/*
 * Lists of when and how much: windows of the week, and a limit's caps.
 */
#include "conf_read.h"

#include <string.h>

#include "arena.h"

/* ---- hours ---- */

static bool
hours_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	const struct hours **field = conf_field(r->key, base);
	struct hours *hours = arena_array(r->memory, n, sizeof(*hours));
	const char *why;

	if (hours == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!hours_parse(&hours[i], v[i].text, &why))
			return conf_refuse_value(r, &v[i],
			    "is no window; %s", why);
	*field = hours;
	*conf_count(r->key, base) = n;
	return true;
}

static bool
hours_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	const struct hours *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);
	char text[HOURS_TEXT_MAX];

	(void)conf;
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", i == 0 ? "{ " : ", ",
		    hours_format(&(*field)[i], text));
	fputs(n > 0 ? " }" : "", out);
	return n > 0;
}

const struct conf_type conf_type_hours = {
	.is_list = true, .set = hours_set, .print = hours_print,
};

/* ---- caps: "2GB/day", "8h/day" ---- */

typedef enum units_fault (*read_cap_fn)(const char *text, uint64_t *amount,
    enum units_period *period);
typedef const char *(*format_cap_fn)(uint64_t amount,
    char buf[UNITS_TEXT_MAX]);

struct cap_kind {
	read_cap_fn	read;
	format_cap_fn	format;
	uint64_t	scale;		/* units reads ms, a cap is in s */
	const char	*example;
};

static const struct cap_kind size_caps = {
	units_size_per, units_format_size, 1, "20GB/month",
};
static const struct cap_kind duration_caps = {
	units_duration_per, units_format_duration, 1000, "8h/day",
};

/* *periods: those that have a cap already. */
static bool
read_cap(struct conf_reader *r, const struct conf_value *v,
    const struct cap_kind *kind, struct limit_cap *cap, unsigned *periods)
{
	enum units_fault fault = kind->read(v->text, &cap->amount,
	    &cap->period);

	if (fault != UNITS_OK)
		return conf_refuse_value(r, v, "is no cap like \"%s\": %s",
		    kind->example, units_why(fault));
	cap->amount /= kind->scale;
	if (cap->amount == 0)
		return conf_refuse_value(r, v, "caps at nothing; to block is "
		    "a rule's action");
	if ((*periods & 1U << cap->period) != 0)
		return conf_refuse_value(r, v, "is a second cap for /%s",
		    units_period_name(cap->period));
	*periods |= 1U << cap->period;
	return true;
}

static bool
caps_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n, const struct cap_kind *kind)
{
	const struct limit_cap **field = conf_field(r->key, base);
	struct limit_cap *caps = arena_array(r->memory, n, sizeof(*caps));
	unsigned periods = 0;

	if (caps == NULL)
		return conf_no_memory(r);
	for (size_t i = 0; i < n; i++)
		if (!read_cap(r, &v[i], kind, &caps[i], &periods))
			return false;
	*field = caps;
	*conf_count(r->key, base) = n;
	return true;
}

static bool
caps_print(const struct conf_key *key, const void *base, FILE *out,
    const struct cap_kind *kind)
{
	const struct limit_cap *const *field = conf_field_const(key, base);
	size_t n = conf_length(key, base);
	char text[UNITS_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s/%s\"", i == 0 ? "{ " : ", ",
		    kind->format((*field)[i].amount * kind->scale, text),
		    units_period_name((*field)[i].period));
	fputs(n > 0 ? " }" : "", out);
	return n > 0;
}

static bool
sizes_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	return caps_set(r, base, v, n, &size_caps);
}

static bool
sizes_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	(void)conf;
	return caps_print(key, base, out, &size_caps);
}

static bool
durations_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	return caps_set(r, base, v, n, &duration_caps);
}

static bool
durations_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	(void)conf;
	return caps_print(key, base, out, &duration_caps);
}

const struct conf_type conf_type_sizes = {
	.is_list = true, .set = sizes_set, .print = sizes_print,
};
const struct conf_type conf_type_durations = {
	.is_list = true, .set = durations_set, .print = durations_print,
};
