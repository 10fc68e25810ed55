/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqmi's device, through qmi-proxy, which other programs use at the same time, and a client of UIM and one of DMS in the
 * modem, whose ids are given back whatever happens. One exchange at a time is under way here. An answer that comes after
 * its exchange is over meets no transaction and is dropped by libqmi.
 */
#include "answers.h"

#include "libesim/src/deadline.h"

#include <unistd.h>

#define OPEN_TIMEOUT_MS 20000u
#define BUSY_FIRST_MS 100u
#define BUSY_LONGEST_MS 1000u
#define BUSY_LIMIT_MS 20000u		/* of asking again */

#define CTL_RELEASE_CID 0x0023
#define CTL_RELEASE_INFO 0x01		/* u8 service, u8 client id */
#define CTL_TRANSACTION 0xF0		/* far from those of libqmi, which counts from 1 */

/* --- what comes by itself -------------------------------------------------------------------------------------- */

static void on_removed(QmiDevice *device, gpointer data)
{
	struct qmi *qmi = data;

	(void)device;
	/* Who waits for pieces is to look. */
	qmi->pieces.complete = TRUE;
	glib_call_removed(&qmi->call);
}

/* Pieces of a long answer; whatever else it tells, the modem's card, slots or radio are not as they were. */
static void on_indication(QmiDevice *device, QmiMessage *indication, gpointer data)
{
	struct qmi *qmi = data;

	(void)device;
	if (qmi_message_get_service(indication) == QMI_SERVICE_UIM &&
	    qmi_message_get_message_id(indication) == QMI_UIM_SEND_APDU)
		qmi_pieces_add(&qmi->pieces, indication);
	else
		qmi->call.news = TRUE;
}

/* --- the port ---------------------------------------------------------------------------------------------------- */

