/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libqmi's device for the port or the node that a URI names. */
#include "qmi.h"

#include <libqrtr-glib.h>

#define FIND_TIMEOUT_MS 30000u
#define LOOKUP_TIMEOUT_MS 2000u		/* until the nodes of a QRTR bus have told their services */

/* --- a port ------------------------------------------------------------------------------------------------- */

static void created(GObject *source, GAsyncResult *result, gpointer data)
{
	struct qmi_operation *operation = data;

	(void)source;
	operation->object = (GObject *)qmi_device_new_finish(result, &operation->base.error);
	operation->base.done = TRUE;
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
	operation->object = (GObject *)qrtr_bus_new_finish(result, &operation->base.error);
	operation->base.done = TRUE;
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
	operation->object = (GObject *)qmi_device_new_from_node_finish(result, &operation->base.error);
	operation->base.done = TRUE;
}

static void begin_of_node(void *data, GCancellable *cancellable)
{
	struct of_node *of_node = data;

	qmi_device_new_from_node(of_node->node, cancellable, created_of_node, &of_node->operation);
}

static int find_node(struct qmi *qmi, struct esim_error *err)
{
	struct of_node of_node = { .operation = { .base = { .call = &qmi->call, .timeout_ms = FIND_TIMEOUT_MS }, .qmi = qmi } };
	QrtrBus *bus;
	int r = glib_operation_run(&of_node.operation.base, "QRTR", begin_bus, err);

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
	r = glib_operation_run(&of_node.operation.base, qmi->identity.port, begin_of_node, err);
	if (!r)
		qmi->device = QMI_DEVICE(of_node.operation.object);
	g_object_unref(of_node.node);
	g_object_unref(bus);
	return r;
}

int qmi_device_find(struct qmi *qmi, struct esim_error *err)
{
	struct qmi_operation operation = { .base = { .call = &qmi->call, .timeout_ms = FIND_TIMEOUT_MS }, .qmi = qmi };
	int r;

	if (qmi->address.is_qrtr)
		return find_node(qmi, err);
	r = glib_operation_run(&operation.base, qmi->identity.port, begin_create, err);
	if (!r)
		qmi->device = QMI_DEVICE(operation.object);
	return r;
}
