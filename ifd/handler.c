/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of pcscd's (its ifdhandler.h, API 3.0). There is one reader, made from the
 * configuration when its first slot is opened, and gone with the last.
 */
#include "log.h"
#include "slot.h"

#include <ifdhandler.h>
#include <reader.h>

#include <errno.h>
#include <string.h>

#define VENDOR "CoreESIM"

static struct {
	pthread_mutex_t lock;
	struct config config;
	struct slot slot[CONFIG_SLOTS_MAX];
	bool open[CONFIG_SLOTS_MAX];
	DWORD number;			/* pcscd's of the reader: the upper half of a Lun */
} reader = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- the slots --------------------------------------------------------------------------------------- */

static bool any_open(void)
{
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++) {
		if (reader.open[i])
			return true;
	}
	return false;
}

/* NULL: pcscd has not opened it. Between open and close of a slot no lock is needed to find it. */
static struct slot *find_slot(DWORD lun)
{
	DWORD i = lun & 0xFFFF;

	return i < CONFIG_SLOTS_MAX && reader.open[i] && lun >> 16 == reader.number ? &reader.slot[i] : NULL;
}

static RESPONSECODE open_slot(DWORD lun)
{
	DWORD i = lun & 0xFFFF;

	if (!any_open()) {
		config_load(&reader.config, CONFIG_PATH);
		reader.number = lun >> 16;
	}
	if (lun >> 16 != reader.number) {
		ifd_log_error("this driver has one reader of many slots: it is in reader.conf.d twice");
		return IFD_COMMUNICATION_ERROR;
	}
	if (i >= reader.config.slots)
		return IFD_COMMUNICATION_ERROR;
	if (reader.open[i])
		return IFD_SUCCESS;
	if (slot_init(&reader.slot[i], &reader.config.slot[i]))
		return IFD_COMMUNICATION_ERROR;
	reader.open[i] = true;
	ifd_log_info("slot %lu: %s", i, reader.config.slot[i].device[0] ? reader.config.slot[i].device : "empty");
	return IFD_SUCCESS;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
	RESPONSECODE rv;

	(void)Channel;
	pthread_mutex_lock(&reader.lock);
	rv = open_slot(Lun);
	pthread_mutex_unlock(&reader.lock);
	return rv;
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
	(void)DeviceName;
	return IFDHCreateChannel(Lun, 0);
}

RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
	struct slot *slot;

	pthread_mutex_lock(&reader.lock);
	slot = find_slot(Lun);
	if (slot) {
		reader.open[Lun & 0xFFFF] = false;
		slot_free(slot);
	}
	pthread_mutex_unlock(&reader.lock);
	return slot ? IFD_SUCCESS : IFD_NO_SUCH_DEVICE;
}

/* --- presence ------------------------------------------------------------------------------------------- */

RESPONSECODE IFDHICCPresence(DWORD Lun)
{
	struct slot *slot = find_slot(Lun);

	if (!slot)
		return IFD_NO_SUCH_DEVICE;
	return slot_present(slot) ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

/* Success, whatever happened: else pcscd sleeps a while and asks again. */
static RESPONSECODE wait_for_change(DWORD lun, int timeout)
{
	struct slot *slot = find_slot(lun);

	if (!slot)
		return IFD_NO_SUCH_DEVICE;
	presence_wait(&slot->presence, timeout);
	return IFD_SUCCESS;
}

static RESPONSECODE stop_waiting(DWORD lun)
{
	struct slot *slot = find_slot(lun);

	if (!slot)
		return IFD_NO_SUCH_DEVICE;
	presence_wake(&slot->presence);
	return IFD_SUCCESS;
}

/* --- capabilities ---------------------------------------------------------------------------------------- */

static RESPONSECODE give(PDWORD length, PUCHAR value, const void *data, size_t len)
{
	if (*length < len)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	if (len)
		memcpy(value, data, len);
	*length = len;
	return IFD_SUCCESS;
}

static RESPONSECODE give_byte(PDWORD length, PUCHAR value, UCHAR byte)
{
	return give(length, value, &byte, 1);
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
	RESPONSECODE (*wait)(DWORD, int) = wait_for_change;
	RESPONSECODE (*stop)(DWORD) = stop_waiting;
	struct slot *slot = find_slot(Lun);
	uint8_t atr[EUICC_ATR_MAX];

	if (!slot)
		return IFD_NO_SUCH_DEVICE;
	switch (Tag) {
	case TAG_IFD_ATR:
	case SCARD_ATTR_ATR_STRING:
		return give(Length, Value, atr, slot_atr(slot, atr));
	case TAG_IFD_SIMULTANEOUS_ACCESS:
	case TAG_IFD_THREAD_SAFE:
	case TAG_IFD_SLOT_THREAD_SAFE:
		return give_byte(Length, Value, 1);
	case TAG_IFD_SLOTS_NUMBER:
		return give_byte(Length, Value, (UCHAR)reader.config.slots);
	case TAG_IFD_POLLING_THREAD_KILLABLE:
		return give_byte(Length, Value, 0);
	case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
		return give(Length, Value, &wait, sizeof(wait));
	case TAG_IFD_STOP_POLLING_THREAD:
		return give(Length, Value, &stop, sizeof(stop));
	case SCARD_ATTR_VENDOR_NAME:
		return give(Length, Value, VENDOR, sizeof(VENDOR));
	default:
		return IFD_ERROR_TAG;
	}
}

RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
	(void)Lun;
	(void)Tag;
	(void)Length;
	(void)Value;
	return IFD_ERROR_TAG;
}

