/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad.conf(5) and its drop-ins. The first error ends the reading. */
#include "config_internal.h"

#include "conf/conf.h"

static const char *check_section(void *context, const char *name, size_t len)
{
	(void)context;
	return config_has_section(name, len) ? NULL : "there is no such section";
}

static int set_value(void *context, const char *section, const char *name, const char *value, struct esim_error *err)
{
	return config_set(context, section, name, value, err);
}

int config_parse(const char *name, const char *text, size_t len, struct config *config, struct esim_error *err)
{
	const struct conf_keys keys = { check_section, set_value, config };

	return conf_parse(name, text, len, &keys, err);
}

static int load_file(void *context, const char *path, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	int rc = conf_read(path, CONFIG_MAX_BYTES, &text, err);

	if (!rc)
		rc = config_parse(path, (const char *)text.data, text.len, context, err);
	esim_buf_free(&text);
	return rc == ESIM_ENOENT ? 0 : rc;
}

int config_load(const char *path, const char *dropin_dir, struct config *ret, struct esim_error *err)
{
	struct config config;
	int rc;

	config_defaults(&config);
	rc = load_file(&config, path, err);
	if (!rc && dropin_dir)
		rc = conf_dropins(dropin_dir, CONFIG_MAX_FILES, load_file, &config, err);
	if (!rc) {
		rc = config_check(&config, err);
		if (rc)
			esim_error_prefix(err, "%s: ", path);
	}
	if (rc)
		config_free(&config);
	else
		*ret = config;
	return rc;
}
