/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building a profile package, element by element; see profile.h. */
#include "rsp/profile.h"

#include <esim/tlv.h>
#include <esim/trust.h>

#include <stdlib.h>
#include <string.h>

#define PACKAGE_MAJOR 2
#define PACKAGE_MINOR 3
#define DEFAULT_TYPE "CoreESIM test"
#define PAD_FILE_SIZE 8192		/* contents of each file that only takes up room */
#define MAX_PACKAGE (500 * 1024)

/* Elements */
#define PE_HEADER	0xA0
#define PE_GENERIC_FILE	0xA1
#define PE_PIN_CODES	0xA2
#define PE_PUK_CODES	0xA3
#define PE_AKA		0xA4
#define PE_DOMAIN	0xA6
#define PE_END		0xAA
#define PE_MF		0xB0
#define PE_USIM		0xB3

/* Records of the EF.ARR that this builder writes, in MF and in ADF.USIM alike. */
#define ARR_READ_ALWAYS	1		/* update: ADM1 */
#define ARR_READ_PIN	2		/* update: ADM1 */
#define ARR_PIN		3		/* read and update: PIN1 */
#define ARR_DIRECTORY	4

static const uint8_t usim_aid[] = {
	0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x07, 0x09, 0x00, 0x00,
};
static const uint8_t oid_mf[] = { 0x67, 0x81, 0x0F, 0x01, 0x02, 0x01 };		/* 2.23.143.1.2.1 */
static const uint8_t oid_usim[] = { 0x67, 0x81, 0x0F, 0x01, 0x02, 0x04 };	/* 2.23.143.1.2.4 */

struct builder {
	const struct rsp_profile *profile;
	struct esim_iccid iccid;
	struct esim_buf *out;
	unsigned identification;		/* of the latest element */
};

/* --- elements --------------------------------------------------------------------------------- */

static size_t begin_element(struct builder *b, uint32_t tag)
{
	size_t element = esim_tlv_begin(b->out, tag), header = esim_tlv_begin(b->out, 0xA0);

	esim_tlv_put(b->out, 0x80, NULL, 0);
	esim_tlv_put_uint(b->out, 0x81, ++b->identification);
	esim_tlv_end(b->out, header);
	return element;
}

static void put_byte(struct esim_buf *out, uint32_t tag, uint8_t byte)
{
	esim_tlv_put(out, tag, &byte, 1);
}

static void put_header(struct builder *b)
{
	uint8_t iccid[ESIM_ICCID_SIZE];
	size_t element = esim_tlv_begin(b->out, PE_HEADER), list;

	for (size_t i = 0; i < sizeof(iccid); i++)
		iccid[i] = (uint8_t)(b->iccid.bytes[i] << 4 | b->iccid.bytes[i] >> 4);
	esim_tlv_put_uint(b->out, 0x80, PACKAGE_MAJOR);
	esim_tlv_put_uint(b->out, 0x81, PACKAGE_MINOR);
	esim_tlv_put_text(b->out, 0x82, b->profile->type ? b->profile->type : DEFAULT_TYPE);
	esim_tlv_put(b->out, 0x83, iccid, sizeof(iccid));
	list = esim_tlv_begin(b->out, 0xA5);
	esim_tlv_put(b->out, 0x81, NULL, 0);		/* usim */
	esim_tlv_put(b->out, 0x84, NULL, 0);		/* milenage */
	esim_tlv_end(b->out, list);
	list = esim_tlv_begin(b->out, 0xA6);
	esim_tlv_put(b->out, 0x06, oid_mf, sizeof(oid_mf));
	esim_tlv_put(b->out, 0x06, oid_usim, sizeof(oid_usim));
	esim_tlv_end(b->out, list);
	esim_tlv_end(b->out, element);
}

/* --- files -------------------------------------------------------------------------------------- */

/* A transparent EF, or a linear fixed one where record_len is not zero. */
struct file {
	uint32_t tag;			/* its place in the template */
	uint16_t id;
	uint8_t arr;
	uint8_t record_len;
	uint8_t sfi;			/* 0: none */
};

