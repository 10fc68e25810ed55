/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting the server together; see smdpp.h. */
#include "smdpp/server.h"

#include "smdpp/service.h"
#include "smdpp/tls_server.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t smdpp_now(const struct smdpp *server)
{
	return server->options.clock ? server->options.clock : (int64_t)time(NULL);
}

/* --- options ------------------------------------------------------------------------------------ */

/* "2.2.2" or "2.5". */
static int parse_version(const char *text, uint8_t version[static 3], struct esim_error *err)
{
	unsigned major, minor, patch = 0;
	int end = -1;

	if (sscanf(text, "%3u.%3u%n", &major, &minor, &end) == 2 && end > 0 && text[end] == '.') {
		text += end;
		end = -1;
		if (sscanf(text, ".%3u%n", &patch, &end) != 1)
			end = -1;
	}
	if (end < 0 || text[end] || major > 255 || minor > 255 || patch > 255)
		return esim_error_set(err, ESIM_EINVAL, "a version is written as 2.2.2 or 2.5");
	version[0] = (uint8_t)major;
	version[1] = (uint8_t)minor;
	version[2] = (uint8_t)patch;
	return 0;
}

static int copy_name(char to[static ESIM_MAX_FQDN + 1], const char *name, struct esim_error *err)
{
	if (strlen(name) > ESIM_MAX_FQDN || !*name)
		return esim_error_set(err, ESIM_EINVAL, "a server name has 1 to %d characters", ESIM_MAX_FQDN);
	strcpy(to, name);
	return 0;
}

/* --- the PKI --------------------------------------------------------------------------------------- */

/* Without --name the certificate says who we are: usually in its common name's DNS twin. */
static const char *name_of_certificate(const struct smdpp *server, char name[static ESIM_MAX_FQDN + 1])
{
	for (size_t i = 0; i < server->pki_count; i++) {
		const struct rsp_pki_entry *entry = rsp_pki_entry(server->pki[i], RSP_PKI_DPTLS);

		if (entry && rsp_pki_first_name(entry, name, ESIM_MAX_FQDN + 1))
			return name;
	}
	return RSP_PKI_NAME;
}

static int load_pki(struct smdpp *server, struct esim_error *err)
{
	const struct smdpp_options *options = &server->options;
	struct rsp_pki_options wanted = {
		.required = RSP_PKI_SMDP,
		.optional = RSP_PKI_BIT(RSP_PKI_DPTLS) | RSP_PKI_BIT(RSP_PKI_DSAUTH) | RSP_PKI_BIT(RSP_PKI_DSTLS),
		.name = options->name, .smds_name = server->smds_name, .now = options->clock,
	};
	int r = 0;

	if (options->pki_count == 0 || options->pki_count > SMDPP_MAX_PKI)
		return esim_error_set(err, ESIM_EINVAL, "1 to %d PKI directories are needed", SMDPP_MAX_PKI);
	for (size_t i = 0; i < options->pki_count && !r; i++) {
		r = rsp_pki_load(options->pki[i], &wanted, &server->pki[i], err);
		if (r)
			break;
		server->pki_count++;
		r = esim_pool_add_cert(&server->roots,
				       esim_buf_slice(&server->pki[i]->entries[RSP_PKI_CI].der), err);
	}
	return r;
}

/* --- life -------------------------------------------------------------------------------------------- */

static int prepare(struct smdpp *server, struct esim_error *err)
{
	const struct smdpp_options *options = &server->options;
	char name[ESIM_MAX_FQDN + 1];
	int r;

	r = parse_version(options->svn ? options->svn : "2.5", server->svn, err);
	if (!r)
		r = parse_version(options->min_svn ? options->min_svn : "2.0", server->min_svn, err);
	if (!r)
		r = copy_name(server->smds_name, options->smds_name ? options->smds_name : RSP_PKI_SMDS, err);
	if (!r && options->fault)
		r = faults_parse(options->fault, &server->faults, err);
	if (!r)
		r = load_pki(server, err);
	if (!r)
		r = copy_name(server->name, options->name ? options->name : name_of_certificate(server, name), err);
	if (r)
		return r;
	server->orders.dir = strdup(options->profiles);
	if (!server->orders.dir)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	return orders_scan(&server->orders, err);
}

static int open_log(struct smdpp *server, struct esim_error *err)
{
	if (!server->options.notifications)
		return 0;
	server->notifications = fopen(server->options.notifications, "ae");
	if (server->notifications)
		return 0;
	return esim_error_errno(err, ESIM_EINVAL, errno, "%s cannot be written", server->options.notifications);
}

int smdpp_new(const struct smdpp_options *options, struct smdpp **ret, struct esim_error *err)
{
	struct smdpp *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	server->options = *options;
	r = prepare(server, err);
	if (!r)
		r = open_log(server, err);
	if (!r)
		r = tls_server_new(server, &server->tls, err);
	if (!r)
		r = http_server_new(server, options->listen, service_handle, &server->http, err);
	if (r) {
		smdpp_free(&server);
		return r;
	}
	*ret = server;
	return 0;
}

const char *smdpp_address(const struct smdpp *server)
{
	return http_server_address(server->http);
}

static int write_stats(const struct smdpp *server, struct esim_error *err)
{
	const struct stats *s = &server->stats;
	json_t *functions = json_object(), *root;
	int r;

	for (int i = 0; i < FAULT_FUNCTIONS; i++)
		json_object_set_new(functions, fault_function_name((enum fault_function)i),
				    json_integer((json_int_t)s->requests[i]));
	root = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "connections", (json_int_t)s->connections, "handshakes", (json_int_t)s->handshakes,
			 "resumed", (json_int_t)s->resumed, "handshakeFailures", (json_int_t)s->handshake_failures,
			 "httpRequests", (json_int_t)s->http_requests, "notifications", (json_int_t)s->notifications,
			 "bytesIn", (json_int_t)s->bytes_in, "bytesOut", (json_int_t)s->bytes_out,
			 "functions", functions);
	r = json_dump_file(root, server->options.stats, JSON_INDENT(2));
	json_decref(root);
	return r ? esim_error_errno(err, ESIM_EINVAL, errno, "%s cannot be written", server->options.stats) : 0;
}

int smdpp_run(struct smdpp *server, struct esim_error *err)
{
	int r = http_server_run(server->http, err);

	return r || !server->options.stats ? r : write_stats(server, err);
}

void smdpp_stop(struct smdpp *server)
{
	http_server_stop(server->http);
}

void smdpp_free(struct smdpp **server)
{
	struct smdpp *s;

	if (!server || !*server)
		return;
	s = *server;
	http_server_free(&s->http);
	tls_server_free(&s->tls);
	if (s->notifications)
		fclose(s->notifications);
	sessions_clear(&s->sessions);
	orders_free(&s->orders);
	esim_pool_free(&s->roots);
	for (size_t i = 0; i < s->pki_count; i++)
		rsp_pki_free(&s->pki[i]);
	free(s);
	*server = NULL;
}
