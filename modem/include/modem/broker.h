/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem by way of another process. The proxies of the modem libraries serve root alone, and a modem's
 * answers are parsed by libraries that a daemon without privileges need not have in it: modem-broker,
 * started by its socket for each connection, opens one modem and does what it is asked.
 *
 * The socket is local and keeps messages apart (SOCK_SEQPACKET). Both ends are of one build, which
 * BROKER_HELLO proves: the structs are sent as they are. A request is answered once, in order; CANCEL is
 * not answered, and makes the request that runs end. How long a modem may take its quirks say, which the caller
 * does not know: while a request is at work BROKER_AT_WORK comes again and again. A connection that ends
 * closes the modem.
 */
#ifndef MODEM_BROKER_H
#define MODEM_BROKER_H

#include <esim/modem.h>
#include <esim/transport.h>

#define BROKER_SOCKET		"/run/coreesim/modem"
#define BROKER_SOCKET_ENV	"COREESIM_MODEM_BROKER"	/* of tests; "" is none */

#define BROKER_MAX_PAYLOAD	(64 * 1024)
#define BROKER_HELLO_TIMEOUT_MS	120000		/* a modem that has to switch its slot first */
#define BROKER_GRACE_MS		10000		/* without a word beyond the request's own time: the broker hangs */
#define BROKER_AT_WORK_MS	3000
#define BROKER_AT_WORK		INT32_MAX	/* as a result, with no payload: the answer is still to come */

enum broker_op {
	BROKER_HELLO = 1,	/* payload struct broker_hello; the answer's a struct broker_welcome */
	BROKER_DESCRIBE,	/* struct esim_transport_info */
	BROKER_TRANSMIT,	/* payload a command; the answer's the response with its status word */
	BROKER_CHANNEL_OPEN,	/* payload an AID, argument P2, handle the port; the answer's handle, the FCI */
	BROKER_CHANNEL_TRANSMIT,
	BROKER_CHANNEL_CLOSE,
	BROKER_RESET,		/* argument enum esim_reset */
	BROKER_FACTS,		/* struct esim_modem_facts */
	BROKER_POLICY,		/* struct esim_modem_policy */
	BROKER_ICCID,		/* struct esim_iccid */
	BROKER_STEP,		/* argument enum esim_modem_step */
	BROKER_WAIT,
	BROKER_REOPEN,
	BROKER_CANCEL,
	BROKER_OPS,
};

struct broker_request {
	uint32_t id;		/* never 0 */
	uint32_t op;
	uint32_t handle, argument, timeout_ms;
	uint32_t length;	/* of the payload that follows in the same message */
};

/* Where @result is not 0 the payload is a struct esim_error. */
struct broker_answer {
	uint32_t id;
	int32_t result;
	uint32_t handle;
	uint32_t length;
};

struct broker_hello {
	char version[16];	/* COREESIM_VERSION */
	uint32_t size;		/* sizes of the structs above, summed: broker_sizes() */
	char uri[ESIM_URI_SIZE];
};

struct broker_welcome {
	struct esim_transport_info info;
	uint32_t ops;		/* bits 1 << enum broker_op that this modem has */
};

static inline uint32_t broker_sizes(void)
{
	return (uint32_t)(sizeof(struct broker_welcome) + sizeof(struct esim_error) +
			  sizeof(struct esim_modem_facts) + sizeof(struct esim_modem_policy) +
			  sizeof(struct esim_iccid));
}

#endif
