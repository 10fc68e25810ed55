/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of modems.conf(5), in their order; see quirks.h. */
#include "quirk_keys.h"

#include "conf/conf.h"

#include <stdlib.h>

/* What of several files went wrong first is told; the others are read all the same. */
struct loading {
	const struct quirk_subject *subject;
	struct quirks quirks;
	int rc;
	struct esim_error *err;
};

/* Nothing to say of a file that is not there. */
static int load_one(const char *path, struct loading *loading, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	int rc = conf_read(path, QUIRKS_MAX_BYTES, &text, err);

	if (!rc)
		rc = quirks_parse(path, (const char *)text.data, text.len, loading->subject, &loading->quirks, err);
	esim_buf_free(&text);
	return rc == ESIM_ENOENT ? 0 : rc;
}

static int load_file(void *context, const char *path, struct esim_error *err)
{
	struct loading *loading = context;
	struct esim_error later;
	int rc = load_one(path, loading, loading->rc ? &later : loading->err);

	(void)err;
	if (!loading->rc)
		loading->rc = rc;
	return 0;
}

static void load_dropins(const char *directory, struct loading *loading)
{
	struct esim_error later;
	int rc = conf_dropins(directory, QUIRKS_MAX_FILES, load_file, loading, loading->rc ? &later : loading->err);

	if (!loading->rc)
		loading->rc = rc;
}

int quirks_load(const struct quirk_subject *subject, struct quirks *ret, struct esim_error *err)
{
	const char *only = secure_getenv("COREESIM_MODEMS_CONF");
	struct loading loading = { .subject = subject, .err = err };

	if (only && only[0]) {
		load_file(&loading, only, NULL);
	} else {
		load_file(&loading, MODEM_DATADIR "/modems.conf", NULL);
		load_file(&loading, MODEM_SYSCONFDIR "/modems.conf", NULL);
		load_dropins(MODEM_SYSCONFDIR "/modems.conf.d", &loading);
	}
	*ret = loading.quirks;
	return loading.rc;
}

int quirks_load_of(const struct modem_identity *identity, enum quirk_protocol protocol, const char *firmware,
		   struct quirks *ret, struct esim_error *err)
{
	const struct quirk_subject subject = {
		.protocol = protocol, .usb_vendor = identity->usb_vendor, .usb_product = identity->usb_product,
		.firmware = firmware,
	};

	return quirks_load(&subject, ret, err);
}