static size_t begin_file(struct builder *b, const struct file *file, size_t size)
{
	uint8_t arr[] = { 0x2F, 0x06, file->arr };
	size_t mark = esim_tlv_begin(b->out, file->tag), fcp = esim_tlv_begin(b->out, 0xA1);

	if (file->record_len)
		esim_tlv_put(b->out, 0x82, (uint8_t[]){ 0x42, 0x21, 0x00, file->record_len }, 4);
	else
		esim_tlv_put(b->out, 0x82, (uint8_t[]){ 0x41, 0x21 }, 2);
	esim_tlv_put(b->out, 0x83, (uint8_t[]){ (uint8_t)(file->id >> 8), (uint8_t)file->id }, 2);
	esim_tlv_put(b->out, 0x8B, arr, sizeof(arr));
	esim_tlv_put(b->out, 0x80, (uint8_t[]){ (uint8_t)(size >> 8), (uint8_t)size }, 2);
	if (file->sfi)
		put_byte(b->out, 0x88, (uint8_t)(file->sfi << 3));
	esim_tlv_end(b->out, fcp);
	return mark;
}

static void put_file(struct builder *b, const struct file *file, const void *contents, size_t len)
{
	size_t mark = begin_file(b, file, len);

	esim_tlv_put(b->out, 0x83, contents, len);
	esim_tlv_end(b->out, mark);
}

/* A directory: MF, or an ADF with its name. */
static void put_directory(struct builder *b, uint32_t tag, uint16_t id, const uint8_t *aid, size_t aid_len,
			  uint8_t pin)
{
	size_t mark = esim_tlv_begin(b->out, tag), fcp = esim_tlv_begin(b->out, 0xA1);

	esim_tlv_put(b->out, 0x82, (uint8_t[]){ 0x78, 0x21 }, 2);
	esim_tlv_put(b->out, 0x83, (uint8_t[]){ (uint8_t)(id >> 8), (uint8_t)id }, 2);
	if (aid)
		esim_tlv_put(b->out, 0x84, aid, aid_len);
	esim_tlv_put(b->out, 0x8B, (uint8_t[]){ 0x2F, 0x06, ARR_DIRECTORY }, 3);
	esim_tlv_put(b->out, 0xC6, (uint8_t[]){ pin, 0x0A }, 2);
	esim_tlv_end(b->out, fcp);
	esim_tlv_end(b->out, mark);
}

/* TS 102 221, 9.2.4: access mode and security condition, one record per rule set. */
static void put_arr(struct builder *b, uint32_t tag, uint16_t id)
{
	static const uint8_t adm[] = { 0xA4, 0x06, 0x83, 0x01, 0x0A, 0x95, 0x01, 0x08 };
	static const uint8_t pin[] = { 0xA4, 0x06, 0x83, 0x01, 0x01, 0x95, 0x01, 0x08 };
	static const uint8_t always[] = { 0x90, 0x00 };
	static const struct {
		const uint8_t *read, *update;
		size_t read_len, update_len;
	} rules[] = {
		{ always, adm, sizeof(always), sizeof(adm) },	/* ARR_READ_ALWAYS */
		{ pin, adm, sizeof(pin), sizeof(adm) },		/* ARR_READ_PIN */
		{ pin, pin, sizeof(pin), sizeof(pin) },		/* ARR_PIN */
		{ always, adm, sizeof(always), sizeof(adm) },	/* ARR_DIRECTORY */
	};
	const struct file file = { tag, id, ARR_READ_ALWAYS, 0x1C, 0 };
	const size_t count = sizeof(rules) / sizeof(rules[0]);
	size_t mark = begin_file(b, &file, count * file.record_len), used;

	for (size_t i = 0; i < count; i++) {
		used = 6 + rules[i].read_len + rules[i].update_len;
		esim_tlv_put_header(b->out, 0x83, used);
		esim_buf_append(b->out, "\x80\x01\x01", 3);
		esim_buf_append(b->out, rules[i].read, rules[i].read_len);
		esim_buf_append(b->out, "\x80\x01\x02", 3);
		esim_buf_append(b->out, rules[i].update, rules[i].update_len);
		if (i + 1 < count)
			esim_tlv_put_uint(b->out, 0x82, file.record_len - used);
	}
	esim_tlv_end(b->out, mark);
}

