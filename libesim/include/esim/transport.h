/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports: the ways to a card. A transport gives one or both of two kinds of
 * access:
 *
 *   raw      APDUs as they are; the library manages logical channels
 *   owned    the transport opens a channel to an application by itself and
 *            returns a handle (modems and /dev/euiccN do so)
 *
 * struct esim_card (esim/card.h) hides the difference. Where there are both, it takes
 * channels that the transport owns, and raw access for the basic channel alone. To add a transport, fill
 * a struct esim_transport_ops and wrap it with esim_transport_new().
 */
#ifndef ESIM_TRANSPORT_H
#define ESIM_TRANSPORT_H

#include <esim/bytes.h>
#include <esim/cancel.h>
#include <esim/error.h>
#include <esim/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_transport;
struct esim_modem_ops;				/* esim/modem.h */

enum esim_transport_features {
	ESIM_TRANSPORT_RAW = 1 << 0,
	ESIM_TRANSPORT_OWNED = 1 << 1,
	ESIM_TRANSPORT_RESET = 1 << 2,		/* can reset the card */
	ESIM_TRANSPORT_EXTENDED = 1 << 3,	/* takes extended-length APDUs */
	ESIM_TRANSPORT_NEEDS_LE = 1 << 4,	/* case 3 commands want Le = 00 appended */
	ESIM_TRANSPORT_CASE4 = 1 << 5,		/* Le after data brings the answer at once, no 61xx */
};

enum esim_reset {
	ESIM_RESET_ANY,
	ESIM_RESET_WARM,
	ESIM_RESET_COLD,
};

struct esim_transport_info {
	char scheme[16];			/* "unix", "tcp", "kdev", "usb", "pcsc" … */
	char name[128];				/* reader or device, for people */
	unsigned features;			/* enum esim_transport_features */
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;				/* 0: not known */
	unsigned max_data;			/* most bytes of command data per APDU; 0: 255 */
	unsigned max_batch;			/* most commands of a batch; 0: there are no batches */
};

/* Commands that go down in one call. Up to ESIM_MAX_BATCH, and ESIM_MAX_BATCH_BYTES in sum. */
struct esim_transport_batch {
	const struct esim_slice *commands;
	size_t count;
	uint16_t sw_wanted, sw_mask;		/* goes on while (sw & sw_mask) == sw_wanted */
	bool stop_on_data;			/* ends after the first answer with data */
	unsigned timeout_ms;			/* of each command */
};

/* Every call of a vtable is made from one thread at a time, cancel excepted. */
struct esim_transport_ops {
	/* Owns @priv from esim_transport_new() on; frees it. */
	void (*close)(void *priv);

	void (*describe)(void *priv, struct esim_transport_info *ret);

	/*
	 * Raw access: one command APDU, one response with its status word at the
	 * end appended to @response. No 61/6C handling. NULL where there is none.
	 */
	int (*transmit)(void *priv, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms, struct esim_error *err);

	/*
	 * Owned channels. @port is the eSIM port (0 today). @p2 is that of SELECT.
	 * The FCI is appended to @fci where the transport has it. Commands on a
	 * channel carry a class byte without channel bits. NULL where there are none.
	 */
	int (*channel_open)(void *priv, unsigned port, struct esim_slice aid, uint8_t p2,
			    uint32_t *ret_handle, struct esim_buf *fci, unsigned timeout_ms,
			    struct esim_error *err);
	int (*channel_transmit)(void *priv, uint32_t handle, struct esim_slice command,
				struct esim_buf *response, unsigned timeout_ms,
				struct esim_error *err);
	void (*channel_close)(void *priv, uint32_t handle);

	/* Reset the card; all channels are gone afterwards. NULL: not possible. */
	int (*reset)(void *priv, enum esim_reset kind, struct esim_error *err);

	/* The handle that blocking calls watch from now on; NULL: none. */
	void (*set_cancel)(void *priv, const struct esim_cancel *cancel);

	/*
	 * Commands on an owned channel in one go, 61xx and 6Cxx completed by the transport. The
	 * answers are appended to @responses one after the other, *@ret_done of them, each with its
	 * status word at its end; @lengths[i] is the length of each. 0: all were answered, or the
	 * batch ended early as it says. Else the command that follows the last answer failed, as
	 * @err tells with its outcome; what came after it was never sent. NULL: no batches.
	 */
	int (*channel_transmit_batch)(void *priv, uint32_t handle,
				      const struct esim_transport_batch *batch,
				      struct esim_buf *responses, size_t *lengths, size_t *ret_done,
				      struct esim_error *err);

