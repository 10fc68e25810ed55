/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of X.501 as certificates hold them. */
#include "cert.h"

#include <stdio.h>
#include <string.h>


const struct esim_slice cert_oid_organization = CERT_BYTES(0x55, 0x04, 0x0A);
const struct esim_slice cert_oid_serial_number = CERT_BYTES(0x55, 0x04, 0x05);

static const struct {
	struct esim_slice type;
	const char *label;
} labels[] = {
	{ CERT_BYTES(0x55, 0x04, 0x03), "CN" },
	{ CERT_BYTES(0x55, 0x04, 0x0A), "O" },
	{ CERT_BYTES(0x55, 0x04, 0x0B), "OU" },
	{ CERT_BYTES(0x55, 0x04, 0x06), "C" },
	{ CERT_BYTES(0x55, 0x04, 0x05), "serialNumber" },
};

int cert_take(struct esim_slice *in, uint32_t tag, struct esim_tlv *ret)
{
	struct esim_slice rest = *in;
	struct esim_tlv tlv;

	if (esim_tlv_next(&rest, &tlv) != 1 || tlv.tag != tag)
		return ESIM_EPROTO;
	*in = rest;
	*ret = tlv;
	return 0;
}

int cert_name_start(struct esim_slice name, struct cert_name_walk *ret)
{
	struct esim_tlv tlv;

	if (cert_take(&name, DER_SEQUENCE, &tlv) || name.len > 0)
		return ESIM_EPROTO;
	*ret = (struct cert_name_walk){ .rdns = tlv.value };
	return 0;
}

int cert_name_next(struct cert_name_walk *walk, struct cert_attribute *ret)
{
	struct esim_tlv set, pair, type, value;

	if (walk->set.len == 0) {
		if (walk->rdns.len == 0)
			return 0;
		if (cert_take(&walk->rdns, DER_SET, &set) || set.value.len == 0)
			return ESIM_EPROTO;
		walk->set = set.value;
	}
	if (cert_take(&walk->set, DER_SEQUENCE, &pair) ||
	    cert_take(&pair.value, DER_OID, &type) || type.value.len == 0 ||
	    esim_tlv_next(&pair.value, &value) != 1 || pair.value.len > 0)
		return ESIM_EPROTO;
	*ret = (struct cert_attribute){ type.value, value.value };
	return 1;
}

int cert_name_find(struct esim_slice name, struct esim_slice type, struct esim_slice *ret)
{
	struct esim_slice found = { 0 };
	struct cert_attribute attribute;
	struct cert_name_walk walk;
	int r, count = 0;

	if (cert_name_start(name, &walk))
		return ESIM_EPROTO;
	while ((r = cert_name_next(&walk, &attribute)) > 0) {
		if (!esim_slice_equal(attribute.type, type))
			continue;
		if (count++ > 0)
			return ESIM_EPROTO;
		found = attribute.text;
	}
	if (r < 0)
		return r;
	if (count > 0)
		*ret = found;
	return count;
}

bool cert_name_valid(struct esim_slice name)
{
	struct cert_attribute attribute;
	struct cert_name_walk walk;
	int r, count = 0;

	if (cert_name_start(name, &walk))
		return false;
	while ((r = cert_name_next(&walk, &attribute)) > 0)
		count++;
	return r == 0 && count > 0;
}

static const char *label_of(struct esim_slice type)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (esim_slice_equal(labels[i].type, type))
			return labels[i].label;
	return NULL;
}

static void print_attribute(const char *label, struct esim_slice text, char *out, size_t size)
{
	size_t used = strlen(out);
	int n = snprintf(out + used, size - used, "%s%s=", used ? ", " : "", label);

	used += n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < text.len && used + 1 < size; i++) {
		bool printable = text.data[i] >= 0x20 && text.data[i] < 0x7F;

		out[used++] = printable ? (char)text.data[i] : '?';
		out[used] = '\0';
	}
}

void cert_name_print(struct esim_slice name, char *out, size_t size)
{
	struct cert_attribute attribute;
	struct cert_name_walk walk;

	out[0] = '\0';
	if (cert_name_start(name, &walk))
		return;
	while (cert_name_next(&walk, &attribute) > 0) {
		const char *label = label_of(attribute.type);

		if (label)
			print_attribute(label, attribute.text, out, size);
	}
}

int cert_copy_text(struct esim_slice text, char *out, size_t size)
{
	if (text.len >= size)
		return ESIM_ETOOBIG;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] >= 0x7F)
			return ESIM_EPROTO;
	if (text.len > 0)
		memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return 0;
}