static void put_mf(struct builder *b)
{
	static const struct file ef_pl = { 0xA3, 0x2F05, ARR_READ_ALWAYS, 0, 5 };
	static const struct file ef_iccid = { 0xA4, 0x2FE2, ARR_READ_ALWAYS, 0, 2 };
	static const struct file ef_dir = { 0xA5, 0x2F00, ARR_READ_ALWAYS, 0x26, 30 };
	struct esim_buf record = ESIM_BUF_INIT;
	size_t element = begin_element(b, PE_MF), template;

	esim_tlv_put(b->out, 0x81, oid_mf, sizeof(oid_mf));
	put_directory(b, 0xA2, 0x3F00, NULL, 0, 0x01);
	put_file(b, &ef_pl, "en", 2);
	put_file(b, &ef_iccid, b->iccid.bytes, sizeof(b->iccid.bytes));
	template = esim_tlv_begin(&record, 0x61);
	esim_tlv_put(&record, 0x4F, usim_aid, sizeof(usim_aid));
	esim_tlv_put_text(&record, 0x50, "USIM");
	esim_tlv_end(&record, template);
	while (record.len < ef_dir.record_len && !esim_buf_failed(&record))
		esim_buf_append_byte(&record, 0xFF);
	put_file(b, &ef_dir, record.data, record.len);
	put_arr(b, 0xA6, 0x2F06);
	esim_tlv_end(b->out, element);
	esim_buf_free(&record);
}

/* EF.IMSI: length, then the parity nibble and the digits, two to a byte, the first below. */
static size_t encode_imsi(const char *digits, uint8_t imsi[static 9])
{
	size_t count = strlen(digits), bytes = count / 2 + 1;

	memset(imsi, 0xFF, 9);
	imsi[0] = (uint8_t)bytes;
	imsi[1] = (uint8_t)((digits[0] - '0') << 4 | (count % 2 ? 9 : 1));
	for (size_t i = 1; i < count; i++) {
		uint8_t *byte = &imsi[1 + (i + 1) / 2], digit = (uint8_t)(digits[i] - '0');

		*byte = (uint8_t)(i % 2 ? 0xF0 | digit : (*byte & 0x0F) | digit << 4);
	}
	return 9;
}

static void put_usim(struct builder *b)
{
	static const struct file ef_imsi = { 0xA3, 0x6F07, ARR_READ_PIN, 0, 7 };
	static const struct file ef_keys = { 0xA5, 0x6F08, ARR_PIN, 0, 8 };
	static const struct file ef_keys_ps = { 0xA6, 0x6F09, ARR_PIN, 0, 9 };
	static const struct file ef_ust = { 0xA8, 0x6F38, ARR_READ_PIN, 0, 4 };
	static const struct file ef_spn = { 0xAD, 0x6F46, ARR_READ_ALWAYS, 0, 0 };
	static const struct file ef_est = { 0xAE, 0x6F56, ARR_PIN, 0, 5 };
	static const struct file ef_acc = { 0xB2, 0x6F78, ARR_READ_PIN, 0, 6 };
	static const struct file ef_ad = { 0xB5, 0x6FAD, ARR_READ_ALWAYS, 0, 3 };
	static const struct file ef_ecc = { 0xB6, 0x6FB7, ARR_READ_ALWAYS, 4, 1 };
	static const uint8_t keys[33] = { 7 };
	static const uint8_t ust[15] = { 0x00, 0x00, 0x04, 0x00, 0x02 };	/* SPN, GSM access */
	uint8_t imsi[9], spn[17], acc[2];
	size_t element = begin_element(b, PE_USIM), imsi_len = encode_imsi(b->profile->imsi, imsi);
	unsigned access_class = (unsigned)(b->profile->imsi[strlen(b->profile->imsi) - 1] - '0');

	memset(spn, 0xFF, sizeof(spn));
	memcpy(spn, "\x01" "CoreESIM", 9);
	acc[0] = (uint8_t)(1u << access_class >> 8);
	acc[1] = (uint8_t)(1u << access_class);
	esim_tlv_put(b->out, 0x81, oid_usim, sizeof(oid_usim));
	put_directory(b, 0xA2, 0x7FD0, usim_aid, sizeof(usim_aid), 0x01);
	put_file(b, &ef_imsi, imsi, imsi_len);
	put_arr(b, 0xA4, 0x6F06);
	put_file(b, &ef_keys, keys, sizeof(keys));
	put_file(b, &ef_keys_ps, keys, sizeof(keys));
	put_file(b, &ef_ust, ust, sizeof(ust));
	put_file(b, &ef_spn, spn, sizeof(spn));
	put_file(b, &ef_est, "\x00", 1);
	put_file(b, &ef_acc, acc, sizeof(acc));
	put_file(b, &ef_ad, "\x00\x00\x00\x02", 4);
	put_file(b, &ef_ecc, "\x11\xF2\xFF\x00", 4);
	esim_tlv_end(b->out, element);
}

