/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace. What is not asked for by --trace-secrets cannot leak: a redacted line
 * has an APDU's header, the tag its data begins with, sizes and the status word.
 *
 *   12 apdu 3.214ms ch=1 81E2910006 BF38 len=6 -> len=0 6110
 *   13 http 8.001ms POST host/path 200 sent=431 received=2810 connections=1
 */
#include "trace.h"

#include <esim/hex.h>
#include <esim/tlv.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct trace {
	FILE *file;
	bool secrets;
	unsigned long line;
};

/* The mode that open() was given counts for a new file alone. */
static int keep_from_others(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -1;
	return S_ISREG(status.st_mode) ? fchmod(fd, 0600) : 0;
}

int trace_open(const char *file, bool secrets, struct trace **ret, struct esim_error *err)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int fd;

	if (!trace)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	trace->secrets = secrets;
	fd = strcmp(file, "-") == 0 ? dup(STDERR_FILENO) :
	     open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && (!secrets || !keep_from_others(fd)))
		trace->file = fdopen(fd, "w");
	if (!trace->file) {
		esim_error_errno(err, ESIM_EINVAL, errno, "the trace file %s", file);
		err->domain = ESIM_DOMAIN_USAGE;
		if (fd >= 0)
			close(fd);
		free(trace);
		return ESIM_EINVAL;
	}
	setvbuf(trace->file, NULL, _IOLBF, 0);
	*ret = trace;
	return 0;
}

bool trace_lost(const struct trace *trace)
{
	return trace && ferror(trace->file);
}

int trace_close(struct trace **trace)
{
	bool lost;

	if (!trace || !*trace)
		return 0;
	lost = trace_lost(*trace);
	lost |= fclose((*trace)->file) != 0;
	free(*trace);
	*trace = NULL;
	return lost ? ESIM_EIO : 0;
}

static void put_hex(FILE *file, struct esim_slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		fprintf(file, "%02X", bytes.data[i]);
}

static struct esim_slice part(struct esim_slice in, size_t from, size_t len)
{
	return esim_slice(in.data + from, len);
}

/* Where a command's data lies: after a length of one byte, or of three. */
static struct esim_slice command_data(struct esim_slice command)
{
	const size_t start = command.len > 7 && command.data[4] == 0 ? 7 : 5;

	return command.len > start ? part(command, start, command.len - start) : esim_slice(NULL, 0);
}

static void put_redacted_command(FILE *file, struct esim_slice command)
{
	const struct esim_slice data = command_data(command);
	size_t header, length;
	uint32_t tag;

	put_hex(file, part(command, 0, command.len < 5 ? command.len : 5));
	if (data.len == 0)
		return;
	/* Only the first block of an ES10 command begins with a tag that means something. */
	if (command.data[1] == 0xE2 && command.len > 5 && command.data[3] == 0 &&
	    !esim_tlv_header(data, &tag, &header, &length))
		fprintf(file, " %X", tag);
	fprintf(file, " len=%zu", data.len);
}

static void put_response(const struct trace *trace, const struct esim_apdu_trace *apdu)
{
	const size_t len = apdu->response.len;

	if (len < 2) {
		fprintf(trace->file, " -> %s", esim_code_name(apdu->result));
		return;
	}
	fputs(" -> ", trace->file);
	if (trace->secrets)
		put_hex(trace->file, part(apdu->response, 0, len - 2));
	else
		fprintf(trace->file, "len=%zu", len - 2);
	fputc(' ', trace->file);
	put_hex(trace->file, part(apdu->response, len - 2, 2));
}

void trace_apdu(void *context, const struct esim_apdu_trace *apdu)
{
	struct trace *trace = context;

	fprintf(trace->file, "%lu apdu %.3fms ch=%u ", ++trace->line,
		(double)apdu->nanoseconds / 1e6, apdu->channel);
	if (trace->secrets)
		put_hex(trace->file, apdu->command);
	else
		put_redacted_command(trace->file, apdu->command);
	put_response(trace, apdu);
	/* The time is this command's share of the batch. */
	if (apdu->batch > 1)
		fprintf(trace->file, " batch=%u", apdu->batch);
	fputc('\n', trace->file);
}

/* A body on one line: what would break the line is shown as its number. */
static void put_body(FILE *file, const char *name, struct esim_slice body)
{
	fprintf(file, " %s=", name);
	for (size_t i = 0; i < body.len; i++) {
		if (body.data[i] < 0x20 || body.data[i] >= 0x7F)
			fprintf(file, "\\x%02X", body.data[i]);
		else
			fputc(body.data[i], file);
	}
}

void trace_http(void *context, const struct esim_http_trace *exchange)
{
	const char *space = strchr(exchange->method_path, ' ');
	struct trace *trace = context;

	fprintf(trace->file, "%lu http %.3fms %.*s %s%s ", ++trace->line,
		(double)exchange->nanoseconds / 1e6,
		space ? (int)(space - exchange->method_path) : 0, exchange->method_path,
		exchange->host, space ? space + 1 : exchange->method_path);
	if (exchange->status)
		fprintf(trace->file, "%d", exchange->status);
	else
		fputs(esim_code_name(exchange->result), trace->file);
	fprintf(trace->file, " sent=%zu received=%zu connections=%u", exchange->request.len,
		exchange->response.len, exchange->new_connections);
	if (trace->secrets) {
		put_body(trace->file, "request", exchange->request);
		put_body(trace->file, "response", exchange->response);
	}
	fputc('\n', trace->file);
}
