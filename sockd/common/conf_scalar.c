/*
 * Values of one number or word: counts, durations, rates, words, booleans.
 */
#include "conf_read.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quote.h"

/* The field, whatever its width, takes a value that was checked to fit. */
static void
store(const struct conf_key *key, void *base, uint64_t value)
{
	void *field = conf_field(key, base);

	switch (key->size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)value;
		break;
	default:
		assert(key->size == sizeof(uint64_t));
		*(uint64_t *)field = value;
	}
}

static uint64_t
fetch(const struct conf_key *key, const void *base)
{
	const void *field = conf_field_const(key, base);

	switch (key->size) {
	case sizeof(uint8_t):
		return *(const uint8_t *)field;
	case sizeof(uint16_t):
		return *(const uint16_t *)field;
	case sizeof(uint32_t):
		return *(const uint32_t *)field;
	default:
		assert(key->size == sizeof(uint64_t));
		return *(const uint64_t *)field;
	}
}

/* ---- counts ---- */

static bool
count_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	enum { DIGITS_MAX = 10 };
	size_t len = strlen(v->text);
	uint64_t count;

	(void)n;
	count = strtoull(v->text, NULL, 10);
	if (len == 0 || len > DIGITS_MAX || count < r->key->min ||
	    count > r->key->max || strspn(v->text, "0123456789") != len)
		return conf_refuse_value(r, v, "is no number from %" PRIu64
		    " to %" PRIu64, r->key->min, r->key->max);
	store(r->key, base, count);
	return true;
}

static bool
count_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	(void)conf;
	fprintf(out, "%" PRIu64, fetch(key, base));
	return true;
}

const struct conf_type conf_type_count = {
	.set = count_set, .print = count_print,
};

/* ---- durations ---- */

static bool
duration_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	enum units_fault fault;
	char min[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];
	uint64_t ms;

	(void)n;
	fault = units_duration(v->text, &ms);
	if (fault != UNITS_OK)
		return conf_refuse_value(r, v, "is no duration: %s",
		    units_why(fault));
	if (ms < r->key->min || ms > r->key->max)
		return conf_refuse_value(r, v, "is not from %s to %s",
		    units_format_duration(r->key->min, min),
		    units_format_duration(r->key->max, max));
	store(r->key, base, ms);
	return true;
}

static bool
duration_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	char text[UNITS_TEXT_MAX];

	(void)conf;
	conf_print_text(out, units_format_duration(fetch(key, base), text));
	return true;
}

const struct conf_type conf_type_duration = {
	.set = duration_set, .print = duration_print,
};

/* ---- rates: 0 is none ---- */

static bool
rate_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	enum units_fault fault;
	char min[UNITS_TEXT_MAX];
	uint64_t rate;

	(void)n;
	fault = units_rate(v->text, &rate);
	if (fault != UNITS_OK)
		return conf_refuse_value(r, v, "is no rate: %s",
		    units_why(fault));
	if (rate < r->key->min)
		return conf_refuse_value(r, v,
		    "is too slow to be meant; the least is %s",
		    units_format_rate(r->key->min, min));
	store(r->key, base, rate);
	return true;
}

static bool
rate_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	uint64_t rate = fetch(key, base);
	char text[UNITS_TEXT_MAX];

	(void)conf;
	if (rate == 0)
		return false;
	conf_print_text(out, units_format_rate(rate, text));
	return true;
}

const struct conf_type conf_type_rate = {
	.set = rate_set, .print = rate_print,
};

/* ---- one of a few words ---- */

bool
conf_word_value(struct conf_reader *r, const struct conf_word *words,
    const struct conf_value *v, int *value)
{
	enum { KNOWN_MAX = 128 };
	char known[KNOWN_MAX] = "";
	size_t used = 0;

	for (const struct conf_word *w = words; w->word != NULL; w++) {
		if (strcmp(w->word, v->text) == 0) {
			*value = w->value;
			return true;
		}
		used += (size_t)snprintf(known + used, sizeof(known) - used,
		    "%s\"%s\"", used == 0 ? "" :
		    w[1].word == NULL ? " or " : ", ", w->word);
		assert(used < sizeof(known));
	}
	return conf_refuse_value(r, v, "is not known; write %s", known);
}

static bool
word_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	int value;

	(void)n;
	if (!conf_word_value(r, r->key->words, v, &value))
		return false;
	store(r->key, base, (uint64_t)value);
	return true;
}

static bool
word_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	uint64_t value = fetch(key, base);

	(void)conf;
	for (const struct conf_word *w = key->words; w->word != NULL; w++)
		if ((uint64_t)w->value == value) {
			conf_print_text(out, w->word);
			return true;
		}
	return false;
}

const struct conf_type conf_type_word = {
	.set = word_set, .print = word_print,
};

/* ---- true or false, in libConfuse's words ---- */

static const struct conf_word bool_words[] = {
	{ "true", true }, { "false", false }, { "yes", true }, { "no", false },
	{ "on", true }, { "off", false }, { NULL, 0 },
};

static bool
bool_set(struct conf_reader *r, void *base, const struct conf_value *v,
    size_t n)
{
	int value;

	(void)n;
	if (!conf_word_value(r, bool_words, v, &value))
		return false;
	store(r->key, base, (uint64_t)value);
	return true;
}

static bool
bool_print(const struct conf *conf, const struct conf_key *key,
    const void *base, FILE *out)
{
	(void)conf;
	fputs(fetch(key, base) ? "true" : "false", out);
	return true;
}

const struct conf_type conf_type_bool = {
	.set = bool_set, .print = bool_print,
};
