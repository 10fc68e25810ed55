/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in a reader: the truth in full of each eUICC on the card, which has one for each ISD-R AID
 * that answers. Gives an eUICC its number, once for all: card.json has it before anyone sees it.
 */
#include "core.h"

#include "lpad/common/modem_manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- on the lane ----------------------------------------------------------------------------------------- */

/* A copy of a directory has its number too: the loop sees to that. */
static int keep_number(struct probe *probe, struct store *store, struct found *found, struct esim_error *err)
{
	struct card_record record = { 0 };

	card_record_read(store, &found->snapshot.eid, &record);
	found->number = record.number;
	if (found->number)
		return 0;
	record.number = found->number = atomic_fetch_add(probe->numbers, 1);
	return card_record_write(store, &found->snapshot.eid, &record, err);
}

static bool is_known(const struct probe *probe, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < probe->count; i++)
		if (memcmp(&probe->found[i].snapshot.eid, &snapshot->eid, sizeof(snapshot->eid)) == 0)
			return true;
	return false;
}

/* false: no other AID will do better. */
static bool look_for(struct probe *probe, struct card_session *session, const struct esim_aid *aid)
{
	const struct session_hooks hooks = { .cancel = probe->cancel };
	struct store *store = card_session_context(session)->store;
	struct card_target target = { .isdr_aid = *aid };
	struct found *found = &probe->found[probe->count];

	snprintf(target.uri, sizeof(target.uri), "%s", probe->uri);
	memset(found, 0, sizeof(*found));
	found->rc = work_truth(session, &target, &hooks, false, &found->snapshot, &found->err);
	if (found->snapshot.isdr_aid.len == 0 || is_known(probe, &found->snapshot)) {
		if (found->rc)
			probe->err = found->err;
		snapshot_clear(&found->snapshot);
		return found->rc == ESIM_ENOENT || probe->count > 0;
	}
	if (!found->snapshot.eid_is_zero && keep_number(probe, store, found, &found->err) && !found->rc)
		found->rc = found->err.code;
	probe->count++;
	return true;
}

/* "/dev/cdc-wdm0?slot=1"; a node of QRTR is none of the file system's. */
static bool is_node(const char *rest)
{
	char path[ESIM_URI_SIZE];
	struct stat status;

	/* Not by access(): what the unit's DeviceAllow= does not name is modem-broker's, and there all the same. */
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(rest, "?"), rest);
	return path[0] != '/' || stat(path, &status) == 0;
}

/* A socket that nobody listens on, a device that has no node: there is no reader, mute or not. */
static bool is_there(const char *uri)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = uri + strlen("unix:");
	const size_t len = strcspn(path, "?");
	int fd, r;

	if (uri[0] == '/')
		return access(uri, F_OK) == 0;
	if (mm_is_modem_uri(uri))
		return is_node(strchr(uri, ':') + 1);
	if (strncmp(uri, "unix:", strlen("unix:")) != 0 || len >= sizeof(address.sun_path))
		return strncmp(uri, "tcp:", strlen("tcp:")) != 0;
	memcpy(address.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	r = connect(fd, (const struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	close(fd);
	return r == 0 || r == EAGAIN || r == EACCES;
}

static void run(struct task *task, struct card_session *session)
{
	struct probe *probe = (struct probe *)task;
	const struct config *config = &card_session_context(session)->config;
	const struct esim_aid *aids = config->isdr_aids;
	size_t count = config->isdr_aid_count;

	if (count == 0)
		aids = esim_isdr_aids(&count);
	/* The likeliest comes last: what follows finds it open. */
	while (count > 0 && probe->count < PROBE_MAX_EUICCS)
		if (!look_for(probe, session, &aids[--count]))
			break;
	probe->there = probe->count > 0 || probe->err.code != ESIM_ENODEV || is_there(probe->uri);
}

/* --- on the loop ---------------------------------------------------------------------------------------------- */

static void probe_free(struct probe *probe)
{
	for (size_t i = 0; i < probe->count; i++)
		snapshot_clear(&probe->found[i].snapshot);
	esim_cancel_free(&probe->cancel);
	free(probe);
}

static void done(struct task *task, bool ran)
{
	struct probe *probe = (struct probe *)task;
	struct device *device = probe->device;
	struct daemon *daemon = device->daemon;

	/* The reader was not asked: that it is gone is nothing anybody said. */
	if (!ran) {
		probe->there = true;
		esim_error_set(&probe->err, ESIM_ENOMEM, "the reader could not be looked at");
	}
	device->probe = NULL;
	if (!device->leaving)
		device_probed(device, probe);
	probe_free(probe);
	core_task_done(daemon);
}

int probe_start(struct device *device, struct esim_error *err)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe || esim_cancel_new(&probe->cancel)) {
		free(probe);
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	}
	probe->task.run = run;
	probe->task.done = done;
	probe->device = device;
	probe->numbers = &device->daemon->next_euicc;
	snprintf(probe->uri, sizeof(probe->uri), "%s", device->uri);
	if (lane_submit(device->lane, &probe->task, err)) {
		probe_free(probe);
		return err->code;
	}
	device->probe = probe;
	return 0;
}
