/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Rules Authorisation Table; see rat.h. */
#include "veuicc/rat.h"

#include <esim/hex.h>
#include <esim/tlv.h>

#include <string.h>

#define DEFAULT_RULES "ppr1+ppr2:*//:consent"
#define NIBBLE_ANY 0xE

/* --- text ------------------------------------------------------------------ */

struct word {
	const char *text;
	size_t len;
};

/* Cut @rest at @separator; false at the end. */
static bool cut(struct word *rest, char separator, struct word *ret)
{
	const char *end;

	if (!rest->text)
		return false;
	end = memchr(rest->text, separator, rest->len);
	*ret = (struct word){ rest->text, end ? (size_t)(end - rest->text) : rest->len };
	*rest = end ? (struct word){ end + 1, rest->len - ret->len - 1 } : (struct word){ 0 };
	return true;
}

static bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.len && !strncmp(word.text, text, word.len);
}

static int parse_mccmnc(struct word word, uint8_t out[3])
{
	uint8_t d[6] = { 0, 0, 0, 0, 0, 0xF };

	if (word_is(word, "*"))
		word = (struct word){ "EEEEEE", 6 };
	if (word.len != 5 && word.len != 6)
		return ESIM_EINVAL;
	for (size_t i = 0; i < word.len; i++) {
		if (word.text[i] >= '0' && word.text[i] <= '9')
			d[i] = (uint8_t)(word.text[i] - '0');
		else if (word.text[i] == 'E' || word.text[i] == 'e')
			d[i] = NIBBLE_ANY;
		else
			return ESIM_EINVAL;
	}
	out[0] = (uint8_t)(d[1] << 4 | d[0]);
	out[1] = (uint8_t)(d[5] << 4 | d[2]);
	out[2] = (uint8_t)(d[4] << 4 | d[3]);
	return 0;
}

static int parse_operator(struct word word, struct veuicc_operator *operator)
{
	struct word part;
	char hex[2 * VEUICC_GID_SIZE + 1];

	if (!cut(&word, '/', &part) || parse_mccmnc(part, operator->mccmnc))
		return ESIM_EINVAL;
	for (size_t i = 0; cut(&word, '/', &part); i++) {
		if (i == 2 || part.len >= sizeof(hex))
			return ESIM_EINVAL;
		memcpy(hex, part.text, part.len);
		hex[part.len] = '\0';
		if (part.len && esim_hex_decode(hex, operator->gid[i], VEUICC_GID_SIZE,
						&operator->gid_len[i]))
			return ESIM_EINVAL;
		operator->has_gid[i] = true;
	}
	return 0;
}

static int parse_rule(struct word word, struct veuicc_rule *rule)
{
	struct word part, list;

	if (!cut(&word, ':', &part))
		return ESIM_EINVAL;
	rule->pprs = word_is(part, "ppr1") ? 1 : word_is(part, "ppr2") ? 2 :
		     word_is(part, "ppr1+ppr2") ? 3 : 0;
	if (!rule->pprs || !cut(&word, ':', &list))
		return ESIM_EINVAL;
	while (cut(&list, '|', &part)) {
		if (rule->operator_count == VEUICC_MAX_OPERATORS ||
		    parse_operator(part, &rule->operators[rule->operator_count++]))
			return ESIM_EINVAL;
	}
	if (cut(&word, ':', &part)) {
		rule->consent = true;
		if (!word_is(part, "consent") || word.text)
			return ESIM_EINVAL;
	}
	return 0;
}

int veuicc_rat_parse(const char *text, struct veuicc_rat *ret, struct esim_error *err)
{
	struct veuicc_rat rat = { 0 };
	struct word rest, part;

	text = text ? text : DEFAULT_RULES;
	rest = (struct word){ text, strlen(text) };
	if (word_is(rest, "none"))
		rest.text = NULL;
	while (cut(&rest, ';', &part)) {
		if (rat.count == VEUICC_MAX_RULES || parse_rule(part, &rat.rules[rat.count++]))
			return esim_error_set(err, ESIM_EINVAL,
					      "\"%.*s\" is no rule of a RAT; one is PPRS:OPERATORS[:consent]",
					      (int)part.len, part.text);
	}
	*ret = rat;
	return 0;
}

/* --- the answer of GetRAT -------------------------------------------------- */

void veuicc_put_ppr_ids(struct esim_buf *out, uint32_t tag, unsigned pprs)
{
	uint8_t bits = (uint8_t)((pprs & 1 ? 0x40 : 0) | (pprs & 2 ? 0x20 : 0));
	uint8_t value[] = { pprs & 2 ? 5 : 6, bits };

	if (!pprs)
		value[0] = 0;
	esim_tlv_put(out, tag, value, pprs ? 2 : 1);
}

static void put_operator(const struct veuicc_operator *operator, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0x30);

	esim_tlv_put(out, 0x80, operator->mccmnc, sizeof(operator->mccmnc));
	for (uint32_t i = 0; i < 2; i++)
		if (operator->has_gid[i])
			esim_tlv_put(out, 0x81 + i, operator->gid[i], operator->gid_len[i]);
	esim_tlv_end(out, mark);
}

void veuicc_rat_put(const struct veuicc_rat *rat, struct esim_buf *out)
{
	for (size_t i = 0; i < rat->count; i++) {
		const struct veuicc_rule *rule = &rat->rules[i];
		size_t mark = esim_tlv_begin(out, 0x30), list;

		veuicc_put_ppr_ids(out, 0x80, rule->pprs);
		list = esim_tlv_begin(out, 0xA1);
		for (size_t j = 0; j < rule->operator_count; j++)
			put_operator(&rule->operators[j], out);
		esim_tlv_end(out, list);
		esim_tlv_put(out, 0x82, rule->consent ? "\x07\x80" : "\x00", rule->consent ? 2 : 1);
		esim_tlv_end(out, mark);
	}
}

/* --- judging --------------------------------------------------------------- */

static bool nibble_matches(uint8_t allowed, uint8_t owner)
{
	return allowed == NIBBLE_ANY || allowed == owner;
}

static bool operator_matches(const struct veuicc_operator *allowed, struct esim_slice owner)
{
	struct esim_tlv tlv;

	if (esim_tlv_find(owner, 0x80, &tlv) != 1 || tlv.value.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!nibble_matches(allowed->mccmnc[i] >> 4, tlv.value.data[i] >> 4) ||
		    !nibble_matches(allowed->mccmnc[i] & 0xF, tlv.value.data[i] & 0xF))
			return false;
	for (uint32_t i = 0; i < 2; i++) {
		bool has = esim_tlv_find(owner, 0x81 + i, &tlv) == 1;

		if (allowed->has_gid[i] && allowed->gid_len[i] == 0)
			continue;
		if (has != allowed->has_gid[i])
			return false;
		if (has && !esim_slice_is(tlv.value, allowed->gid[i], allowed->gid_len[i]))
			return false;
	}
	return true;
}

bool veuicc_rat_allows(const struct veuicc_rat *rat, unsigned ppr, struct esim_slice owner)
{
	for (size_t i = 0; i < rat->count; i++) {
		const struct veuicc_rule *rule = &rat->rules[i];

		if (!(rule->pprs & ppr))
			continue;
		for (size_t j = 0; j < rule->operator_count; j++)
			if (operator_matches(&rule->operators[j], owner))
				return true;
	}
	return false;
}
