/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * StoreMetadata travels in the package under a MAC, not encrypted (88 in A1), so
 * the host can see that it is what the user was shown and agreed to.
 */
#include "lpa_download.h"

#include <esim/tlv.h>

#define TAG_PACKAGE		0xBF36
#define TAG_METADATA_SEGMENTS	0xA1
#define TAG_MAC_SEGMENT		0x88
#define MAC_SIZE		8

/* The data of every 88, one after the other, without the MACs. */
static int collect(struct esim_slice segments, struct esim_buf *out)
{
	struct esim_tlv segment;
	int rc;

	while ((rc = esim_tlv_next(&segments, &segment)) == 1) {
		if (segment.tag != TAG_MAC_SEGMENT || segment.value.len < MAC_SIZE)
			return ESIM_EPROTO;
		esim_buf_append(out, segment.value.data, segment.value.len - MAC_SIZE);
	}
	return rc ? rc : esim_buf_failed(out);
}

int lpa_compare_metadata(struct lpa_download *d, struct esim_error *err)
{
	struct esim_buf inside = ESIM_BUF_INIT;
	struct esim_slice package = esim_buf_slice(&d->package);
	struct esim_tlv whole, segments;
	int rc = 0;

	if (esim_tlv_next(&package, &whole) != 1 || whole.tag != TAG_PACKAGE ||
	    esim_tlv_find(whole.value, TAG_METADATA_SEGMENTS, &segments) != 1 ||
	    collect(segments.value, &inside))
		rc = esim_error_verify(err, "boundProfilePackage",
				       "the package holds no readable StoreMetadata");
	else if (!esim_slice_equal(esim_buf_slice(&inside), d->session.answer.profile_metadata))
		rc = esim_error_verify(err, "profileMetadata",
				       "the package's metadata is not what the server offered before");
	esim_buf_free(&inside);
	if (rc)
		d->session.reason = ES10B_CANCEL_METADATA_MISMATCH;
	return rc;
}