/* --- codes and keys --------------------------------------------------------------------------------- */

static void put_puk_codes(struct builder *b)
{
	size_t element = begin_element(b, PE_PUK_CODES), list = esim_tlv_begin(b->out, 0xA1), code;

	code = esim_tlv_begin(b->out, 0x30);
	esim_tlv_put_uint(b->out, 0x80, 0x01);
	esim_tlv_put_text(b->out, 0x81, "12345678");
	esim_tlv_end(b->out, code);
	esim_tlv_end(b->out, list);
	esim_tlv_end(b->out, element);
}

/* PIN1, disabled, and ADM1. */
static void put_pin_codes(struct builder *b)
{
	size_t element = begin_element(b, PE_PIN_CODES), choice = esim_tlv_begin(b->out, 0xA1);
	size_t list = esim_tlv_begin(b->out, 0xA0), code;

	code = esim_tlv_begin(b->out, 0x30);
	esim_tlv_put_uint(b->out, 0x80, 0x01);
	esim_tlv_put(b->out, 0x81, "1234\xFF\xFF\xFF\xFF", 8);
	esim_tlv_put_uint(b->out, 0x82, 0x01);
	esim_tlv_put_uint(b->out, 0x83, 0x06);
	esim_tlv_end(b->out, code);
	code = esim_tlv_begin(b->out, 0x30);
	esim_tlv_put_uint(b->out, 0x80, 0x0A);
	esim_tlv_put_text(b->out, 0x81, "87654321");
	esim_tlv_put_uint(b->out, 0x83, 0x03);
	esim_tlv_end(b->out, code);
	esim_tlv_end(b->out, list);
	esim_tlv_end(b->out, choice);
	esim_tlv_end(b->out, element);
}

static void put_aka(struct builder *b)
{
	size_t element = begin_element(b, PE_AKA), configuration = esim_tlv_begin(b->out, 0xA1);
	size_t parameter = esim_tlv_begin(b->out, 0xA1);

	esim_tlv_put_uint(b->out, 0x80, 1);		/* milenage */
	put_byte(b->out, 0x81, 0x01);			/* RES of 64 bits */
	esim_tlv_put(b->out, 0x82, b->profile->k, RSP_PROFILE_KEY_SIZE);
	esim_tlv_put(b->out, 0x83, b->profile->opc, RSP_PROFILE_KEY_SIZE);
	esim_tlv_end(b->out, parameter);
	esim_tlv_end(b->out, configuration);
	esim_tlv_end(b->out, element);
}

/* A key of the security domain: of no use but to be there, so made from the ICCID. */
static void put_domain_key(struct builder *b, uint8_t usage, uint8_t id)
{
	struct esim_slice parts[] = {
		esim_slice(b->iccid.bytes, sizeof(b->iccid.bytes)), esim_slice(&id, 1),
	};
	uint8_t key[ESIM_SHA256_SIZE];
	size_t entry = esim_tlv_begin(b->out, 0x30), list, component;

	if (esim_sha256(parts, 2, key))
		abort();
	put_byte(b->out, 0x95, usage);
	put_byte(b->out, 0x82, id);
	put_byte(b->out, 0x83, 0x01);
	list = esim_tlv_begin(b->out, 0x30);
	component = esim_tlv_begin(b->out, 0x30);
	put_byte(b->out, 0x80, 0x88);
	esim_tlv_put(b->out, 0x86, key, 16);
	esim_tlv_end(b->out, component);
	esim_tlv_end(b->out, list);
	esim_tlv_end(b->out, entry);
}

