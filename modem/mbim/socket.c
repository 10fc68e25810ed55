/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket to mbim-proxy, closed once. libmbim (1.28) closes its descriptor twice, as a channel's and as a connection's:
 * what another thread was given under that number in between would be closed. So the socket outlives the connection, and
 * goes when its number is ours again.
 */
#include "mbim.h"

#include <fcntl.h>
#include <unistd.h>

static GMutex lock;
static GSList *closed;			/* sockets whose number libmbim has closed already; under the lock */

/* Of this thread: GIO calls the hooks of all, also one that its thread just removed. */
static _Thread_local struct mbim *opening;

/* libmbim keeps it for itself: as it connects, GIO tells. */
static gboolean on_event(GSignalInvocationHint *hint, guint count, const GValue *values, gpointer data)
{
	struct mbim *mbim = opening;
	GObject *connection = g_value_get_object(&values[3]);

	(void)hint, (void)count, (void)data;
	if (mbim && g_value_get_enum(&values[1]) == G_SOCKET_CLIENT_CONNECTED &&
	    !mbim->socket && G_IS_SOCKET_CONNECTION(connection))
		mbim->socket = g_object_ref(g_socket_connection_get_socket(G_SOCKET_CONNECTION(connection)));
	return TRUE;
}

static guint event_signal(void)
{
	g_type_class_unref(g_type_class_ref(G_TYPE_SOCKET_CLIENT));
	return g_signal_lookup("event", G_TYPE_SOCKET_CLIENT);
}

void mbim_socket_connects(struct mbim *mbim)
{
	opening = mbim;
	mbim->hook = g_signal_add_emission_hook(event_signal(), 0, on_event, NULL, NULL);
}

void mbim_socket_connected(struct mbim *mbim)
{
	g_signal_remove_emission_hook(event_signal(), mbim->hook);
	opening = NULL;
}

/* The last reference closes the number: false while somebody else has it. */
static bool let_go(GSocket *socket)
{
	const int number = g_socket_get_fd(socket);
	const int any = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int ours = any;

	if (any >= 0 && any != number) {
		ours = fcntl(any, F_DUPFD_CLOEXEC, number);
		close(any);
	}
	if (ours == number)
		g_object_unref(socket);
	else if (ours >= 0)
		close(ours);
	return ours == number;
}

void mbim_socket_ends(struct mbim *mbim)
{
	GSList *next;

	if (!mbim->socket)
		return;
	g_mutex_lock(&lock);
	closed = g_slist_prepend(closed, mbim->socket);
	mbim->socket = NULL;
	for (GSList *at = closed; at; at = next) {
		next = at->next;
		if (let_go(at->data))
			closed = g_slist_delete_link(closed, at);
	}
	g_mutex_unlock(&lock);
}
