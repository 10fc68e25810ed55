/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile package parser: whole, and as it streams in by pieces, which must
 * come to the same end.
 */
#include "veuicc/upp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum veuicc_pe_status by_pieces(struct veuicc_upp *upp, const uint8_t *data, size_t size,
				       size_t piece)
{
	enum veuicc_pe_status status = PE_OK;

	for (size_t n = piece; status == PE_OK; n += piece) {
		n = n < size ? n : size;
		status = veuicc_upp_read(upp, esim_slice(data, n));
		if (n == size)
			break;
	}
	return status == PE_OK ? veuicc_upp_finish(upp, esim_slice(data, size)) : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct veuicc_upp whole = { 0 }, pieces = { 0 };
	enum veuicc_pe_status a = veuicc_upp_parse(&whole, esim_slice(data, size));
	enum veuicc_pe_status b = by_pieces(&pieces, data, size, size % 97 + 1);

	if (a != b || whole.done != pieces.done || memcmp(&whole.iccid, &pieces.iccid, sizeof(whole.iccid)))
		abort();
	veuicc_files_free(&whole.files);
	veuicc_files_free(&pieces.files);
	return 0;
}
