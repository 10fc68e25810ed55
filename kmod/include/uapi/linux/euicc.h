/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/euiccN and /dev/euicc-proxy: an eUICC as a character device.
 *
 * The descriptor is the capability: one open file is at most one logical channel
 * (ETSI TS 102 221, 11.1.17), locked for life to one application, closed with its
 * last holder. Outcomes are honest: an errno means that nothing of the call reached
 * the card; what was sent and not answered is reported as exactly that, in the
 * status of an entry.
 *
 * Every reserved field and every undefined flag must be zero, else EINVAL. Times are
 * relative, in milliseconds. Unknown ioctl numbers are refused with ENOTTY; a feature
 * that comes later has a feature bit or a number of its own.
 *
 * A device has at most 32 open files; open() of one more is EBUSY. A file has at most one
 * OPEN_CHANNEL, XFER or RESET under way. EUICC_CANCEL ends it, from another thread or another
 * holder of the file: a batch drops what is unsent, and what is on the wire is EINTR in its entry;
 * the others return EINTR. It does nothing where nothing is under way. Errors: ENODEV.
 */
#ifndef _UAPI_LINUX_EUICC_H
#define _UAPI_LINUX_EUICC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Not in Documentation/userspace-api/ioctl/ioctl-number.rst, nor used by NFC and SE drivers. */
#define EUICC_IOC_MAGIC 0xE3

#define EUICC_AID_MAX		16	/* bytes of an application identifier, ISO/IEC 7816-5 */
#define EUICC_ATR_MAX		33	/* bytes of an answer to reset, ISO/IEC 7816-3, 8.2.1 */
#define EUICC_FCI_MAX		256	/* bytes of file control information in answer to SELECT */
#define EUICC_BATCH_MAX		64	/* entries of one XFER */
#define EUICC_AREA_MAX		65536	/* bytes of a command area, and of a response area */
#define EUICC_TIMEOUT_DEFAULT	60000	/* ms; what 0 stands for */
#define EUICC_TIMEOUT_MAX	600000	/* ms; more is EINVAL */
#define EUICC_EVENTS_KEPT	16	/* events that one file keeps unread */

/* --- GET_INFO ------------------------------------------------------------------- */

/* struct euicc_info.features and struct euicc_proxy_new_dev.features */
#define EUICC_FEATURE_OWNED	(1ULL << 0)	/* the transport opens channels by itself */
#define EUICC_FEATURE_FCI	(1ULL << 1)	/* OPEN_CHANNEL gives the FCI */
#define EUICC_FEATURE_P2	(1ULL << 2)	/* OPEN_CHANNEL heeds P2 */
#define EUICC_FEATURE_BASIC	(1ULL << 3)	/* the basic channel can be had */
#define EUICC_FEATURE_WARM	(1ULL << 4)	/* warm reset */
#define EUICC_FEATURE_COLD	(1ULL << 5)	/* cold reset */
#define EUICC_FEATURE_EXTENDED	(1ULL << 6)	/* extended-length APDUs */

/* struct euicc_info.card_state */
#define EUICC_CARD_UNKNOWN	0	/* not powered yet, and the transport cannot tell */
#define EUICC_CARD_ABSENT	1
#define EUICC_CARD_OFF		2	/* there, not powered */
#define EUICC_CARD_ON		3
#define EUICC_CARD_MUTE		4	/* gave no answer to reset */

/* struct euicc_info.protocol: the transmission protocol, ISO/IEC 7816-3 */
#define EUICC_PROTOCOL_T0	0
#define EUICC_PROTOCOL_T1	1
#define EUICC_PROTOCOL_NONE	0xFF	/* the transport has none of its own, or it is not known yet */