	/* What stands between this host and the card; NULL: no modem. */
	const struct esim_modem_ops *modem;
};

/* Wrap @ops; frees @priv through ops->close even when it fails with ESIM_ENOMEM. */
int esim_transport_new(const struct esim_transport_ops *ops, void *priv,
		       struct esim_transport **ret);

/*
 * Open by URI:
 *
 *   /dev/euiccN                    a device of the kernel
 *   usb:[BUS-PORT|VID:PID][?slot=N]  a reader on USB; without an address the only one
 *   pcsc:[READER]                  a reader of pcscd by its name, or a part of it that no other
 *                                  has; without one the only one with a card. %XX is a byte
 *   mbim:DEV[?slot=N]              a modem (esim/modem.h), by its own protocol; a slot that is not in use is
 *   qmi:DEV[?slot=N], qmi:qrtr://NODE  switched to, and back when the transport is closed. By modem-broker(8)
 *   at:TTY                         where this process is not root's and the broker's socket is there
 *   unix:PATH, tcp:HOST:PORT       a card's program
 *
 * The one that this build does not have (vfio) is refused by name with
 * ESIM_ENOTSUP; anything else with ESIM_EINVAL. A `?channel=basic` suffix is parsed by
 * esim_device_parse(), not here. usb: and pcsc: power the card; ESIM_ENODEV where there is none or
 * it is mute, ESIM_EBUSY where another program has it, which the message names if it can be seen.
 *
 * pcsc: has neither deadlines nor a way to cancel a command: it takes what pcscd's driver takes. A
 * tcp: host that is a name is asked of the system's resolver, in its own time, and no cancel handle
 * is heard meanwhile, here and where a reset connects anew; a literal address costs no such wait.
 */
int esim_transport_open(const char *uri, struct esim_transport **ret, struct esim_error *err);
/*
 * The same; @cancel ends it, with ESIM_ECANCELED, while it waits for a modem, which may take half a minute. Other ways do
 * not wait so long, and do not heed it. It is for this call alone: esim_transport_set_cancel().
 */
int esim_transport_open_cancellable(const char *uri, const struct esim_cancel *cancel,
				    struct esim_transport **ret, struct esim_error *err);
void esim_transport_free(struct esim_transport **transport);

void esim_transport_describe(struct esim_transport *transport, struct esim_transport_info *ret);

/* As in the vtable; ESIM_ENOTSUP where the transport has no such access. */
int esim_transport_transmit(struct esim_transport *transport, struct esim_slice command,
			    struct esim_buf *response, unsigned timeout_ms,
			    struct esim_error *err);
int esim_transport_channel_open(struct esim_transport *transport, unsigned port,
				struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
				struct esim_buf *fci, unsigned timeout_ms,
				struct esim_error *err);
int esim_transport_channel_transmit(struct esim_transport *transport, uint32_t handle,
				    struct esim_slice command, struct esim_buf *response,
				    unsigned timeout_ms, struct esim_error *err);
void esim_transport_channel_close(struct esim_transport *transport, uint32_t handle);
int esim_transport_channel_transmit_batch(struct esim_transport *transport, uint32_t handle,
					  const struct esim_transport_batch *batch,
					  struct esim_buf *responses, size_t *lengths,
					  size_t *ret_done, struct esim_error *err);
int esim_transport_reset(struct esim_transport *transport, enum esim_reset kind,
			 struct esim_error *err);
void esim_transport_set_cancel(struct esim_transport *transport, const struct esim_cancel *cancel);

/*
 * A file of the kernel's device at @path (euicc(4)) that is a channel to @aid and to nothing else, for
 * life: to be given away. The caller closes it. ESIM_ENOTSUP where @path is no such device.
 */
int esim_kdev_open_channel(const char *path, struct esim_slice aid, int *ret_fd, struct esim_error *err);

/* "unix:/run/x?channel=basic" into the transport's URI and its options. */
struct esim_device {
	char uri[ESIM_URI_SIZE];
	bool basic_channel;
};
int esim_device_parse(const char *text, struct esim_device *ret, struct esim_error *err);

/* The URI schemes that this build can open, for help texts and completion; NULL ends the list. */
const char *const *esim_transport_schemes(void);

#ifdef __cplusplus
}
#endif
#endif
