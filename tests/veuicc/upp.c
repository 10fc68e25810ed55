/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unprotected profile package, read element by element; see upp.h. */
#include "veuicc/upp.h"

#include <esim/error.h>
#include <esim/limits.h>
#include <esim/tlv.h>

#include <string.h>

#define MAJOR_MIN 1
#define MAJOR_MAX 3
#define TEST_ALGORITHM 3	/* AlgoParameter: usim-test */

/* --- files ----------------------------------------------------------------- */

/* Template defaults of the files taken (annexes of the interoperable profile format). */
static const struct {
	uint16_t id;
	uint8_t sfi, record_size;
} defaults[VEUICC_FILES] = {
	[FILE_ICCID] = { 0x2FE2, 0x02, 0 },
	[FILE_DIR] = { 0x2F00, 0x1E, 0x26 },
	[FILE_PL] = { 0x2F05, 0x05, 0 },
	[FILE_IMSI] = { 0x6F07, 0x07, 0 },
};

static void take_descriptor(struct esim_slice fcp, struct veuicc_file *file, size_t *size)
{
	struct esim_tlv tlv;
	uint64_t n;

	if (esim_tlv_find(fcp, 0x82, &tlv) == 1)
		file->record_size = tlv.value.len >= 4 ? tlv.value.data[3] : 0;
	if (esim_tlv_find(fcp, 0x83, &tlv) == 1 && tlv.value.len == 2)
		file->id = (uint16_t)(tlv.value.data[0] << 8 | tlv.value.data[1]);
	if (esim_tlv_find(fcp, 0x88, &tlv) == 1 && tlv.value.len == 1)
		file->sfi = tlv.value.data[0] >> 3;
	if (esim_tlv_find(fcp, 0x80, &tlv) == 1 && !esim_tlv_uint(tlv.value, &n) &&
	    n <= VEUICC_MAX_FILE)
		*size = (size_t)n;
}

static void fill(struct esim_buf *content, size_t len)
{
	uint8_t *p = len ? esim_buf_extend(content, len) : NULL;

	if (p)
		memset(p, 0xFF, len);
}

/* File ::= SEQUENCE OF CHOICE { doNotCreate, fileDescriptor, fillFileOffset, fillFileContent } */
static enum veuicc_pe_status take_file(struct esim_slice in, enum veuicc_file_name name,
				       struct veuicc_files *files)
{
	struct veuicc_file file = {
		.id = defaults[name].id,
		.sfi = defaults[name].sfi,
		.record_size = defaults[name].record_size,
		.content = ESIM_BUF_INIT_MAX(VEUICC_MAX_FILE),
	};
	struct esim_tlv tlv;
	size_t size = 0;
	uint64_t n;
	int r;

	while ((r = esim_tlv_next(&in, &tlv)) > 0) {
		if (tlv.tag == 0xA1)
			take_descriptor(tlv.value, &file, &size);
		else if (tlv.tag == 0x83)
			esim_buf_append_slice(&file.content, tlv.value);
		else if (tlv.tag == 0x82 && (esim_tlv_uint(tlv.value, &n) || n > VEUICC_MAX_FILE))
			r = ESIM_EPROTO;
		else if (tlv.tag == 0x82)
			fill(&file.content, (size_t)n);
		if (r < 0)
			break;
	}
	if (file.content.len < size)
		fill(&file.content, size - file.content.len);
	if (r < 0 || esim_buf_failed(&file.content)) {
		esim_buf_free(&file.content);
		return PE_BAD_VALUES;
	}
	esim_buf_free(&files->files[name].content);
	files->files[name] = file;
	return PE_OK;
}

void veuicc_files_free(struct veuicc_files *files)
{
	for (size_t i = 0; i < VEUICC_FILES; i++)
		esim_buf_free(&files->files[i].content);
	*files = (struct veuicc_files){ 0 };
}

/* --- elements -------------------------------------------------------------- */

typedef enum veuicc_pe_status element_reader(struct veuicc_upp *upp, struct esim_slice value);

static enum veuicc_pe_status read_header(struct veuicc_upp *upp, struct esim_slice value)
{
	struct esim_tlv major, iccid;
	uint8_t swapped[ESIM_ICCID_SIZE];
	uint64_t n;

	if (upp->header)
		return PE_INVALID_REQUEST_FORMAT;
	if (esim_tlv_find(value, 0x80, &major) != 1 || esim_tlv_uint(major.value, &n))
		return PE_INVALID_REQUEST_FORMAT;
	if (n < MAJOR_MIN || n > MAJOR_MAX)
		return PE_UNSUPPORTED_PROFILE_VERSION;
	if (esim_tlv_find(value, 0x83, &iccid) != 1 || iccid.value.len != ESIM_ICCID_SIZE)
		return PE_INVALID_PARAMETER;

	/* The header spells the digits in order; everything else swaps each pair. */
	for (size_t i = 0; i < ESIM_ICCID_SIZE; i++)
		swapped[i] = (uint8_t)(iccid.value.data[i] << 4 | iccid.value.data[i] >> 4);
	memcpy(upp->iccid.bytes, swapped, sizeof(swapped));
	upp->major = (uint8_t)n;
	upp->header = true;
	return PE_OK;
}

static enum veuicc_pe_status read_mf(struct veuicc_upp *upp, struct esim_slice value)
{
	static const struct {
		uint32_t tag;
		enum veuicc_file_name name;
	} members[] = { { 0xA3, FILE_PL }, { 0xA4, FILE_ICCID }, { 0xA5, FILE_DIR } };
	enum veuicc_pe_status status;
	struct esim_tlv tlv;