/**
 * struct euicc_info - what the device is and how the card is (EUICC_GET_INFO)
 * @features: EUICC_FEATURE_*
 * @generation: number of the card session. A new one begins with each activation, each
 *	reset and each loss of the card; 0 before the first
 * @card_state: EUICC_CARD_*
 * @protocol: EUICC_PROTOCOL_*
 * @max_batch: most entries of an XFER
 * @max_command: longest command APDU, in bytes
 * @max_response: most data of one answer of the card, in bytes, status word not counted; what
 *	61xx adds up to may be more, up to EUICC_AREA_MAX
 * @atr_len: bytes of @atr; 0 where none was seen
 * @atr: answer to reset of the current or the last session
 * @reserved1: zero
 * @transport: "ccid", "proxy"; for people, NUL-terminated
 * @name: the reader's or the proxy's name; for people, NUL-terminated
 * @reserved: zero
 *
 * Never powers the card and never waits.
 */
struct euicc_info {
	__aligned_u64 features;
	__u32 generation;
	__u32 card_state;
	__u32 protocol;
	__u32 max_batch;
	__u32 max_command;
	__u32 max_response;
	__u32 atr_len;
	__u8 atr[EUICC_ATR_MAX];
	__u8 reserved1[3];
	char transport[16];
	char name[64];
	__u32 reserved[6];
};

/* --- OPEN_CHANNEL --------------------------------------------------------------- */

#define EUICC_OPEN_BASIC	(1U << 0)	/* the basic channel, no AID, alone; CAP_SYS_RAWIO */
#define EUICC_OPEN_FILE_SELECT	(1U << 1)	/* SELECT by file may follow; never by AID (P1 04) */

/**
 * struct euicc_open_channel - open a channel to an application (EUICC_OPEN_CHANNEL)
 * @aid: in: the application identifier, from the left
 * @aid_len: in: 0 to EUICC_AID_MAX; 0 selects the card's default application. Must be 0 with
 *	EUICC_OPEN_BASIC
 * @p2: in: P2 of SELECT: 00, 04 or 0C. Must be 0 with EUICC_OPEN_BASIC
 * @sw: out: the last status word that the card gave, 0 where there was none; also where the
 *	call fails
 * @flags: in: EUICC_OPEN_*
 * @timeout_ms: in: for the whole call, power-up included; 0: EUICC_TIMEOUT_DEFAULT
 * @generation: out: the card session that the channel belongs to
 * @fci_len: out: bytes of @fci; 0 where the transport or @p2 gives none
 * @fci: out: response data of SELECT; longer answers are cut here and nowhere else
 * @reserved: zero
 *
 * Powers the card, sends TERMINAL CAPABILITY once per activation where the card advertises it,
 * MANAGE CHANNEL and SELECT; closes the channel again where SELECT fails. A file has one channel
 * for life. After a reset the same AID may be opened again on the same file, with no flag that it
 * did not have at first.
 *
 * Errors: EINVAL; EBUSY the file has a channel or a batch under way, or the basic channel is
 * taken; EPERM BASIC without CAP_SYS_RAWIO, or another AID or more flags than this file's; ENOSPC
 * no channel is free (closes under way are waited for first); EOPNOTSUPP BASIC or P2 where the
 * transport has no such thing; ENOENT the card has no such application (6A82); EREMOTEIO any other
 * status word but 9000, 91xx and the warnings 62xx and 63xx; ENOMEDIUM no card, or it is mute;
 * ETIMEDOUT; EINTR; EIO; EFAULT; ENOMEM; ENODEV. An APDU may have reached the card where this call
 * fails with EREMOTEIO, ENOENT, ENOSPC, ENOMEDIUM, ETIMEDOUT, EINTR, EIO or ENODEV, but no channel
 * is left open by it.
 */
struct euicc_open_channel {
	__u8 aid[EUICC_AID_MAX];
	__u8 aid_len;
	__u8 p2;
	__u16 sw;
	__u32 flags;
	__u32 timeout_ms;
	__u32 generation;
	__u32 fci_len;
	__u8 fci[EUICC_FCI_MAX];
	__u32 reserved[5];
};

/* --- XFER ------------------------------------------------------------------------- */

#define EUICC_XFER_STOP_ON_DATA	(1U << 0)	/* the batch ends here if the card returns data */

