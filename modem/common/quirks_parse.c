/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of modems.conf(5): which of its sections fit a modem, and what those say. */
#include "quirk_keys.h"

#include "conf/conf.h"

struct reading {
	struct quirks quirks;
	const struct quirk_subject *subject;
	bool fits;				/* the section's, conditions included */
	bool has_keys;				/* a key was there: no condition can follow */
};

static const char *enter_section(void *context, const char *name, size_t len)
{
	struct reading *reading = context;
	const int fits = quirk_section_fits(name, len, reading->subject);

	if (fits < 0)
		return "a section is [usb VVVV:PPPP], [usb VVVV:*] or [*]";
	reading->fits = fits;
	reading->has_keys = false;
	return NULL;
}

static int on_condition(struct reading *reading, int fits, struct esim_error *err)
{
	if (reading->has_keys)
		return esim_error_set(err, ESIM_EINVAL, "Firmware and Protocol come before all other keys");
	reading->fits = reading->fits && fits;
	return 0;
}

static int on_value(void *context, const char *section, const char *name, const char *value, struct esim_error *err)
{
	struct reading *reading = context;
	struct quirks scratch;
	int rc;

	if (!section[0])
		return esim_error_set(err, ESIM_EINVAL, "a key comes after a section");
	rc = quirk_condition_fits(name, value, reading->subject, err);
	if (rc == 0 || rc == 1)
		return on_condition(reading, rc, err);
	if (rc != ESIM_ENOENT)
		return rc;
	/* What is another modem's is checked all the same. */
	reading->has_keys = true;
	return quirk_set(reading->fits ? &reading->quirks : &scratch, name, value, err);
}

int quirks_parse(const char *name, const char *text, size_t len, const struct quirk_subject *subject,
		 struct quirks *quirks, struct esim_error *err)
{
	struct reading reading = { .quirks = *quirks, .subject = subject };
	const struct conf_keys keys = { enter_section, on_value, &reading };
	int rc = conf_parse(name, text, len, &keys, err);

	if (!rc)
		*quirks = reading.quirks;
	return rc;
}