	if (upp->mf)
		return PE_INVALID_REQUEST_FORMAT;
	upp->mf = true;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (esim_tlv_find(value, members[i].tag, &tlv) != 1)
			continue;
		status = take_file(tlv.value, members[i].name, &upp->files);
		if (status != PE_OK)
			return status;
	}
	return PE_OK;
}

/* The AID stands in the descriptor of the ADF. */
static void take_adf(struct esim_slice adf, struct veuicc_files *files)
{
	struct esim_tlv fcp, name;

	if (esim_tlv_find(adf, 0xA1, &fcp) != 1 || esim_tlv_find(fcp.value, 0x84, &name) != 1 ||
	    name.value.len < 5 || name.value.len > sizeof(files->usim_aid))
		return;
	memcpy(files->usim_aid, name.value.data, name.value.len);
	files->usim_aid_len = name.value.len;
}

/* A profile may hold several USIMs; a modem takes the first. */
static enum veuicc_pe_status read_usim(struct veuicc_upp *upp, struct esim_slice value)
{
	struct esim_tlv adf, imsi;

	if (upp->usim)
		return PE_OK;
	upp->usim = true;
	if (esim_tlv_find(value, 0xA2, &adf) != 1)
		return PE_INVALID_REQUEST_FORMAT;
	take_adf(adf.value, &upp->files);
	if (esim_tlv_find(value, 0xA3, &imsi) != 1)
		return PE_OK;
	return take_file(imsi.value, FILE_IMSI, &upp->files);
}

/* PE-AKAParameter: algoConfiguration is A1 { A1 algoParameter { 80 algorithmID … } }. */
static enum veuicc_pe_status read_aka(struct veuicc_upp *upp, struct esim_slice value)
{
	struct esim_tlv config, parameter, id;
	bool test = false;
	uint64_t n;

	if (esim_tlv_find(value, 0xA1, &config) == 1 &&
	    esim_tlv_find(config.value, 0xA1, &parameter) == 1 &&
	    esim_tlv_find(parameter.value, 0x80, &id) == 1 && !esim_tlv_uint(id.value, &n))
		test = n == TEST_ALGORITHM;
	upp->test_algorithm = test && (!upp->aka || upp->test_algorithm);
	upp->aka = true;
	return PE_OK;
}

static enum veuicc_pe_status read_end(struct veuicc_upp *upp, struct esim_slice value)
{
	(void)value;
	upp->end = true;
	return PE_OK;
}

static const struct {
	uint32_t tag;
	element_reader *read;
} elements[] = {
	{ 0xA0, read_header }, { 0xA4, read_aka }, { 0xAA, read_end },
	{ 0xB0, read_mf }, { 0xB3, read_usim },
};

/* Elements 0 to 31 of ProfileElement are known; later ones are not. */
static bool known_element(uint32_t tag)
{
	return (tag >= 0xA0 && tag <= 0xBE) || tag == 0xBF1F;
}

/* PEHeader: A0 { 80 mandated, 81 identification } at the front of most elements. */
static uint32_t identification(struct esim_slice value)
{
	struct esim_tlv header, id;
	uint64_t n;

	if (esim_tlv_next(&value, &header) != 1 || header.tag != 0xA0 ||
	    esim_tlv_find(header.value, 0x81, &id) != 1 || esim_tlv_uint(id.value, &n) || n > 0xFFFF)
		return 0;
	return (uint32_t)n;
}

static enum veuicc_pe_status read_element(struct veuicc_upp *upp, const struct esim_tlv *element)
{
	struct esim_tlv checked;

	if (esim_tlv_check(element->whole, "profile element", &checked, NULL) || upp->end)
		return PE_INVALID_REQUEST_FORMAT;
	if (!known_element(element->tag))
		return PE_NOT_SUPPORTED;
	if (!upp->header && element->tag != 0xA0)
		return PE_INVALID_REQUEST_FORMAT;
	if (++upp->elements > VEUICC_MAX_ELEMENTS)
		return PE_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (elements[i].tag == element->tag)
			return elements[i].read(upp, element->value);
	return PE_OK;
}

enum veuicc_pe_status veuicc_upp_read(struct veuicc_upp *upp, struct esim_slice package)
{
	enum veuicc_pe_status status;
	struct esim_slice rest;
	struct esim_tlv element;
	size_t header, len;
	uint32_t tag;

	if (upp->done == package.len)
		return PE_OK;
	rest = esim_slice(package.data + upp->done, package.len - upp->done);
	while (rest.len > 0) {
		/* Three bytes of tag and five of length settle whether it is a header at all. */
		if (esim_tlv_header(rest, &tag, &header, &len))
			return rest.len < 8 ? PE_OK : PE_INVALID_REQUEST_FORMAT;
		if (len > ESIM_MAX_BPP)
			return PE_INVALID_REQUEST_FORMAT;
		if (len > rest.len - header)
			return PE_OK;
		esim_tlv_next(&rest, &element);
		status = read_element(upp, &element);
		if (status != PE_OK) {
			upp->bad_tag = element.tag;
			upp->bad_element = identification(element.value);
			return status;
		}
		upp->done = package.len - rest.len;
	}
	return PE_OK;
}

enum veuicc_pe_status veuicc_upp_finish(struct veuicc_upp *upp, struct esim_slice package)
{
	if (upp->done != package.len || !upp->header || !upp->end || !upp->mf)
		return PE_INVALID_REQUEST_FORMAT;
	return PE_OK;
}

enum veuicc_pe_status veuicc_upp_parse(struct veuicc_upp *upp, struct esim_slice package)
{
	enum veuicc_pe_status status = veuicc_upp_read(upp, package);

	return status == PE_OK ? veuicc_upp_finish(upp, package) : status;
}
