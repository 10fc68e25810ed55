/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plug; see usbip.h. */
#include "usbip/usbip.h"
#include "usbip/usbip_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VHCI		"/sys/devices/platform/vhci_hcd.0/"
#define DEVID		1
#define MAX_KEPT	(512 * 1024)
#define STATUS_FREE	4
#define STATUS_USED	6

/* --- ports ------------------------------------------------------------------ */

struct port {
	int number, status;
	char bus_port[USBIP_BUS_PORT_SIZE];
};

/* Called for each port for full and high speed, until it says true. */
typedef bool port_visitor(const struct port *port, void *context);

static bool visit_ports(port_visitor *visit, void *context)
{
	FILE *file = fopen(VHCI "status", "re");
	char line[128];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		struct port port;

		if (sscanf(line, "hs %d %d %*s %*s %*s %31s", &port.number, &port.status,
			   port.bus_port) == 3)
			found = visit(&port, context);
	}
	if (file)
		fclose(file);
	return found;
}

struct attempt {
	int socket, speed;
	int port;
	int error;
};

/* Another reader may take the port first: the kernel says EBUSY, and the next one is tried. */
static bool try_port(const struct port *port, void *context)
{
	struct attempt *attempt = context;
	char text[64];
	int fd, len;

	if (port->status != STATUS_FREE)
		return false;
	len = snprintf(text, sizeof(text), "%d %d %d %d", port->number, attempt->socket, DEVID,
		       attempt->speed);
	fd = open(VHCI "attach", O_WRONLY | O_CLOEXEC);
	attempt->error = fd < 0 || write(fd, text, (size_t)len) != len ? errno : 0;
	if (fd >= 0)
		close(fd);
	attempt->port = port->number;
	return attempt->error == 0;
}

static int attach_to_vhci(int socket, bool high_speed, int *ret_port, struct esim_error *err)
{
	struct attempt attempt = { .socket = socket, .speed = high_speed ? 3 : 2 };

	if (visit_ports(try_port, &attempt)) {
		*ret_port = attempt.port;
		return 0;
	}
	return attempt.error ?
		esim_error_errno(err, ESIM_ENODEV, attempt.error, "vhci_hcd refuses the reader") :
		esim_error_set(err, ESIM_ENODEV, "no free port of vhci_hcd (is the module loaded?)");
}

int usbip_attach(struct usbip_link *link, const struct usbip_bus *bus, bool high_speed,
		 struct esim_error *err)
{
	int pair[2], port = -1, r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return esim_error_errno(err, ESIM_EIO, errno, "no socketpair");
	r = bus ? bus->attach(bus->context, pair[0], high_speed) :
		  attach_to_vhci(pair[0], high_speed, &port, err);
	close(pair[0]);
	if (r) {
		close(pair[1]);
		return r;
	}
	*link = (struct usbip_link){ .fd = pair[1], .port = port,
				     .in = ESIM_BUF_INIT_MAX(MAX_KEPT) };
	return 0;
}

void usbip_detach(struct usbip_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	esim_buf_free(&link->in);
	link->fd = -1;
}

struct lookup {
	int port;
	char *text;
};

static bool find_bus_port(const struct port *port, void *context)
{
	struct lookup *lookup = context;

	if (port->number != lookup->port || port->status != STATUS_USED)
		return false;
	memcpy(lookup->text, port->bus_port, USBIP_BUS_PORT_SIZE);
	return true;
}

bool usbip_bus_port(const struct usbip_link *link, char text[USBIP_BUS_PORT_SIZE])
{
	struct lookup lookup = { link->port, text };

	return link->fd >= 0 && visit_ports(find_bus_port, &lookup);
}

/* --- requests --------------------------------------------------------------- */

int usbip_receive(struct usbip_link *link)
{
	uint8_t block[16384];
	ssize_t n;

	while ((n = recv(link->fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		esim_buf_append(&link->in, block, (size_t)n);
	if (esim_buf_failed(&link->in))
		return ESIM_ETOOBIG;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : ESIM_ENODEV;
}

int usbip_next(struct usbip_link *link, struct usbip_request *ret, struct esim_buf *data)
{
	struct usbip_request request = { 0 };
	struct usbip_header header;
	size_t used = USBIP_HEADER;

	if (link->in.len < USBIP_HEADER)
		return 0;
	memcpy(&header, link->in.data, USBIP_HEADER);
	request.seq = ntohl(header.seq);
	request.endpoint = (uint8_t)ntohl(header.endpoint);
	request.in = header.direction != 0;
	memcpy(request.setup, header.setup, sizeof(request.setup));
	switch (ntohl(header.command)) {
	case USBIP_CMD_UNLINK:
		request.kind = USBIP_UNLINK;
		request.other = ntohl(header.word[0]);
		break;
	case USBIP_CMD_SUBMIT:
		request.kind = USBIP_SUBMIT;
		request.length = ntohl(header.word[1]);
		if (request.length > USBIP_MAX_TRANSFER)
			return ESIM_EPROTO;
		if (!request.in)
			used += request.length;
		break;
	default:
		return ESIM_EPROTO;
	}
	if (link->in.len < used)
		return 0;
	esim_buf_reset(data);
	esim_buf_append(data, link->in.data + USBIP_HEADER, used - USBIP_HEADER);
	link->in.len -= used;
	memmove(link->in.data, link->in.data + used, link->in.len);
	*ret = request;
	return 1;
}

/* --- completions ------------------------------------------------------------ */

/* Where the kernel has let go, the next usbip_receive() says so. */
static void send_all(struct usbip_link *link, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(link->fd, (const uint8_t *)data + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

static void complete(struct usbip_link *link, uint32_t command, uint32_t seq, int status,
		     uint32_t actual, struct esim_slice data)
{
	struct usbip_header header = {
		.command = htonl(command),
		.seq = htonl(seq),
		.word = { htonl((uint32_t)status), htonl(actual) },
	};
	struct esim_buf out = ESIM_BUF_INIT_MAX(USBIP_HEADER + USBIP_MAX_TRANSFER);

	esim_buf_append(&out, &header, sizeof(header));
	esim_buf_append_slice(&out, data);
	if (!esim_buf_failed(&out))
		send_all(link, out.data, out.len);
	esim_buf_free(&out);
}

void usbip_complete_in(struct usbip_link *link, uint32_t seq, int status, struct esim_slice data)
{
	complete(link, USBIP_RET_SUBMIT, seq, status, (uint32_t)data.len, data);
}

void usbip_complete_out(struct usbip_link *link, uint32_t seq, int status, uint32_t length)
{
	complete(link, USBIP_RET_SUBMIT, seq, status, length, esim_slice(NULL, 0));
}

void usbip_complete_unlink(struct usbip_link *link, uint32_t seq, int status)
{
	complete(link, USBIP_RET_UNLINK, seq, status, 0, esim_slice(NULL, 0));
}