static void opened(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	qmi_device_open_finish(QMI_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

/* Without AUTO: what the URI says is QMI is QMI, also where sysfs does not know the port. */
static void begin_open(void *data, GCancellable *cancellable)
{
	struct qmi_operation *operation = data;
	struct qmi *qmi = operation->qmi;
	QmiDeviceOpenFlags flags = QMI_DEVICE_OPEN_FLAGS_EXPECT_INDICATIONS;

	if (!qmi->quirks.no_proxy && !qmi->address.is_qrtr)
		flags |= QMI_DEVICE_OPEN_FLAGS_PROXY;
	qmi_device_open(qmi->device, flags, glib_operation_seconds(&operation->base), cancellable, opened, operation);
}

static void allocated(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	operation->object = (GObject *)qmi_device_allocate_client_finish(QMI_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_allocate(void *data, GCancellable *cancellable)
{
	struct qmi_operation *operation = data;

	qmi_device_allocate_client(operation->qmi->device, operation->service, QMI_CID_NONE,
				   glib_operation_seconds(&operation->base), cancellable, allocated, operation);
}

static int allocate(struct qmi *qmi, QmiService service, QmiClient **ret, struct esim_error *err)
{
	struct qmi_operation operation = {
		.base = { .call = &qmi->call, .timeout_ms = QMI_TIMEOUT_MS }, .qmi = qmi, .service = service,
	};
	const char *what = service == QMI_SERVICE_UIM ? "client of UIM" : "client of DMS";
	int r = glib_operation_run(&operation.base, what, begin_allocate, err);

	if (!r)
		*ret = QMI_CLIENT(operation.object);
	return r;
}

static void released(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	qmi_device_release_client_finish(QMI_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_release(void *data, GCancellable *cancellable)
{
	struct qmi_operation *operation = data;

	qmi_device_release_client(operation->qmi->device, QMI_CLIENT(operation->object),
				  QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, glib_operation_seconds(&operation->base),
				  cancellable, released, operation);
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	operation->answer = qmi_device_command_full_finish(QMI_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_command(void *data, GCancellable *cancellable)
{
	struct qmi_operation *operation = data;

	qmi_device_command_full(operation->qmi->device, operation->request, NULL,
				glib_operation_seconds(&operation->base), cancellable, answered, operation);
}

/* libqmi forgets a client before the modem has let it go; one that refused once is asked again by hand. */
static void release_again(struct qmi *qmi, QmiService service, uint8_t cid)
{
	const uint8_t value[] = { (uint8_t)service, cid };
	struct qmi_operation operation = {
		.base = { .call = &qmi->call, .timeout_ms = QMI_CLOSE_TIMEOUT_MS }, .qmi = qmi,
		.request = qmi_message_new(QMI_SERVICE_CTL, 0, CTL_TRANSACTION, CTL_RELEASE_CID),
	};

	qmi_put(operation.request, CTL_RELEASE_INFO, esim_slice(value, sizeof(value)));
	glib_operation_run(&operation.base, "release", begin_command, NULL);
	g_clear_pointer(&operation.answer, qmi_message_unref);
	qmi_message_unref(operation.request);
}

static void release(struct qmi *qmi, QmiClient **client)
{
	struct qmi_operation operation = {
		.base = { .call = &qmi->call, .timeout_ms = QMI_CLOSE_TIMEOUT_MS }, .qmi = qmi, .object = (GObject *)*client,
	};
	QmiService service;
	uint8_t cid;

	if (!*client)
		return;
	service = qmi_client_get_service(*client);
	cid = qmi_client_get_cid(*client);
	if (!qmi->call.removed && glib_operation_run(&operation.base, "release", begin_release, NULL) && !qmi->call.removed)
		release_again(qmi, service, cid);
	g_clear_object(client);
}

static void closed(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	qmi_device_close_finish(QMI_DEVICE(source), result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_close(void *data, GCancellable *cancellable)
{
	struct qmi_operation *operation = data;

	qmi_device_close_async(operation->qmi->device, glib_operation_seconds(&operation->base), cancellable, closed,
			       operation);
}

void qmi_port_close(struct qmi *qmi)
{
	struct qmi_operation operation = { .base = { .call = &qmi->call, .timeout_ms = QMI_CLOSE_TIMEOUT_MS }, .qmi = qmi };
	const struct esim_cancel *cancel = qmi->call.cancel;

	if (!qmi->device)
		return;
	qmi->call.cancel = NULL;
	release(qmi, &qmi->uim);
	release(qmi, &qmi->dms);
	qmi_opening_forget(qmi);
	glib_operation_run(&operation.base, "close", begin_close, NULL);
	qmi->call.cancel = cancel;
	g_signal_handler_disconnect(qmi->device, qmi->removed_handler);
	g_signal_handler_disconnect(qmi->device, qmi->indication_handler);
	g_clear_object(&qmi->device);
}

static int open_advise(const struct qmi *qmi, int code, struct esim_error *err)
{
	if (code == ESIM_ECANCELED || code == ESIM_EBUSY)
		return code;
	if (code == ESIM_ETIMEDOUT)
		esim_error_advise(err, "Is this the modem's QMI port? One that stays mute needs a reset.");
	else if (geteuid() != 0)
		esim_error_advise(err, "Modems are root's: use lpad (leave --device out), or sudo.");
	else if (qmi->quirks.no_proxy)
		esim_error_advise(err, "This modem is used without qmi-proxy (Proxy=no in modems.conf): "
				       "no other program may have the port open.");
	else if (!qmi->address.is_qrtr)
		esim_error_advise(err, "Is qmi-proxy installed? It takes root as its client, and none else.");
	return code;
}

int qmi_port_open(struct qmi *qmi, struct esim_error *err)
{
	struct qmi_operation operation = { .base = { .call = &qmi->call, .timeout_ms = OPEN_TIMEOUT_MS }, .qmi = qmi };
	int r;

	glib_call_quiet("Qmi");
	glib_call_begin(&qmi->call);
	r = qmi_device_find(qmi, err);
	if (r)
		return r;
	qmi->removed_handler = g_signal_connect(qmi->device, QMI_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), qmi);
	qmi->indication_handler = g_signal_connect(qmi->device, QMI_DEVICE_SIGNAL_INDICATION, G_CALLBACK(on_indication),
						   qmi);
	r = glib_operation_run(&operation.base, qmi->identity.port, begin_open, err);
	if (!r)
		r = allocate(qmi, QMI_SERVICE_UIM, &qmi->uim, err);
	if (!r)
		r = allocate(qmi, QMI_SERVICE_DMS, &qmi->dms, err);
	if (!r)
		return 0;
	qmi_port_close(qmi);
	return open_advise(qmi, r, err);
}

/* --- exchanges ------------------------------------------------------------------------------------------------------- */

static QmiMessage *request_of(QmiService service, QmiClient *client, uint16_t id)
{
	return qmi_message_new(service, client ? qmi_client_get_cid(client) : QMI_CID_NONE, 0, id);
}

QmiMessage *qmi_uim_request(const struct qmi *qmi, uint16_t id)
{
	return request_of(QMI_SERVICE_UIM, qmi->uim, id);
}

QmiMessage *qmi_dms_request(const struct qmi *qmi, uint16_t id)
{
	return request_of(QMI_SERVICE_DMS, qmi->dms, id);
}

static int once(struct qmi *qmi, const char *what, QmiMessage *request, unsigned timeout_ms, QmiMessage **ret,
		struct esim_error *err)
{
	struct qmi_operation operation = {
		.base = { .call = &qmi->call, .timeout_ms = timeout_ms }, .qmi = qmi, .request = request,
	};
	const QmiService service = qmi_message_get_service(request);
	QmiClient *client = service == QMI_SERVICE_UIM ? qmi->uim : qmi->dms;
	int r;

	if (!qmi->device || !client || qmi->call.removed)
		return glib_call_gone(&qmi->call, what, ESIM_OUTCOME_NEVER_SENT, err);
	qmi_message_set_transaction_id(request, qmi_client_get_next_transaction_id(client));
	r = glib_operation_run(&operation.base, what, begin_command, err);
	if (!r)
		r = qmi_answer_fits(operation.answer, what, service, qmi_message_get_message_id(request), err);
	if (r) {
		g_clear_pointer(&operation.answer, qmi_message_unref);
		return r;
	}
	*ret = operation.answer;
	return 0;
}

bool qmi_asks_to_wait(QmiMessage *answer)
{
	const uint32_t error = qmi_answer_error(answer);

	return error == QMI_PROTOCOL_ERROR_DEVICE_NOT_READY || error == QMI_PROTOCOL_ERROR_DEVICE_IN_USE;
}

int qmi_exchange(struct qmi *qmi, const char *what, QmiMessage *request, unsigned timeout_ms, QmiMessage **ret,
		 struct esim_error *err)
{
	const uint64_t deadline = deadline_in(timeout_ms), patience = deadline_in(BUSY_LIMIT_MS);
	unsigned pause = BUSY_FIRST_MS;
	int r;

	for (;;) {
		QmiMessage *answer = NULL;

		r = once(qmi, what, request, (unsigned)deadline_left_ms(deadline), &answer, err);
		if (r)
			break;
		if (!qmi_asks_to_wait(answer) || deadline_left_ms(patience) == 0 ||
		    deadline_left_ms(deadline) <= (int)pause) {
			*ret = answer;
			break;
		}
		qmi_message_unref(answer);
		r = glib_call_wait(&qmi->call, &qmi->call.removed, pause, err);
		if (r)
			break;
		pause = pause * 2 < BUSY_LONGEST_MS ? pause * 2 : BUSY_LONGEST_MS;
	}
	qmi_message_unref(request);
	return r;
}

int qmi_command(struct qmi *qmi, const char *what, QmiMessage *request, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *answer = NULL;
	int r = qmi_exchange(qmi, what, request, timeout_ms, &answer, err);

	if (r)
		return r;
	r = qmi_answer_result(answer, what, err);
	qmi_message_unref(answer);
	return r;
}
