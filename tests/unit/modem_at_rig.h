/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual modem with an AT port on a pty, in a thread, and at: on it. */
#ifndef MODEM_AT_RIG_H
#define MODEM_AT_RIG_H

#include "modem/at/at.h"
#include "vmodem/way.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_TIMEOUT_MS 60000		/* of an APDU, where none is to be late */
#define RIG_SHORT_MS 1000		/* where one is */

static struct vmodem_thread *rig_modem;
static struct esim_error err;

static const uint8_t rig_isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
				    0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };
static const uint8_t rig_get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00 };

/* @quirks: names with blanks between, as vmodem --quirk has them. @conf: modems.conf. */
static inline void rig_start(const char *quirks, const char *conf)
{
	static char pki[256], text[256];
	static const char *list[16];
	struct vmodem_serve_options options = {
		.modem = { .protocols = VMODEM_AT, .card.pki_dirs = { pki }, .card.pki_count = 1, .quirks = list },
		.pty_link = "port",
	};
	size_t count = 0;
	FILE *file;

	if (!getenv("COREESIM_PKI"))
		atf_tc_skip("COREESIM_PKI is not set");
	snprintf(pki, sizeof(pki), "%s/nist", getenv("COREESIM_PKI"));
	snprintf(text, sizeof(text), "%s", quirks);
	for (char *name = strtok(text, " "); name; name = strtok(NULL, " "))
		list[count++] = name;
	list[count] = NULL;
	file = fopen("modems.conf", "w");
	ATF_REQUIRE(file);
	fputs(conf, file);
	fclose(file);
	setenv("COREESIM_MODEMS_CONF", "modems.conf", 1);
	setenv("COREESIM_MODEMS_STATE", ".", 1);
	ATF_REQUIRE_EQ_MSG(vmodem_start(&options, &rig_modem, &err), 0, "%s", err.message);
}

static inline void rig_stop(void)
{
	vmodem_stop(&rig_modem);
}

/* Once more there, if it was away. */
static inline void rig_wait_until_there(char path[static 128])
{
	char state[VMODEM_LINE_SIZE];

	for (int i = 0; i < 10000 && !vmodem_where(rig_modem, "at", path)[0]; i++)
		ATF_REQUIRE_EQ(vmodem_ask(rig_modem, state, "state"), 0);
	ATF_REQUIRE_MSG(path[0], "the modem did not come back");
}

static inline unsigned rig_number(const char *command, const char *name)
{
	char reply[VMODEM_LINE_SIZE];
	const char *found;

	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, reply, "%s", command), 0);
	found = name ? strstr(reply, name) : reply;
	ATF_REQUIRE_MSG(found, "%s says: %s", command, reply);
	return (unsigned)atoi(found + (name ? strlen(name) : 0));
}

static inline unsigned rig_channels(void)
{
	return rig_number("channels", NULL);
}

/* By the link, which follows the modem. */
static inline int rig_open(struct esim_transport **ret)
{
	const struct esim_transport_ops *ops;
	char *path = realpath(".", NULL), link[128];
	void *priv;
	int r;

	esim_error_clear(&err);
	ATF_REQUIRE(path && strlen(path) < sizeof(link) - 10);
	snprintf(link, sizeof(link), "%.100s/port-at", path);
	free(path);
	r = at_open(link, NULL, &ops, &priv, &err);
	return r ? r : esim_transport_new(ops, priv, ret);
}

static inline struct esim_transport *rig_require_open(void)
{
	struct esim_transport *transport = NULL;

	ATF_REQUIRE_EQ_MSG(rig_open(&transport), 0, "%s", err.message);
	return transport;
}

static inline int rig_open_isdr(struct esim_transport *transport, uint32_t *ret, unsigned timeout_ms)
{
	esim_error_clear(&err);
	return esim_transport_channel_open(transport, 0, esim_slice(rig_isdr, sizeof(rig_isdr)), 0, ret, NULL, timeout_ms,
					   &err);
}

/* What else than the EID it could be is another command's. */
static inline int rig_eid(struct esim_transport *transport, uint32_t handle, unsigned timeout_ms)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r;

	esim_error_clear(&err);
	r = esim_transport_channel_transmit(transport, handle, esim_slice(rig_get_eid, sizeof(rig_get_eid)), &response,
					    timeout_ms, &err);
	if (!r && response.len == 2 && response.data[0] == 0x61) {
		const uint8_t get_response[] = { 0x80, 0xC0, 0x00, 0x00, response.data[1] };

		esim_buf_reset(&response);
		r = esim_transport_channel_transmit(transport, handle, esim_slice(get_response, 5), &response, timeout_ms,
						    &err);
	}
	if (!r)
		ATF_CHECK_MSG((response.len == 23 && response.data[1] == 0x3E && response.data[21] == 0x90) ||
			      response.len == 2, "%zu bytes are no EID", response.len);
	if (!r && response.len == 2)
		r = esim_error_sw(&err, "ES10c.GetEID", (uint16_t)(response.data[0] << 8 | response.data[1]));
	esim_buf_free(&response);
	return r;
}

/* All of it: open, a channel, a command, and close. */
static inline int rig_session(unsigned timeout_ms)
{
	struct esim_transport *transport = NULL;
	uint32_t handle;
	int r = rig_open(&transport);

	if (r)
		return r;
	r = rig_open_isdr(transport, &handle, timeout_ms);
	if (!r) {
		r = rig_eid(transport, handle, timeout_ms);
		esim_transport_channel_close(transport, handle);
	}
	esim_transport_free(&transport);
	return r;
}

#endif