/* The kernel has agreed with the card on a protocol already; the client's manner fits both. */
RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2,
				       UCHAR PTS3)
{
	(void)Flags;
	(void)PTS1;
	(void)PTS2;
	(void)PTS3;
	if (!find_slot(Lun))
		return IFD_NO_SUCH_DEVICE;
	return Protocol == SCARD_PROTOCOL_T0 || Protocol == SCARD_PROTOCOL_T1 ? IFD_SUCCESS :
									       IFD_PROTOCOL_NOT_SUPPORTED;
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
			 DWORD RxLength, LPDWORD pdwBytesReturned)
{
	(void)Lun;
	(void)dwControlCode;
	(void)TxBuffer;
	(void)TxLength;
	(void)RxBuffer;
	(void)RxLength;
	if (pdwBytesReturned)
		*pdwBytesReturned = 0;
	return IFD_ERROR_NOT_SUPPORTED;
}

/* --- the card ------------------------------------------------------------------------------------------------ */

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
	static const enum slot_power actions[] = {
		[IFD_POWER_UP - IFD_POWER_UP] = SLOT_UP,
		[IFD_POWER_DOWN - IFD_POWER_UP] = SLOT_DOWN,
		[IFD_RESET - IFD_POWER_UP] = SLOT_RESET,
	};
	struct slot *slot = find_slot(Lun);
	uint8_t atr[EUICC_ATR_MAX];
	size_t len;
	int r;

	/* pcscd gives neither where it powers down. */
	if (AtrLength)
		*AtrLength = 0;
	if (!slot)
		return IFD_NO_SUCH_DEVICE;
	if (Action < IFD_POWER_UP || Action > IFD_RESET)
		return IFD_NOT_SUPPORTED;
	r = slot_power(slot, actions[Action - IFD_POWER_UP]);
	if (r) {
		ifd_log_info("slot %lu: no card session: %s", Lun & 0xFFFF, strerror(-r));
		return IFD_ERROR_POWER_ACTION;
	}
	len = slot_atr(slot, atr);
	if (Atr && AtrLength && len <= MAX_ATR_SIZE) {
		memcpy(Atr, atr, len);
		*AtrLength = len;
	}
	return IFD_SUCCESS;
}

static RESPONSECODE transmit_error(int error)
{
	switch (error) {
	case -ESTALE:
	case -ENODEV:
	case -ENOMEDIUM:
		return IFD_ICC_NOT_PRESENT;
	case -ETIMEDOUT:
		return IFD_RESPONSE_TIMEOUT;
	case -EMSGSIZE:
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	default:
		return IFD_COMMUNICATION_ERROR;
	}
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength,
			       PUCHAR RxBuffer, PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
	struct slot *slot = find_slot(Lun);
	struct answer answer = { .bytes = RxBuffer, .size = *RxLength };
	int r;

	*RxLength = 0;
	if (!slot)
		return IFD_NO_SUCH_DEVICE;
	r = slot_transmit(slot, TxBuffer, TxLength, &answer);
	if (r) {
		ifd_log_info("slot %lu: no answer: %s", Lun & 0xFFFF, strerror(-r));
		return transmit_error(r);
	}
	*RxLength = answer.len;
	if (RecvPci)
		RecvPci->Protocol = SendPci.Protocol;
	return IFD_SUCCESS;
}
