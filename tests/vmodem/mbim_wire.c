/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM's bytes: little-endian numbers, and buffers of members that refer to data behind them. */
#include "vmodem/mbim.h"

#include <string.h>

void vmbim_put_u16(struct esim_buf *buf, unsigned value)
{
	esim_buf_append(buf, (uint8_t[]){ (uint8_t)value, (uint8_t)(value >> 8) }, 2);
}

void vmbim_put_u32(struct esim_buf *buf, uint32_t value)
{
	vmbim_put_u16(buf, value & 0xFFFF);
	vmbim_put_u16(buf, value >> 16);
}

void vmbim_put_u64(struct esim_buf *buf, uint64_t value)
{
	vmbim_put_u32(buf, (uint32_t)value);
	vmbim_put_u32(buf, (uint32_t)(value >> 32));
}

uint32_t vmbim_get_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool vmbim_read_u32(struct esim_slice in, size_t offset, uint32_t *ret)
{
	if (in.len < 4 || offset > in.len - 4)
		return false;
	*ret = vmbim_get_u32(in.data + offset);
	return true;
}

bool vmbim_read_ref(struct esim_slice in, size_t at, bool size_first, struct esim_slice *ret)
{
	uint32_t first, second, offset, size;

	if (!vmbim_read_u32(in, at, &first) || !vmbim_read_u32(in, at + 4, &second))
		return false;
	offset = size_first ? second : first;
	size = size_first ? first : second;
	if (size == 0) {
		*ret = esim_slice(NULL, 0);
		return true;
	}
	if (offset > in.len || size > in.len - offset)
		return false;
	*ret = esim_slice(in.data + offset, size);
	return true;
}

/* --- building --------------------------------------------------------------------------------------- */

void vmbim_info_u32(struct mbim_info *info, uint32_t value)
{
	vmbim_put_u32(&info->fixed, value);
}

/* The place for an offset, to be known when all is in. Nothing is at offset 0: an empty member. */
static void refer(struct mbim_info *info, struct esim_slice bytes)
{
	if (bytes.len && info->ref_count < MBIM_MAX_REFS) {
		info->refs[info->ref_count].at = info->fixed.len;
		info->refs[info->ref_count++].offset = info->data.len;
		esim_buf_append_slice(&info->data, bytes);
		while (info->data.len % 4 && !esim_buf_failed(&info->data))
			esim_buf_append_byte(&info->data, 0);
	}
	vmbim_put_u32(&info->fixed, 0);
}

void vmbim_info_offset(struct mbim_info *info, struct esim_slice bytes)
{
	refer(info, bytes);
}

void vmbim_info_bytes(struct mbim_info *info, struct esim_slice bytes)
{
	refer(info, bytes);
	vmbim_put_u32(&info->fixed, (uint32_t)bytes.len);
}

void vmbim_info_sized(struct mbim_info *info, struct esim_slice bytes)
{
	vmbim_put_u32(&info->fixed, (uint32_t)bytes.len);
	refer(info, bytes);
}

void vmbim_info_text(struct mbim_info *info, const char *ascii)
{
	struct esim_buf text = ESIM_BUF_INIT;

	for (; *ascii; ascii++)
		vmbim_put_u16(&text, (uint8_t)*ascii);
	vmbim_info_bytes(info, esim_buf_slice(&text));
	esim_buf_free(&text);
}

void vmbim_info_struct(struct mbim_info *info, struct mbim_info *inner)
{
	struct esim_buf whole = ESIM_BUF_INIT;

	vmbim_info_finish(inner, &whole);
	vmbim_info_bytes(info, esim_buf_slice(&whole));
	esim_buf_free(&whole);
	vmbim_info_free(inner);
}

void vmbim_info_finish(struct mbim_info *info, struct esim_buf *ret)
{
	for (size_t i = 0; i < info->ref_count && !esim_buf_failed(&info->fixed); i++) {
		uint32_t offset = (uint32_t)(info->fixed.len + info->refs[i].offset);
		uint8_t *p = info->fixed.data + info->refs[i].at;

		for (unsigned k = 0; k < 4; k++)
			p[k] = (uint8_t)(offset >> 8 * k);
	}
	esim_buf_append_slice(ret, esim_buf_slice(&info->fixed));
	esim_buf_append_slice(ret, esim_buf_slice(&info->data));
}

void vmbim_info_free(struct mbim_info *info)
{
	esim_buf_free(&info->fixed);
	esim_buf_free(&info->data);
	info->ref_count = 0;
}
