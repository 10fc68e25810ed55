/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system as a modem reads it (ETSI TS 102 221): MF, EF.ICCID, EF.DIR,
 * EF.PL, and the USIM's ADF with EF.IMSI, of the profile that was enabled when
 * the card started. PINs are not asked for.
 */
#include "veuicc/card.h"

#include <string.h>

#define FID_MF		0x3F00
#define FID_CURRENT_ADF	0x7FFF

void veuicc_fs_load(struct veuicc *card)
{
	const struct veuicc_profile *profile = veuicc_profile_enabled(card);
	struct veuicc_upp upp = { 0 };

	veuicc_files_free(&card->files);
	if (!profile)
		return;
	veuicc_upp_parse(&upp, esim_buf_slice(&profile->package));
	card->files = upp.files;
}

/* --- what is where --------------------------------------------------------- */

static struct veuicc_file *file_in(struct veuicc *card, bool in_adf, uint16_t id, uint8_t sfi)
{
	for (size_t i = 0; i < VEUICC_FILES; i++) {
		struct veuicc_file *file = &card->files.files[i];

		if (file->content.len == 0 || (i == FILE_IMSI) != in_adf)
			continue;
		if ((id && file->id == id) || (sfi && file->sfi == sfi))
			return file;
	}
	return NULL;
}

static void put_life_cycle(struct esim_buf *out)
{
	esim_tlv_put_uint(out, 0x8A, 5);		/* operational, activated */
}

/* 87: supported system commands; bit 1: TERMINAL CAPABILITY. */
static void put_directory(struct veuicc *card, bool in_adf, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0x62), inner;

	esim_tlv_put(out, 0x82, "\x78\x21", 2);
	if (in_adf) {
		esim_tlv_put(out, 0x84, card->files.usim_aid, card->files.usim_aid_len);
	} else {
		esim_tlv_put(out, 0x83, "\x3F\x00", 2);
		inner = esim_tlv_begin(out, 0xA5);
		esim_tlv_put_uint(out, 0x87, 1);
		esim_tlv_end(out, inner);
	}
	put_life_cycle(out);
	esim_tlv_end(out, mark);
}

static void put_two(struct esim_buf *out, uint32_t tag, size_t n)
{
	uint8_t bytes[] = { (uint8_t)(n >> 8), (uint8_t)n };

	esim_tlv_put(out, tag, bytes, sizeof(bytes));
}

static void put_file(const struct veuicc_file *file, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0x62);

	if (file->record_size) {
		uint8_t descriptor[] = { 0x42, 0x21, 0, file->record_size,
					 (uint8_t)(file->content.len / file->record_size) };

		esim_tlv_put(out, 0x82, descriptor, sizeof(descriptor));
	} else {
		esim_tlv_put(out, 0x82, "\x41\x21", 2);
	}
	put_two(out, 0x83, file->id);
	put_life_cycle(out);
	put_two(out, 0x80, file->content.len);
	if (file->sfi) {
		uint8_t sfi = (uint8_t)(file->sfi << 3);

		esim_tlv_put(out, 0x88, &sfi, 1);
	}
	esim_tlv_end(out, mark);
}

/* --- SELECT ---------------------------------------------------------------- */

static void enter_directory(struct veuicc *card, unsigned channel, bool in_adf)
{
	veuicc_channel_abandon(card, channel);
	card->channels[channel].app = APP_UICC;
	card->channels[channel].in_adf = in_adf;
	card->channels[channel].ef = 0;
}

uint16_t veuicc_fs_select_adf(struct veuicc *card, unsigned channel, struct esim_slice aid,
			      struct esim_buf *out)
{
	const struct veuicc_files *files = &card->files;

	if (aid.len > files->usim_aid_len || memcmp(aid.data, files->usim_aid, aid.len))
		return SW_NOT_FOUND;
	enter_directory(card, channel, true);
	put_directory(card, true, out);
	return SW_OK;
}

/* One step: a directory by its reserved id, or a file of the current directory. */
static uint16_t select_id(struct veuicc *card, unsigned channel, uint16_t id, struct esim_buf *out)
{
	struct veuicc_channel *at = &card->channels[channel];
	const struct veuicc_file *file;

	if (id == FID_MF || (id == FID_CURRENT_ADF && card->files.usim_aid_len)) {
		enter_directory(card, channel, id != FID_MF);
		put_directory(card, id != FID_MF, out);
		return SW_OK;
	}
	file = file_in(card, at->in_adf, id, 0);
	if (!file)
		return SW_NOT_FOUND;
	at->ef = id;
	put_file(file, out);
	return SW_OK;
}

static uint16_t select_path(struct veuicc *card, const struct veuicc_apdu *apdu,
			    struct esim_buf *out)
{
	struct veuicc_channel *at = &card->channels[apdu->channel];
	struct veuicc_channel before = *at;
	uint16_t sw = SW_OK;

