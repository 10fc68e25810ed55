/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libmbim's device, through mbim-proxy, which other programs use at the same time: it keeps each client's
 * transactions and indications apart. One exchange at a time is under way here. An answer that comes after its
 * exchange is over meets no transaction and is dropped by libmbim.
 */
#include "answers.h"

#include "libesim/src/deadline.h"

#include <string.h>
#include <unistd.h>

#define OPEN_TIMEOUT_MS 30000u
#define BUSY_FIRST_MS 100u
#define BUSY_LONGEST_MS 1000u
#define BUSY_LIMIT_MS 20000u		/* of asking again */

struct operation {			/* of libmbim */
	struct glib_operation base;
	struct mbim *mbim;
	GFile *file;
	MbimMessage *request;
	MbimDevice *device;
	MbimMessage *answer;
};

/* --- what comes by itself ----------------------------------------------------------------------------- */

static void on_removed(MbimDevice *device, gpointer data)
{
	struct mbim *mbim = data;

	(void)device;
	glib_call_removed(&mbim->call);
}

/* Whatever it tells, the modem's card, slots or radio are not as they were. */
static void on_indication(MbimDevice *device, MbimMessage *indication, gpointer data)
{
	struct mbim *mbim = data;

	(void)device;
	(void)indication;
	mbim->call.news = TRUE;
}

/* --- calls ----------------------------------------------------------------------------------------------- */