/**
 * struct euicc_xfer_entry - one command of a batch and its outcome
 * @command_offset: in: where the command APDU starts in the command area
 * @command_len: in: its length in bytes. The class byte carries no channel: the kernel puts it in
 * @flags: in: EUICC_XFER_*
 * @timeout_ms: in: for this exchange, GET RESPONSE included, from the moment that it begins;
 *	0: EUICC_TIMEOUT_DEFAULT
 * @sw_wanted: in: the batch goes on while (sw & sw_mask) == sw_wanted
 * @sw_mask: in: 0 with sw_wanted 0 takes any status word
 * @sw: out: SW1 SW2 at the end of the exchange; 61xx and 6Cxx never appear here, unless the card
 *	never came to an end with them
 * @reserved: zero
 * @response_offset: out: where the response data starts in the response area
 * @response_len: out: its length in bytes, status word not counted; with EOVERFLOW the length
 *	that had no room
 * @status: out: 0 done, @sw and the response are valid; a negative errno otherwise:
 *	-EOVERFLOW: done, @sw is valid, the answer did not fit and is lost;
 *	-ECANCELED: never sent;
 *	-ETIMEDOUT, -EINTR, -ENODEV, -ENOMEDIUM, -EIO: sent, outcome unknown;
 *	-EINPROGRESS: nothing was written here by the kernel in the end (the caller took its memory
 *	away meanwhile): unknown
 * @reserved2: zero
 */
struct euicc_xfer_entry {
	__u32 command_offset;
	__u32 command_len;
	__u32 flags;
	__u32 timeout_ms;
	__u16 sw_wanted;
	__u16 sw_mask;
	__u16 sw;
	__u16 reserved;
	__u32 response_offset;
	__u32 response_len;
	__s32 status;
	__u32 reserved2;
};

/**
 * struct euicc_xfer - a batch of commands (EUICC_XFER)
 * @entries: in: address of @entry_count struct euicc_xfer_entry, read and written
 * @commands: in: address of the command area
 * @responses: in: address of the response area; answers are packed from its start
 * @entry_count: in: 1 to EUICC_BATCH_MAX
 * @commands_len: in: bytes of the command area, up to EUICC_AREA_MAX
 * @responses_size: in: bytes of the response area, up to EUICC_AREA_MAX; may be 0
 * @done: out: entries whose outcome is known, from the first on
 * @flags: zero
 * @reserved: zero
 *
 * All entries are validated before the first is sent. They go out back to back; each is one
 * atomic exchange, 61xx and 6Cxx completed within it, with no other channel's APDU in between.
 * The batch stops after a status word that was not wanted, after data where STOP_ON_DATA is set,
 * and at an error; the entries that follow are ECANCELED. Returns 0 as soon as a byte may have
 * gone out, whatever became of it; an errno means that nothing did.
 *
 * Errors: EINVAL; EPERM class byte with channel bits, MANAGE CHANNEL, SELECT (except as
 * EUICC_OPEN_FILE_SELECT and EUICC_OPEN_BASIC allow), or ENVELOPE of an ISO class (except with
 * EUICC_OPEN_BASIC: another command may be inside); E2BIG more than the limits of GET_INFO, or an
 * area above EUICC_AREA_MAX; EBUSY this file has a call under way; ENOTCONN no channel; ESTALE the card session of the
 * channel is over; ENOMEDIUM; EFAULT; ENOMEM; EINTR; ENODEV.
 */
struct euicc_xfer {
	__aligned_u64 entries;
	__aligned_u64 commands;
	__aligned_u64 responses;
	__u32 entry_count;
	__u32 commands_len;
	__u32 responses_size;
	__u32 done;
	__u32 flags;
	__u32 reserved[3];
};

/* --- RESET ------------------------------------------------------------------------ */

#define EUICC_RESET_ANY		0	/* as the transport does it best */
#define EUICC_RESET_WARM	1
#define EUICC_RESET_COLD	2

#define EUICC_RESET_FORCE	(1U << 0)	/* although others hold channels; CAP_SYS_RAWIO */

