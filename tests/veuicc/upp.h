/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unprotected profile package (TCA interoperable profile format): elements
 * as they stream in, and the files that a modem reads first.
 */
#ifndef VEUICC_UPP_H
#define VEUICC_UPP_H

#include <esim/bytes.h>
#include <esim/hex.h>

#define VEUICC_MAX_FILE		(32 * 1024)
#define VEUICC_MAX_ELEMENTS	512

/* PEStatus of the interoperable profile format, 8.11. */
enum veuicc_pe_status {
	PE_OK = 0,
	PE_NOT_SUPPORTED = 1,
	PE_MEMORY_FAILURE = 2,
	PE_BAD_VALUES = 3,
	PE_NOT_ENOUGH_MEMORY = 4,
	PE_INVALID_REQUEST_FORMAT = 5,
	PE_INVALID_PARAMETER = 6,
	PE_UNSUPPORTED_PROFILE_VERSION = 31,
};

struct veuicc_file {
	uint16_t id;
	uint8_t sfi;			/* 0: none */
	uint8_t record_size;		/* 0: transparent */
	struct esim_buf content;
};

enum veuicc_file_name { FILE_ICCID, FILE_DIR, FILE_PL, FILE_IMSI, VEUICC_FILES };

struct veuicc_files {
	struct veuicc_file files[VEUICC_FILES];	/* content empty: not there */
	uint8_t usim_aid[16];
	size_t usim_aid_len;		/* 0: no USIM */
};

/* A package being read. Start with a zeroed one. */
struct veuicc_upp {
	size_t done;			/* bytes of the package that were read */
	unsigned elements;
	bool header, end, mf, usim;
	bool test_algorithm;		/* every AKA parameter set uses the USIM test algorithm */
	bool aka;
	uint8_t major;
	struct esim_iccid iccid;	/* the header's, as on the wire: swapped */
	uint32_t bad_element;		/* identification of the element at fault, with @bad_tag */
	uint32_t bad_tag;
	struct veuicc_files files;
};

/* Read what is complete in @package, which holds all bytes so far. PE_OK or the fault. */
enum veuicc_pe_status veuicc_upp_read(struct veuicc_upp *upp, struct esim_slice package);

/* All has come: nothing left over, header first, end last. */
enum veuicc_pe_status veuicc_upp_finish(struct veuicc_upp *upp, struct esim_slice package);

/* The whole of a package at once. */
enum veuicc_pe_status veuicc_upp_parse(struct veuicc_upp *upp, struct esim_slice package);

void veuicc_files_free(struct veuicc_files *files);

#endif