/* The operator's security domain (MNO-SD), SCP80 with AES. */
static void put_security_domain(struct builder *b)
{
	static const uint8_t package[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 };
	static const uint8_t class[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 };
	static const uint8_t instance[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00 };
	static const uint8_t privileges[] = { 0x82, 0xDC, 0x00 };
	static const uint8_t scp80[] = { 0x81, 0x02, 0x80, 0x00 };
	size_t element = begin_element(b, PE_DOMAIN), part = esim_tlv_begin(b->out, 0xA1);

	esim_tlv_put(b->out, 0x4F, package, sizeof(package));
	esim_tlv_put(b->out, 0x4F, class, sizeof(class));
	esim_tlv_put(b->out, 0x4F, instance, sizeof(instance));
	esim_tlv_put(b->out, 0x82, privileges, sizeof(privileges));
	put_byte(b->out, 0x83, 0x0F);
	esim_tlv_put(b->out, 0xC9, scp80, sizeof(scp80));
	esim_tlv_end(b->out, part);
	part = esim_tlv_begin(b->out, 0xA2);
	put_domain_key(b, 0x18, 1);
	put_domain_key(b, 0x14, 2);
	put_domain_key(b, 0x48, 3);
	esim_tlv_end(b->out, part);
	esim_tlv_end(b->out, element);
}

/* --- size -------------------------------------------------------------------------------------------- */

/* Files below the MF, 2F50 and on, that hold nothing but room. */
static void put_padding(struct builder *b, size_t wanted)
{
	size_t element, commands, command, fcp, n;
	uint8_t *zeros;

	if (b->out->len >= wanted)
		return;
	element = begin_element(b, PE_GENERIC_FILE);
	commands = esim_tlv_begin(b->out, 0xA1);
	command = esim_tlv_begin(b->out, 0x30);
	esim_tlv_put(b->out, 0x80, NULL, 0);
	for (uint8_t file = 0x50; b->out->len < wanted && !esim_buf_failed(b->out); file++) {
		n = wanted - b->out->len < PAD_FILE_SIZE ? wanted - b->out->len : PAD_FILE_SIZE;
		fcp = esim_tlv_begin(b->out, 0x62);
		esim_tlv_put(b->out, 0x82, (uint8_t[]){ 0x41, 0x21 }, 2);
		esim_tlv_put(b->out, 0x83, (uint8_t[]){ 0x2F, file }, 2);
		esim_tlv_put(b->out, 0x8B, (uint8_t[]){ 0x2F, 0x06, ARR_READ_PIN }, 3);
		esim_tlv_put(b->out, 0x80, (uint8_t[]){ (uint8_t)(n >> 8), (uint8_t)n }, 2);
		esim_tlv_end(b->out, fcp);
		esim_tlv_put_header(b->out, 0x81, n);
		zeros = esim_buf_extend(b->out, n);
		if (zeros)
			memset(zeros, 0, n);
	}
	esim_tlv_end(b->out, command);
	esim_tlv_end(b->out, commands);
	esim_tlv_end(b->out, element);
}

int rsp_profile_build(const struct rsp_profile *profile, struct esim_buf *out, struct esim_error *err)
{
	struct builder b = { .profile = profile, .out = out };
	size_t imsi_len = strlen(profile->imsi), element;

	if (esim_iccid_parse(profile->iccid, &b.iccid))
		return esim_error_set(err, ESIM_EINVAL, "an ICCID has 18 to 20 digits");
	if (imsi_len < 6 || imsi_len > 15 || strspn(profile->imsi, "0123456789") != imsi_len)
		return esim_error_set(err, ESIM_EINVAL, "an IMSI has 6 to 15 digits");
	if (profile->type && (!*profile->type || strlen(profile->type) > 100))
		return esim_error_set(err, ESIM_EINVAL, "a profile type has 1 to 100 bytes");
	if (profile->size > MAX_PACKAGE)
		return esim_error_set(err, ESIM_EINVAL, "a package has at most %d bytes here", MAX_PACKAGE);
	put_header(&b);
	put_mf(&b);
	put_puk_codes(&b);
	put_pin_codes(&b);
	put_usim(&b);
	put_aka(&b);
	put_security_domain(&b);
	put_padding(&b, profile->size);
	element = begin_element(&b, PE_END);
	esim_tlv_end(out, element);
	return esim_buf_failed(out) ? esim_error_set(err, ESIM_ENOMEM, "no memory for the package") : 0;
}
