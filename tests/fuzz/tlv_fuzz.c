/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzer of the strict TLV walker: what it accepts can be taken apart and put together again. */
#include <esim/limits.h>
#include <esim/tlv.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rebuild(struct esim_buf *out, struct esim_slice in, unsigned depth)
{
	struct esim_tlv tlv;
	int r;

	if (depth > ESIM_MAX_TLV_DEPTH)
		abort();
	while ((r = esim_tlv_next(&in, &tlv)) > 0) {
		if (esim_tlv_constructed(tlv.tag)) {
			size_t mark = esim_tlv_begin(out, tlv.tag);

			rebuild(out, tlv.value, depth + 1);
			esim_tlv_end(out, mark);
		} else {
			esim_tlv_put_slice(out, tlv.tag, tlv.value);
		}
	}
	if (r < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_slice in = esim_slice(data, size), rest = in;
	struct esim_buf copy = ESIM_BUF_INIT;
	struct esim_error err;
	struct esim_tlv tlv;
	size_t header, value;
	uint64_t number;
	uint32_t tag;

	esim_tlv_header(in, &tag, &header, &value);
	esim_tlv_uint(in, &number);
	esim_tlv_find(in, 0x80, &tlv);
	while (esim_tlv_next(&rest, &tlv) > 0)
		if (tlv.whole.data < data || tlv.whole.data + tlv.whole.len > data + size)
			abort();
	if (esim_tlv_check(in, "input", &tlv, &err))
		return 0;
	rebuild(&copy, in, 0);
	if (esim_buf_failed(&copy) || !esim_slice_equal(esim_buf_slice(&copy), in))
		abort();
	esim_buf_free(&copy);
	return 0;
}
