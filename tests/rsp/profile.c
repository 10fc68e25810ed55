/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts that a server reads from any profile package; see profile.h. The builder is profile_build.c. */
#include "rsp/profile.h"

#include <esim/text.h>
#include <esim/tlv.h>

#include <string.h>

#define PE_HEADER 0xA0
#define HEADER_TYPE 0x82
#define HEADER_ICCID 0x83

static uint8_t swap_nibbles(uint8_t byte)
{
	return (uint8_t)(byte << 4 | byte >> 4);
}

int rsp_profile_header(struct esim_slice package, struct rsp_profile_header *ret, struct esim_error *err)
{
	struct rsp_profile_header header = { 0 };
	struct esim_tlv element, iccid, type;

	if (esim_tlv_next(&package, &element) != 1 || element.tag != PE_HEADER)
		return esim_error_set(err, ESIM_EPROTO, "a profile package must begin with its header (A0)");
	if (esim_tlv_find(element.value, HEADER_ICCID, &iccid) != 1 || iccid.value.len != ESIM_ICCID_SIZE)
		return esim_error_set(err, ESIM_EPROTO, "the profile header holds no ICCID of ten bytes");
	for (size_t i = 0; i < ESIM_ICCID_SIZE; i++)
		header.iccid.bytes[i] = swap_nibbles(iccid.value.data[i]);
	if (esim_tlv_find(element.value, HEADER_TYPE, &type) == 1)
		esim_text_printable((const char *)type.value.data, type.value.len, header.type,
				    sizeof(header.type));
	*ret = header;
	return 0;
}