/**
 * struct euicc_reset - reset the card (EUICC_RESET)
 * @kind: in: EUICC_RESET_ANY, _WARM or _COLD
 * @flags: in: EUICC_RESET_*
 * @timeout_ms: in: for the whole call; 0: EUICC_TIMEOUT_DEFAULT
 * @generation: out: the new card session
 * @reserved: zero
 *
 * All channels die; their holders get ESTALE.
 *
 * Errors: EINVAL; EBUSY another file holds a channel, or this file has a call under way; EPERM
 * FORCE without CAP_SYS_RAWIO; EOPNOTSUPP the transport has no such reset; ENOMEDIUM no card, or
 * it is mute; ETIMEDOUT; EINTR; EIO; EFAULT; ENOMEM; ENODEV. The card may have been reset where
 * this call fails with ENOMEDIUM, ETIMEDOUT, EINTR, EIO or ENODEV.
 */
struct euicc_reset {
	__u32 kind;
	__u32 flags;
	__u32 timeout_ms;
	__u32 generation;
	__u32 reserved[4];
};

/* --- events ----------------------------------------------------------------------- */

#define EUICC_EVENT_INSERTED	1	/* a card came */
#define EUICC_EVENT_REMOVED	2	/* the card went */
#define EUICC_EVENT_RESET	3	/* the card session ended; argument: EUICC_RESET_*, as far as known */
#define EUICC_EVENT_PROACTIVE	4	/* the card has a proactive command; argument: the 91xx */
#define EUICC_EVENT_GONE	5	/* the device went; nothing follows */
#define EUICC_EVENT_OVERFLOW	6	/* the oldest events were dropped; argument: how many */

/**
 * struct euicc_event - what read() gives
 * @sequence: counts from 1 on each file; a gap does not occur without EUICC_EVENT_OVERFLOW
 * @type: EUICC_EVENT_*
 * @reserved: zero
 * @generation: card session after the event
 * @argument: see the types
 *
 * read() gives as many whole events as are there and fit, and waits for the first unless
 * O_NONBLOCK is set. Errors: EINVAL for a buffer shorter than one event; EAGAIN; EINTR; ENODEV once
 * EUICC_EVENT_GONE was read. poll(): POLLIN when there are events, POLLHUP when the device is gone.
 */
struct euicc_event {
	__u32 sequence;
	__u16 type;
	__u16 reserved;
	__u32 generation;
	__u32 argument;
};

#define EUICC_GET_INFO		_IOR(EUICC_IOC_MAGIC, 0x00, struct euicc_info)
#define EUICC_OPEN_CHANNEL	_IOWR(EUICC_IOC_MAGIC, 0x01, struct euicc_open_channel)
#define EUICC_XFER		_IOWR(EUICC_IOC_MAGIC, 0x02, struct euicc_xfer)
#define EUICC_CANCEL		_IO(EUICC_IOC_MAGIC, 0x03)
#define EUICC_RESET		_IOWR(EUICC_IOC_MAGIC, 0x04, struct euicc_reset)

/* --- /dev/euicc-proxy: a program as a transport ------------------------------------- */

/**
 * struct euicc_proxy_new_dev - make a /dev/euiccN (EUICC_PROXY_NEW_DEV)
 * @features: in: EUICC_FEATURE_* of the transport
 * @max_command: in: longest command APDU in bytes; 0: 261, or 65544 with EUICC_FEATURE_EXTENDED
 * @max_response: in: most response data in bytes; 0: 256, or 65536 with EUICC_FEATURE_EXTENDED. Up to
 *                65536 with EUICC_FEATURE_OWNED too: a modem may have gathered what comes by 61xx
 * @protocol: in: EUICC_PROTOCOL_*, to tell the clients
 * @atr_len: in: bytes of @atr; 0 where it comes with the answer to RESET
 * @atr: in: answer to reset
 * @reserved1: zero
 * @name: in: for people, NUL-terminated
 * @fd: out: the transport's end, O_RDWR | O_CLOEXEC; closing the last copy is an unplug
 * @minor: out: N of /dev/euiccN
 * @flags: zero
 * @reserved: zero
 *
 * Errors: EPERM without CAP_SYS_ADMIN in the initial user namespace; EINVAL; ENOSPC no minor is
 * free; EMFILE; ENOMEM; EFAULT.
 */
