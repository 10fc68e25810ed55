/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting a bound profile package into segments; see bpp_segments.h. */
#include "bpp_segments.h"

#include <esim/limits.h>
#include <esim/tlv.h>

#include <stdlib.h>

#define TAG_BOUND_PROFILE_PACKAGE 0xBF36
#define TAG_INITIALISE_SECURE_CHANNEL 0xBF23

/* The sequences after BF23, in their order. */
static const struct part {
	uint32_t tag, child;
	bool first_with_header;		/* the first child travels with the header */
	bool optional;
	const char *name;
} parts[] = {
	{ 0xA0, 0x87, true, false, "firstSequenceOf87" },
	{ 0xA1, 0x88, false, false, "sequenceOf88" },
	{ 0xA2, 0x87, true, true, "secondSequenceOf87" },
	{ 0xA3, 0x86, false, false, "sequenceOf86" },
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static int add(struct bpp_segments *segments, const uint8_t *from, const uint8_t *to,
	       struct esim_error *err)
{
	if (segments->count == ESIM_MAX_BPP_SEGMENTS)
		return esim_error_set(err, ESIM_ETOOBIG,
				      "the bound profile package has more than %d segments",
				      ESIM_MAX_BPP_SEGMENTS);
	segments->items[segments->count++] = esim_slice(from, (size_t)(to - from));
	return 0;
}

static int cut_part(const struct part *part, const struct esim_tlv *tlv,
		    struct bpp_segments *segments, struct esim_error *err)
{
	struct esim_slice rest = tlv->value;
	const uint8_t *start = tlv->whole.data;	/* of what is not yet in a segment */
	struct esim_tlv child;
	int r = 0;

	if (rest.len == 0)
		return esim_error_set(err, ESIM_EPROTO, "%s of the bound profile package is empty",
				      part->name);
	if (!part->first_with_header) {
		r = add(segments, start, rest.data, err);
		start = rest.data;
	}
	while (!r && esim_tlv_next(&rest, &child) == 1) {
		if (child.tag != part->child)
			return esim_error_set(err, ESIM_EPROTO,
					      "%s of the bound profile package holds tag %X",
					      part->name, child.tag);
		r = add(segments, start, rest.data, err);
		start = rest.data;
	}
	return r;
}

static int cut_parts(struct esim_slice rest, struct bpp_segments *segments, struct esim_error *err)
{
	struct esim_tlv tlv;
	size_t next = 0;
	int r;

	while (esim_tlv_next(&rest, &tlv) == 1) {
		while (next < PART_COUNT && parts[next].tag != tlv.tag && parts[next].optional)
			next++;
		if (next == PART_COUNT || parts[next].tag != tlv.tag)
			return esim_error_set(err, ESIM_EPROTO,
					      "the bound profile package has tag %X where %s belongs",
					      tlv.tag,
					      next == PART_COUNT ? "its end" : parts[next].name);
		r = cut_part(&parts[next++], &tlv, segments, err);
		if (r)
			return r;
	}
	/* The last part is not optional: the loop finds it at the latest. */
	while (next < PART_COUNT && parts[next].optional)
		next++;
	if (next < PART_COUNT)
		return esim_error_set(err, ESIM_EPROTO, "the bound profile package ends before %s",
				      parts[next].name);
	return 0;
}

static int cut(struct esim_slice bpp, struct bpp_segments *segments, struct esim_error *err)
{
	struct esim_tlv package, channel;
	struct esim_slice rest;
	int r;

	r = esim_tlv_check(bpp, "the bound profile package", &package, err);
	if (r)
		return r;
	rest = package.value;
	if (package.tag != TAG_BOUND_PROFILE_PACKAGE || esim_tlv_next(&rest, &channel) != 1 ||
	    channel.tag != TAG_INITIALISE_SECURE_CHANNEL)
		return esim_error_set(err, ESIM_EPROTO,
				      "the bound profile package does not begin with BF36 and BF23");
	r = add(segments, bpp.data, rest.data, err);
	return r ? r : cut_parts(rest, segments, err);
}

int bpp_segments_cut(struct esim_slice bpp, struct bpp_segments *ret, struct esim_error *err)
{
	struct bpp_segments segments = { 0 };
	int r;

	if (bpp.len > ESIM_MAX_BPP)
		return esim_error_set(err, ESIM_ETOOBIG,
				      "the bound profile package has %zu bytes, more than %d", bpp.len,
				      ESIM_MAX_BPP);
	segments.items = calloc(ESIM_MAX_BPP_SEGMENTS, sizeof(*segments.items));
	if (!segments.items)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	r = cut(bpp, &segments, err);
	if (r)
		bpp_segments_free(&segments);
	else
		*ret = segments;
	return r;
}

void bpp_segments_free(struct bpp_segments *segments)
{
	free(segments->items);
	*segments = (struct bpp_segments){ 0 };
}
