/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's bytes: little-endian numbers; TLVs with a type of one byte and a length of two. */
#include "vmodem/qmi.h"

#define TLV_HEADER 3

void vqmi_put_u16(struct esim_buf *buf, unsigned value)
{
	esim_buf_append(buf, (uint8_t[]){ (uint8_t)value, (uint8_t)(value >> 8) }, 2);
}

void vqmi_put_u32(struct esim_buf *buf, uint32_t value)
{
	vqmi_put_u16(buf, value & 0xFFFF);
	vqmi_put_u16(buf, value >> 16);
}

void vqmi_put_tlv(struct esim_buf *buf, uint8_t type, const void *value, size_t len)
{
	esim_buf_append_byte(buf, type);
	vqmi_put_u16(buf, (unsigned)len);
	esim_buf_append(buf, value, len);
}

size_t vqmi_begin_tlv(struct esim_buf *buf, uint8_t type)
{
	esim_buf_append_byte(buf, type);
	vqmi_put_u16(buf, 0);
	return buf->len;
}

void vqmi_end_tlv(struct esim_buf *buf, size_t mark)
{
	const size_t len = buf->len - mark;

	if (esim_buf_failed(buf))
		return;
	buf->data[mark - 2] = (uint8_t)len;
	buf->data[mark - 1] = (uint8_t)(len >> 8);
}

/* The next TLV of *@rest; false: there is none, or it is not whole. */
static bool next_tlv(struct esim_slice *rest, uint8_t *ret_type, struct esim_slice *ret)
{
	size_t len;

	if (rest->len < TLV_HEADER)
		return false;
	len = (size_t)(rest->data[1] | rest->data[2] << 8);
	if (len > rest->len - TLV_HEADER)
		return false;
	*ret_type = rest->data[0];
	*ret = esim_slice(rest->data + TLV_HEADER, len);
	*rest = esim_slice(rest->data + TLV_HEADER + len, rest->len - TLV_HEADER - len);
	return true;
}

bool vqmi_tlvs_are_framed(struct esim_slice tlvs)
{
	struct esim_slice value;
	uint8_t type;

	while (next_tlv(&tlvs, &type, &value))
		continue;
	return tlvs.len == 0;
}

bool vqmi_find_tlv(struct esim_slice tlvs, uint8_t type, struct esim_slice *ret)
{
	uint8_t found;

	while (next_tlv(&tlvs, &found, ret))
		if (found == type)
			return true;
	return false;
}

uint8_t vqmi_u8(struct esim_slice tlvs, uint8_t type)
{
	struct esim_slice value;

	return vqmi_find_tlv(tlvs, type, &value) && value.len == 1 ? value.data[0] : 0;
}

bool vqmi_counted(struct esim_slice tlvs, uint8_t type, unsigned width, struct esim_slice *ret)
{
	struct esim_slice value;
	size_t len;

	if (!vqmi_find_tlv(tlvs, type, &value) || value.len < width)
		return false;
	len = value.data[0];
	if (width == 2)
		len |= (size_t)value.data[1] << 8;
	*ret = esim_slice(value.data + width, value.len - width);
	return ret->len == len;
}