struct euicc_proxy_new_dev {
	__aligned_u64 features;
	__u32 max_command;
	__u32 max_response;
	__u32 protocol;
	__u32 atr_len;
	__u8 atr[EUICC_ATR_MAX];
	__u8 reserved1[3];
	char name[64];
	__s32 fd;
	__u32 minor;
	__u32 flags;
	__u32 reserved[6];
};

#define EUICC_PROXY_NEW_DEV	_IOWR(EUICC_IOC_MAGIC, 0x10, struct euicc_proxy_new_dev)

/**
 * struct euicc_proxy_msg - header of a message on the transport's end
 * @id: names a request; its answer carries the same. Never 0 in a request; 0 in EVENT
 * @op: EUICC_PROXY_*
 * @handle: see the operations
 * @length: bytes that follow, up to EUICC_PROXY_PAYLOAD_MAX
 *
 * read() gives one whole message, and waits for it unless O_NONBLOCK is set; a buffer that is too
 * short is EINVAL and loses nothing. write() takes one whole message; a malformed one is EINVAL
 * and changes nothing; an answer to a request that is over is taken and dropped.
 *
 * There is at most one request at a time. Without EUICC_FEATURE_OWNED the requests are RESET and
 * XFER with handle 0: the kernel manages the channels, and a RESET comes before the first XFER.
 *
 * A request that nobody reads in time is withdrawn: it was never sent, and a RESET that was not
 * leaves the card's session as it is. One that was read and is not
 * answered in time is over too, its outcome unknown, and a CANCEL says so. No channel is lost by
 * it: a CLOSE stays in line until it is read (its answer is dropped), and an OPEN that succeeds too
 * late is followed by a CLOSE of its handle. Both end with the card's session.
 *
 * FAILED keeps its errno where the client's call has it: ETIMEDOUT, ENODEV, ENOMEDIUM; ECANCELED of
 * OPEN and XFER; ENOSPC of OPEN; EOPNOTSUPP of OPEN and RESET. Any other is EIO.
 */
struct euicc_proxy_msg {
	__u32 id;
	__u32 op;
	__u32 handle;
	__u32 length;
};

#define EUICC_PROXY_PAYLOAD_MAX	(EUICC_AREA_MAX + 16)

/* requests, from the kernel */
#define EUICC_PROXY_OPEN	1	/* payload struct euicc_proxy_open; answered with a handle */
#define EUICC_PROXY_XFER	2	/* handle, payload a command APDU; answered with data and SW1 SW2 */
#define EUICC_PROXY_CLOSE	3	/* handle; answered with nothing */
#define EUICC_PROXY_RESET	4	/* handle EUICC_RESET_*; answered with the ATR, or nothing: as before */
#define EUICC_PROXY_CANCEL	5	/* the request of this id is over for the kernel; no answer */

/* answers and events, from the transport */
#define EUICC_PROXY_ANSWER	16	/* OPEN: handle is the new channel's, payload FCI and SW1 SW2; */
					/* otherwise handle is 0 or the request's */
#define EUICC_PROXY_FAILED	17	/* handle: a positive errno; ECANCELED: never sent, else unknown */
#define EUICC_PROXY_EVENT	18	/* id 0, handle EUICC_EVENT_INSERTED (payload: ATR or nothing), */
					/* _REMOVED or _RESET */

/**
 * struct euicc_proxy_open - payload of EUICC_PROXY_OPEN
 * @aid: from the left
 * @aid_len: 0 to EUICC_AID_MAX
 * @p2: P2 of SELECT
 * @flags: EUICC_OPEN_BASIC, or 0
 * @timeout_ms: what is left for the call
 *
 * The answer's payload is the FCI, as far as there is one, and the status word of SELECT (9000
 * where the transport does not tell). Where the status word is an error, no channel is open.
 * FAILED with ENOSPC: no channel is free; with EOPNOTSUPP: such a channel cannot be had.
 */
struct euicc_proxy_open {
	__u8 aid[EUICC_AID_MAX];
	__u8 aid_len;
	__u8 p2;
	__u16 flags;
	__u32 timeout_ms;
};

#endif /* _UAPI_LINUX_EUICC_H */
