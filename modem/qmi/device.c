/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call to libqmi or libqrtr at a time, and the device that a URI names. */
#include "qmi.h"

#include <libqrtr-glib.h>

#define FIND_TIMEOUT_MS 30000u
#define LOOKUP_TIMEOUT_MS 2000u		/* until the nodes of a QRTR bus have told their services */
#define SPARE_S 2u			/* libqmi counts in seconds: ours is the deadline that ends it */

guint qmi_in_seconds(unsigned timeout_ms)
{
	return timeout_ms / 1000 + SPARE_S;
}

int qmi_gone(struct esim_error *err, const char *what, enum esim_outcome outcome)
{
	esim_error_set(err, ESIM_ENODEV, "%s: the modem left, or qmi-proxy did", what);
	return esim_error_outcome(err, ESIM_ENODEV, outcome);
}

void qmi_operation_end(struct qmi_operation *operation)
{
	operation->qmi->under_way = NULL;
	operation->done = TRUE;
}

int qmi_operation_run(struct qmi_operation *operation, const char *what, void (*begin)(void *, GCancellable *),
		      struct esim_error *err)
{
	struct qmi *qmi = operation->qmi;
	int r;

	operation->done = FALSE;
	r = glib_call_run(&qmi->call, begin, operation, &operation->done, operation->timeout_ms, err);
	if (operation->done && !operation->error) {
		esim_error_clear(err);
		return 0;
	}
	if (qmi->removed) {
		g_clear_error(&operation->error);
		return qmi_gone(err, what, ESIM_OUTCOME_UNKNOWN);
	}
	if (r) {
		g_clear_error(&operation->error);
		esim_error_prefix(err, "%s: ", what);
		return r;
	}
	return glib_call_failed(err, &operation->error, what, ESIM_OUTCOME_UNKNOWN);
}

/* --- a port ------------------------------------------------------------------------------------------------- */

static void created(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	(void)source;
	operation->object = (GObject *)qmi_device_new_finish(result, &operation->error);
	qmi_operation_end(operation);
}

static void begin_create(void *data, GCancellable *cancellable)
{
	struct qmi_operation *operation = data;
	GFile *file = g_file_new_for_path(operation->qmi->identity.port);

	qmi_device_new(file, cancellable, created, operation);
	g_object_unref(file);
}

/* --- a node of QRTR ----------------------------------------------------------------------------------------- */

static void found(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	(void)source;
	operation->object = (GObject *)qrtr_bus_new_finish(result, &operation->error);
	qmi_operation_end(operation);
}

static void begin_bus(void *data, GCancellable *cancellable)
{
	qrtr_bus_new(LOOKUP_TIMEOUT_MS, cancellable, found, data);
}

struct of_node {
	struct qmi_operation operation;		/* first: callbacks get it */
	QrtrNode *node;
};

static void created_of_node(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	(void)source;
	operation->object = (GObject *)qmi_device_new_from_node_finish(result, &operation->error);
	qmi_operation_end(operation);
}

static void begin_of_node(void *data, GCancellable *cancellable)
{
	struct of_node *of_node = data;

	qmi_device_new_from_node(of_node->node, cancellable, created_of_node, &of_node->operation);
}

static int find_node(struct qmi *qmi, struct esim_error *err)
{
	struct of_node of_node = { .operation = { .qmi = qmi, .timeout_ms = FIND_TIMEOUT_MS } };
	QrtrBus *bus;
	int r = qmi_operation_run(&of_node.operation, "QRTR", begin_bus, err);

	if (r) {
		esim_error_advise(err, "QRTR is a way to the modem of the same chip: is the kernel's qrtr module there?");
		return r;
	}
	bus = QRTR_BUS(of_node.operation.object);
	of_node.node = qrtr_bus_get_node(bus, qmi->address.node);
	if (!of_node.node) {
		g_object_unref(bus);
		return esim_error_set(err, ESIM_ENODEV, "%s: there is no such node", qmi->identity.port);
	}
	of_node.operation.object = NULL;
	r = qmi_operation_run(&of_node.operation, qmi->identity.port, begin_of_node, err);
	if (!r)
		qmi->device = QMI_DEVICE(of_node.operation.object);
	g_object_unref(of_node.node);
	g_object_unref(bus);
	return r;
}

int qmi_device_find(struct qmi *qmi, struct esim_error *err)
{
	struct qmi_operation operation = { .qmi = qmi, .timeout_ms = FIND_TIMEOUT_MS };
	int r;

	if (qmi->address.is_qrtr)
		return find_node(qmi, err);
	r = qmi_operation_run(&operation, qmi->identity.port, begin_create, err);
	if (!r)
		qmi->device = QMI_DEVICE(operation.object);
	return r;
}