static void created(GObject *source, GAsyncResult *result, gpointer data)
{
	struct operation *operation = data;

	(void)source;
	operation->device = mbim_device_new_finish(result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_create(void *data, GCancellable *cancellable)
{
	struct operation *operation = data;

	mbim_device_new(operation->file, cancellable, created, operation);
}

static void opened(GObject *source, GAsyncResult *result, gpointer data)
{
	struct operation *operation = data;

	mbim_device_open_full_finish(MBIM_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_open(void *data, GCancellable *cancellable)
{
	struct operation *operation = data;
	struct mbim *mbim = operation->mbim;

	mbim_device_open_full(mbim->device,
			      mbim->quirks.no_proxy ? MBIM_DEVICE_OPEN_FLAGS_NONE : MBIM_DEVICE_OPEN_FLAGS_PROXY,
			      glib_operation_seconds(&operation->base), cancellable, opened, operation);
}

static void closed(GObject *source, GAsyncResult *result, gpointer data)
{
	struct operation *operation = data;

	mbim_device_close_finish(MBIM_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_close(void *data, GCancellable *cancellable)
{
	struct operation *operation = data;

	mbim_device_close(operation->mbim->device, glib_operation_seconds(&operation->base), cancellable, closed, operation);
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct operation *operation = data;

	operation->answer = mbim_device_command_finish(MBIM_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_command(void *data, GCancellable *cancellable)
{
	struct operation *operation = data;

	mbim_device_command(operation->mbim->device, operation->request, glib_operation_seconds(&operation->base),
			    cancellable, answered, operation);
}

/* --- the port ------------------------------------------------------------------------------------------------ */

static int open_advise(const struct mbim *mbim, int code, struct esim_error *err)
{
	if (code == ESIM_ETIMEDOUT)
		esim_error_advise(err, "Is this the modem's MBIM port? One that stays mute needs a reset.");
	else if (code != ESIM_ECANCELED && geteuid() != 0)
		esim_error_advise(err, "Modems are root's: use lpad (leave --device out), or sudo.");
	else if (code != ESIM_ECANCELED && mbim->quirks.no_proxy)
		esim_error_advise(err, "This modem is used without mbim-proxy (Proxy=no in modems.conf): "
				       "no other program may have the port open.");
	else if (code != ESIM_ECANCELED)
		esim_error_advise(err, "Is it the modem's MBIM port, and is mbim-proxy installed? It takes root as its "
				       "client, and cannot open what a program has for itself.");
	return code;
}

int mbim_port_open(struct mbim *mbim, struct esim_error *err)
{
	struct operation operation = { .base = { .call = &mbim->call, .timeout_ms = OPEN_TIMEOUT_MS }, .mbim = mbim };
	int r;

	glib_call_quiet("Mbim");
	glib_call_begin(&mbim->call);
	operation.file = g_file_new_for_path(mbim->identity.port);
	r = glib_operation_run(&operation.base, mbim->identity.port, begin_create, err);
	g_object_unref(operation.file);
	if (r)
		return r;
	mbim->device = operation.device;
	mbim->removed_handler = g_signal_connect(mbim->device, MBIM_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), mbim);
	mbim->indication_handler = g_signal_connect(mbim->device, MBIM_DEVICE_SIGNAL_INDICATE_STATUS,
						    G_CALLBACK(on_indication), mbim);
	mbim_socket_connects(mbim);
	r = glib_operation_run(&operation.base, mbim->identity.port, begin_open, err);
	mbim_socket_connected(mbim);
	if (!r)
		return 0;
	mbim_port_close(mbim);
	return open_advise(mbim, r, err);
}

/*
 * Through the proxy our connection alone ends: it has the session with the modem, and other clients. Alone at the port,
 * the session is ours to end.
 */
void mbim_port_close(struct mbim *mbim)
{
	struct operation operation = { .base = { .call = &mbim->call, .timeout_ms = MBIM_CLOSE_TIMEOUT_MS }, .mbim = mbim };
	const struct esim_cancel *cancel = mbim->call.cancel;

	if (!mbim->device)
		return;
	mbim->call.cancel = NULL;
	if (mbim->quirks.no_proxy && !mbim->call.removed && mbim_device_is_open(mbim->device))
		glib_operation_run(&operation.base, mbim->identity.port, begin_close, NULL);
	mbim->call.cancel = cancel;
	g_signal_handler_disconnect(mbim->device, mbim->removed_handler);
	g_signal_handler_disconnect(mbim->device, mbim->indication_handler);
	mbim_device_close_force(mbim->device, NULL);
	g_clear_object(&mbim->device);
	mbim_socket_ends(mbim);
}

/* --- exchanges --------------------------------------------------------------------------------------------------- */

static int once(struct mbim *mbim, const char *what, MbimMessage *request, unsigned timeout_ms, MbimMessage **ret,
		struct esim_error *err)
{
	struct operation operation = {
		.base = { .call = &mbim->call, .timeout_ms = timeout_ms }, .mbim = mbim, .request = request,
	};
	int r;

	if (!mbim->device || mbim->call.removed)
		return glib_call_gone(&mbim->call, what, ESIM_OUTCOME_NEVER_SENT, err);
	mbim_message_set_transaction_id(request, mbim_device_get_next_transaction_id(mbim->device));
	r = glib_operation_run(&operation.base, what, begin_command, err);
	if (r)
		return r;
	r = mbim_answer_fits(operation.answer, what, mbim_message_command_get_service(request),
			     mbim_message_command_get_cid(request), err);
	if (r) {
		mbim_message_unref(operation.answer);
		return esim_error_outcome(err, r, ESIM_OUTCOME_UNKNOWN);
	}
	*ret = operation.answer;
	return 0;
}

static bool asks_to_wait(const MbimMessage *answer)
{
	MbimStatusError status = mbim_message_command_done_get_status_code(answer);

	return status == MBIM_STATUS_ERROR_BUSY || status == MBIM_STATUS_ERROR_NOT_INITIALIZED;
}

int mbim_exchange(struct mbim *mbim, const char *what, MbimMessage *request, unsigned timeout_ms, MbimMessage **ret,
		  struct esim_error *err)
{
	uint64_t deadline = deadline_in(timeout_ms), patience = deadline_in(BUSY_LIMIT_MS);
	unsigned pause = BUSY_FIRST_MS;
	int r;

	for (;;) {
		MbimMessage *answer = NULL;

		r = once(mbim, what, request, (unsigned)deadline_left_ms(deadline), &answer, err);
		if (r)
			break;
		if (!asks_to_wait(answer) || deadline_left_ms(patience) == 0 ||
		    deadline_left_ms(deadline) <= (int)pause) {
			*ret = answer;
			break;
		}
		mbim_message_unref(answer);
		r = glib_call_wait(&mbim->call, &mbim->call.removed, pause, err);
		if (r)
			break;
		pause = pause * 2 < BUSY_LONGEST_MS ? pause * 2 : BUSY_LONGEST_MS;
	}
	mbim_message_unref(request);
	return r;
}