	if (apdu->data.len == 0 || apdu->data.len % 2)
		return SW_WRONG_LENGTH;
	if (apdu->p1 == 0x08)
		at->in_adf = false;
	for (size_t i = 0; i < apdu->data.len && sw == SW_OK; i += 2) {
		esim_buf_reset(out);
		sw = select_id(card, apdu->channel,
			       (uint16_t)(apdu->data.data[i] << 8 | apdu->data.data[i + 1]), out);
	}
	if (sw != SW_OK) {
		at->in_adf = before.in_adf;
		at->ef = before.ef;
		at->app = before.app;
	}
	return sw;
}

uint16_t veuicc_fs_select_file(struct veuicc *card, const struct veuicc_apdu *apdu,
			       struct esim_buf *out)
{
	uint16_t sw;

	if (apdu->p1 == 0x00 && apdu->data.len == 0)
		sw = select_id(card, apdu->channel, FID_MF, out);
	else if (apdu->p1 == 0x00 && apdu->data.len != 2)
		return SW_WRONG_LENGTH;
	else if (apdu->p1 == 0x00 || apdu->p1 == 0x08 || apdu->p1 == 0x09)
		sw = select_path(card, apdu, out);
	else
		return SW_WRONG_P1P2;
	if (sw != SW_OK || (apdu->p2 & 0x0C) == 0x0C)
		esim_buf_reset(out);
	return sw;
}

uint16_t veuicc_status(struct veuicc *card, const struct veuicc_apdu *apdu, struct esim_buf *out)
{
	const struct veuicc_channel *at = &card->channels[apdu->channel];

	if (apdu->p2 == 0x0C || !apdu->has_le)
		return SW_OK;
	if (at->app != APP_UICC)
		return SW_CONDITIONS;
	put_directory(card, at->in_adf, out);
	return SW_OK;
}

/* --- READ ------------------------------------------------------------------ */

/* The file that P1 or P2 names by a short identifier, else the current one. */
static uint16_t addressed_file(struct veuicc *card, const struct veuicc_apdu *apdu, uint8_t sfi,
			       struct veuicc_file **ret)
{
	struct veuicc_channel *at = &card->channels[apdu->channel];

	if (at->app != APP_UICC)
		return SW_NO_INS;
	if (!sfi && !at->ef)
		return SW_NO_EF;
	*ret = sfi ? file_in(card, at->in_adf, 0, sfi) : file_in(card, at->in_adf, at->ef, 0);
	if (!*ret)
		return SW_NOT_FOUND;
	at->ef = (*ret)->id;
	return SW_OK;
}

uint16_t veuicc_read_binary(struct veuicc *card, const struct veuicc_apdu *apdu,
			    struct esim_buf *out)
{
	uint8_t sfi = apdu->p1 & 0x80 ? apdu->p1 & 0x1F : 0;
	size_t offset = apdu->p1 & 0x80 ? apdu->p2 : (size_t)(apdu->p1 << 8 | apdu->p2);
	struct veuicc_file *file;
	size_t left;
	uint16_t sw;

	if (!apdu->has_le || apdu->data.len)
		return SW_WRONG_LENGTH;
	sw = addressed_file(card, apdu, sfi, &file);
	if (sw != SW_OK)
		return sw;
	if (file->record_size)
		return SW_NOT_EF;
	if (offset >= file->content.len)
		return SW_WRONG_OFFSET;
	left = file->content.len - offset;
	if (apdu->ne < 256 && apdu->ne > left)
		return (uint16_t)(SW_WRONG_LE | left);
	esim_buf_append(out, file->content.data + offset, apdu->ne < left ? apdu->ne : left);
	return SW_OK;
}

uint16_t veuicc_read_record(struct veuicc *card, const struct veuicc_apdu *apdu,
			    struct esim_buf *out)
{
	struct veuicc_file *file;
	uint16_t sw;

	if (!apdu->has_le || apdu->data.len)
		return SW_WRONG_LENGTH;
	if ((apdu->p2 & 0x07) != 0x04)
		return SW_WRONG_P1P2;
	sw = addressed_file(card, apdu, apdu->p2 >> 3, &file);
	if (sw != SW_OK)
		return sw;
	if (!file->record_size)
		return SW_NOT_EF;
	if (apdu->p1 == 0 || (size_t)apdu->p1 * file->record_size > file->content.len)
		return SW_NO_RECORD;
	if (apdu->ne < 256 && apdu->ne != file->record_size)
		return (uint16_t)(SW_WRONG_LE | file->record_size);
	esim_buf_append(out, file->content.data + (size_t)(apdu->p1 - 1) * file->record_size,
			file->record_size);
	return SW_OK;
}
