/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The profiles directory; see orders.h. */
#include "smdpp/orders.h"

#include "rsp/file.h"
#include "smdpp/order_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDING ".der"

static void order_free(struct order *order)
{
	order_file_clear(order);
	free(order->name);
	free(order);
}

void orders_free(struct orders *orders)
{
	while (orders->first) {
		struct order *order = orders->first;

		orders->first = order->next;
		order_free(order);
	}
	free(orders->dir);
	orders->dir = NULL;
}

/* The order called @name, made if it is new; NULL: no memory. */
static struct order *known_order(struct orders *orders, const char *name)
{
	struct order *order;

	for (order = orders->first; order; order = order->next)
		if (strcmp(order->name, name) == 0)
			return order;
	order = calloc(1, sizeof(*order));
	if (!order)
		return NULL;
	order->name = strdup(name);
	if (!order->name) {
		free(order);
		return NULL;
	}
	order->next = orders->first;
	orders->first = order;
	return order;
}

static int order_path(const struct orders *orders, const char *name, const char *ending, char *path,
		      size_t size, struct esim_error *err)
{
	int n = snprintf(path, size, "%s/%s%s", orders->dir, name, ending);

	if (n < 0 || (size_t)n >= size)
		return esim_error_set(err, ESIM_EINVAL, "the path of order %s is too long", name);
	return 0;
}

static int scan_entry(struct orders *orders, const char *file, struct esim_error *err)
{
	size_t len = strlen(file), ending = strlen(ENDING);
	char name[256], path[4096];
	struct order *order;
	int r;

	if (len <= ending || len - ending >= sizeof(name) || strcmp(file + len - ending, ENDING) != 0)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(len - ending), file);
	order = known_order(orders, name);
	if (!order)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for order %s", name);
	r = order_path(orders, name, ".json", path, sizeof(path), err);
	if (!r)
		r = order_file_read(order, orders->dir, path, err);
	order->present = !r;
	return r;
}

int orders_scan(struct orders *orders, struct esim_error *err)
{
	DIR *dir = opendir(orders->dir);
	struct esim_error why;
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return esim_error_errno(err, ESIM_EINVAL, errno, "the profiles directory %s cannot be read",
					orders->dir);
	for (struct order *order = orders->first; order; order = order->next)
		order->present = false;
	while ((entry = readdir(dir))) {
		int failed = scan_entry(orders, entry->d_name, &why);

		if (failed && !r) {
			r = failed;
			if (err)
				*err = why;
		}
	}
	closedir(dir);
	return r;
}

struct order *orders_find(const struct orders *orders, struct esim_slice matching_id)
{
	for (struct order *order = orders->first; order; order = order->next) {
		if (!order->present)
			continue;
		if (esim_slice_is(matching_id, order->name, strlen(order->name)) ||
		    (order->event && esim_slice_is(matching_id, order->event, strlen(order->event))))
			return order;
	}
	return NULL;
}

static bool serves(const struct order *order, const struct esim_eid *eid)
{
	return order->present && !(order->once && order->installed) &&
	       (!order->has_eid || memcmp(&order->eid, eid, sizeof(*eid)) == 0);
}

struct order *orders_default(const struct orders *orders, const struct esim_eid *eid)
{
	struct order *found = NULL;

	for (struct order *order = orders->first; order; order = order->next)
		if (order->is_default && serves(order, eid) && (!found || order->has_eid))
			found = order;
	return found;
}

struct order *orders_next_event(const struct orders *orders, const struct order *previous,
				const struct esim_eid *eid)
{
	for (struct order *order = previous ? previous->next : orders->first; order; order = order->next)
		if (order->event && serves(order, eid))
			return order;
	return NULL;
}

int orders_package(const struct orders *orders, const struct order *order, struct esim_buf *out,
		   struct esim_error *err)
{
	char path[4096];
	int r = order_path(orders, order->name, ENDING, path, sizeof(path), err);

	return r ? r : rsp_file_read(path, ORDER_MAX_PACKAGE, out, err);
}
