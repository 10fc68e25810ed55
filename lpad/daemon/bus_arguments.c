/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments from a caller, who may be anyone: read strictly, refused with a sentence that names them. */
#include "bus_private.h"

#include <esim/text.h>

#include <stdio.h>
#include <string.h>

/* What a caller wrote, fit for a sentence. */
struct quote {
	char text[64];
};

static struct quote quote(const char *text)
{
	struct quote quote = { "" };

	esim_text_printable(text, strlen(text), quote.text, sizeof(quote.text));
	return quote;
}

static const char *type_name(char type)
{
	return type == 's' ? "a text (s)" : type == 'o' ? "an object path (o)" :
	       type == 'b' ? "a truth value (b)" : "a number (u)";
}

static int take_text(const char *name, const char *value, char *text, size_t size, sd_bus_error *error)
{
	size_t len = strlen(value);

	if (len >= size)
		return bus_error_set(error, "InvalidArgument", "%s is too long: %zu bytes, at most %zu can be",
				     name, len, size - 1);
	memcpy(text, value, len + 1);
	return 0;
}

/* The value is of the type that @argument says: that was looked at. */
static int read_value(sd_bus_message *message, const struct argument *argument, sd_bus_error *error)
{
	const char *text;
	uint32_t number;
	int truth, r;

	switch (argument->type) {
	case 'b':
		r = sd_bus_message_read_basic(message, 'b', &truth);
		if (r >= 0)
			*(bool *)argument->value = truth;
		break;
	case 'u':
		r = sd_bus_message_read_basic(message, 'u', &number);
		if (r >= 0)
			*(unsigned *)argument->value = number;
		break;
	default:
		r = sd_bus_message_read_basic(message, argument->type, &text);
		if (r >= 0)
			return take_text(argument->name, text, argument->value, argument->size, error);
	}
	if (r < 0)
		return bus_error_set(error, "InvalidArgument", "%s cannot be read: it is not UTF-8, or malformed",
				     argument->name);
	return 0;
}

static int read_variant(sd_bus_message *message, const struct argument *argument, sd_bus_error *error)
{
	const char expected[2] = { argument->type, '\0' };
	const char *contents;
	char type;
	int r = sd_bus_message_peek_type(message, &type, &contents);

	if (r <= 0 || type != 'v')
		return bus_error_set(error, "InvalidArgument", "%s cannot be read", argument->name);
	if (strcmp(contents, expected) != 0)
		return bus_error_set(error, "InvalidArgument", "%s is to be %s, not of type %s", argument->name,
				     type_name(argument->type), quote(contents).text);
	if (sd_bus_message_enter_container(message, 'v', contents) < 0)
		return bus_error_set(error, "InvalidArgument", "%s cannot be read", argument->name);
	r = read_value(message, argument, error);
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r;
}

static int read_entry(sd_bus_message *message, const struct argument *arguments, size_t count, unsigned *seen,
		      sd_bus_error *error)
{
	const char *name;
	size_t i = 0;
	int r;

	if (sd_bus_message_read_basic(message, 's', &name) < 0)
		return bus_error_set(error, "InvalidArgument", "the name of an argument cannot be read");
	while (i < count && strcmp(arguments[i].name, name) != 0)
		i++;
	if (i == count)
		return bus_error_set(error, "InvalidArgument", "no argument \"%s\" is known here",
				     quote(name).text);
	if (*seen & 1u << i)
		return bus_error_set(error, "InvalidArgument", "%s is there twice", arguments[i].name);
	*seen |= 1u << i;
	r = read_variant(message, &arguments[i], error);
	if (r >= 0 && arguments[i].given)
		*arguments[i].given = true;
	return r;
}

int arguments_read(sd_bus_message *message, const struct argument *arguments, size_t count,
		   sd_bus_error *error)
{
	unsigned seen = 0;
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	/* An unknown name and a second one of a known name end it: no caller can make this long. */
	while (r >= 0 && (r = sd_bus_message_at_end(message, false)) == 0) {
		r = sd_bus_message_enter_container(message, 'e', "sv");
		if (r >= 0)
			r = read_entry(message, arguments, count, &seen, error);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r < 0 && !sd_bus_error_is_set(error))
		return bus_error_set(error, "InvalidArgument", "the dictionary of arguments cannot be read");
	return r < 0 ? r : 0;
}

int argument_text(sd_bus_message *message, const char *name, char *text, size_t size, sd_bus_error *error)
{
	const struct argument argument = { .name = name, .type = 's', .value = text, .size = size };

	return read_value(message, &argument, error);
}

int argument_octets(sd_bus_message *message, const char *name, size_t min, size_t max, uint8_t *octets,
		    size_t *ret_len, sd_bus_error *error)
{
	const void *bytes;
	size_t len;

	if (sd_bus_message_read_array(message, 'y', &bytes, &len) < 0)
		return bus_error_set(error, "InvalidArgument", "%s cannot be read", name);
	if (len < min || len > max)
		return bus_error_set(error, "InvalidArgument", "%s has %zu octets: it is to have %zu to %zu", name,
				     len, min, max);
	memcpy(octets, bytes, len);
	*ret_len = len;
	return 0;
}

int argument_address(const char *name, char address[static ESIM_MAX_FQDN + 1], sd_bus_error *error)
{
	char normal[ESIM_MAX_FQDN + 1];
	struct esim_error err;

	esim_error_clear(&err);
	/* Whether an address may be a literal one is the configuration's to say, in the job. */
	if (esim_address_normalise(address, false, true, normal, &err))
		return bus_error_set(error, "InvalidArgument", "%s: %s", name, err.message);
	memcpy(address, normal, sizeof(normal));
	return 0;
}
