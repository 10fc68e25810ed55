/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card as a whole: made, powered, reset, spoken to; see veuicc.h. */
#include "veuicc/card.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_MEMORY		(512u * 1024)
#define DEFAULT_PROFILES	16
#define DEFAULT_SMDS		"testrootsmds.example.com"

/* T=0 and T=1, 15 historical bytes: UICC, card data, capabilities. */
static const uint8_t default_atr[] = {
	0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xFE,
	0x21, 0x1B, 0x63, 0x57, 0x4A, 0x45, 0x53, 0x49, 0x4D, 0x00, 0x00,
};

/* --- making ---------------------------------------------------------------- */

static int copy_text(const char *from, const char *otherwise, char **ret, struct esim_error *err)
{
	*ret = strdup(from ? from : otherwise);
	return *ret ? 0 : esim_error_set(err, ESIM_ENOMEM, "no memory");
}

/* The check byte TCK makes all bytes after TS exclusive-or to zero. */
static void set_atr(struct veuicc *card, struct esim_slice atr)
{
	if (atr.len) {
		memcpy(card->atr, atr.data, atr.len);
		card->atr_len = atr.len;
		return;
	}
	memcpy(card->atr, default_atr, sizeof(default_atr));
	card->atr_len = sizeof(default_atr);
	for (size_t i = 1; i < card->atr_len - 1; i++)
		card->atr[card->atr_len - 1] ^= card->atr[i];
}

static int check_options(const struct veuicc_options *options, struct esim_error *err)
{
	static const unsigned svns[] = { 0, VEUICC_SVN_2_0, VEUICC_SVN_2_1, VEUICC_SVN_2_2_2,
					 VEUICC_SVN_2_5 };
	bool known = false;

	for (size_t i = 0; i < sizeof(svns) / sizeof(svns[0]); i++)
		known = known || options->svn == svns[i];
	if (!known)
		return esim_error_set(err, ESIM_EINVAL, "this card knows SGP.22 2.0, 2.1, 2.2.2 and 2.5");
	if (options->pki_count < 1 || options->pki_count > VEUICC_MAX_PKI)
		return esim_error_set(err, ESIM_EINVAL, "one to %d PKI directories are needed",
				      VEUICC_MAX_PKI);
	if (options->atr.len > ESIM_MAX_ATR)
		return esim_error_set(err, ESIM_EINVAL, "an ATR has at most %d bytes", ESIM_MAX_ATR);
	if (options->max_profiles > ESIM_MAX_PROFILES)
		return esim_error_set(err, ESIM_EINVAL, "at most %d profiles", ESIM_MAX_PROFILES);
	if ((options->default_smdp && strlen(options->default_smdp) > ESIM_MAX_FQDN) ||
	    (options->root_smds && strlen(options->root_smds) > ESIM_MAX_FQDN))
		return esim_error_set(err, ESIM_EINVAL, "a server's name has at most %d characters",
				      ESIM_MAX_FQDN);
	return 0;
}

static int take_options(struct veuicc *card, const struct veuicc_options *options,
			struct esim_error *err)
{
	int r = check_options(options, err);

	if (r)
		return r;
	card->options = *options;
	card->options.svn = options->svn ? options->svn : VEUICC_SVN_2_5;
	card->options.memory = options->memory ? options->memory : DEFAULT_MEMORY;
	card->options.max_profiles = options->max_profiles ? options->max_profiles : DEFAULT_PROFILES;
	card->busy = options->busy;
	set_atr(card, options->atr);
	if ((r = veuicc_rat_parse(options->rat, &card->rat, err)) ||
	    (r = veuicc_fault_parse(options->fault, &card->fault, err)) ||
	    (r = veuicc_link_parse(options->link, &card->link, err)) ||
	    (r = copy_text(options->default_smdp, "", &card->first_smdp, err)) ||
	    (r = copy_text(options->root_smds, DEFAULT_SMDS, &card->root_smds, err)))
		return r;
	return options->state_dir ? copy_text(options->state_dir, NULL, &card->state_dir, err) : 0;
}

/* The first directory makes the card; others add CIs, and chains where they are for the same EID. */
static int take_pki(struct veuicc *card, const char *dir, struct esim_error *err)
{
	const bool first = card->pki_count == 0;
	char eid[ESIM_EID_DIGITS + 1];
	struct rsp_pki_options options = {
		.required = first ? RSP_PKI_CARD : RSP_PKI_BIT(RSP_PKI_CI),
		.optional = RSP_PKI_CARD,
		.eid = first ? NULL : eid,
		.now = card->options.now,
	};
	const struct rsp_pki_entry *own;
	struct rsp_pki *pki;
	int r;

	if (!first && esim_eid_format(&card->eid, eid))
		return esim_error_set(err, ESIM_EPROTO, "the eUICC's certificate holds no EID");
	r = rsp_pki_load(dir, &options, &pki, err);
	if (r)
		return r;
	r = esim_pool_add_cert(&card->pool, esim_buf_slice(&pki->entries[RSP_PKI_CI].der), err);
	own = rsp_pki_entry(pki, RSP_PKI_EUICC);
	if (!r && first && esim_eid_parse(own->cert.subject_serial, &card->eid))
		r = esim_error_set(err, ESIM_EPROTO, "%s: the eUICC's certificate holds no EID", dir);
	if (!r && (first || (own && own->key && !strcmp(own->cert.subject_serial, eid)))) {
		card->pkis[card->pki_count++] = pki;
		return 0;
	}
	rsp_pki_free(&pki);
	return r;
}

static int set_up(struct veuicc *card, const struct veuicc_options *options, struct esim_error *err)
{
	int r = take_options(card, options, err);

	for (size_t i = 0; !r && i < options->pki_count; i++)
		r = take_pki(card, options->pki_dirs[i], err);
	if (!r)
		r = veuicc_store_load(card, err);
	if (!r && options->log) {
		card->log = fopen(options->log, "ae");
		if (!card->log)
			r = esim_error_errno(err, ESIM_EIO, errno, "cannot open %s", options->log);
	}
	return r;
}

int veuicc_new(const struct veuicc_options *options, struct veuicc **ret, struct esim_error *err)
{
	struct veuicc *card = calloc(1, sizeof(*card));
	int r;

	if (!card)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a card");
	card->state_fd = card->watched_fd = -1;
	r = set_up(card, options, err);
	if (r) {
		veuicc_free(&card);
		return r;
	}
	*ret = card;
	return 0;
}

void veuicc_free(struct veuicc **card_pointer)
{
	struct veuicc *card = card_pointer ? *card_pointer : NULL;

	if (!card)
		return;
	veuicc_power_off(card);
	veuicc_store_free(&card->store);
	veuicc_files_free(&card->files);
	for (size_t i = 0; i < card->pki_count; i++)
		rsp_pki_free(&card->pkis[i]);
	esim_pool_free(&card->pool);
	if (card->state_fd >= 0)
		close(card->state_fd);
	if (card->log)
		fclose(card->log);
	free(card->state_dir);
	free(card->root_smds);
	free(card->first_smdp);
	free(card);
	*card_pointer = NULL;
}

/* --- power ----------------------------------------------------------------- */

void veuicc_power_off(struct veuicc *card)
{
	veuicc_session_end(card);
	veuicc_channels_reset(card);
	esim_buf_free(&card->waiting.data);
	card->waiting = (struct veuicc_waiting){ 0 };
	card->proactive = (struct veuicc_proactive){ 0 };
	card->on = false;
	card->mute = false;
}

/* What was left undone is done first: an interrupted installation, a profile switch. */
int veuicc_power_on(struct veuicc *card, struct esim_slice *ret_atr)
{
	veuicc_power_off(card);
	if (card->power_lost) {
		card->power_lost = false;
		if (card->state_dir && veuicc_store_load(card, NULL)) {
			card->power_lost = true;
			return ESIM_ENODEV;
		}
	}
	if (veuicc_bpp_recover(card) || veuicc_switch_apply(card))
		return ESIM_ENODEV;
	veuicc_fs_load(card);
	card->on = true;
	if (ret_atr)
		*ret_atr = esim_slice(card->atr, card->atr_len);
	return 0;
}

int veuicc_reset(struct veuicc *card)
{
	return card->on ? veuicc_power_on(card, NULL) : ESIM_ENODEV;
}

struct esim_slice veuicc_atr(const struct veuicc *card)
{
	return esim_slice(card->atr, card->atr_len);
}

bool veuicc_powered(const struct veuicc *card)
{
	return card->on;
}

/* --- talking --------------------------------------------------------------- */

static void write_log(struct veuicc *card, struct esim_slice command, struct esim_slice response,
		      const char *instead)
{
	char *hex;

	if (!card->log)
		return;
	hex = malloc(2 * (command.len > response.len ? command.len : response.len) + 1);
	if (!hex)
		return;
	esim_hex_encode(command, hex);
	fprintf(card->log, "%llu > %s", (unsigned long long)card->apdus, hex);
	esim_hex_encode(response, hex);
	fprintf(card->log, " < %s\n", instead ? instead : hex);
	fflush(card->log);
	explicit_bzero(hex, strlen(hex));
	free(hex);
}

static void spend(struct veuicc *card, uint64_t since)
{
	uint64_t us = card->link.now_us - since;
	struct timespec left = { .tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000 };
	struct pollfd watched = { .fd = card->watched_fd, .events = POLLIN };

	if (card->options.real_time && us > 0)
		ppoll(&watched, 1, &left, NULL);
}

void veuicc_watch(struct veuicc *card, int fd)
{
	card->watched_fd = fd;
}

/* The command itself, and what a fault at this APDU makes of it. */
static int execute(struct veuicc *card, struct esim_slice command, struct esim_buf *response)
{
	const struct veuicc_fault_rule *rule = veuicc_fault_at_apdu(&card->fault, card->apdus);
	size_t from = response->len;
	uint8_t sw[2];

	if (rule && rule->action == FAULT_POWER_LOSS) {
		card->power_lost = true;
	} else if (rule && rule->action == FAULT_SW) {
		esim_buf_append_byte(response, (uint8_t)(rule->value >> 8));
		esim_buf_append_byte(response, (uint8_t)rule->value);
	} else {
		veuicc_apdu_execute(card, command, response);
		if (rule && rule->action == FAULT_MUTE)
			card->mute = true;
	}
	if (card->power_lost) {
		response->len = from;
		veuicc_power_off(card);
		return ESIM_ENODEV;
	}
	if (card->mute || response->len < from + 2) {
		response->len = from;
		return ESIM_ETIMEDOUT;
	}
	if (rule && rule->action != FAULT_SW) {
		response->len -= 2;
		memcpy(sw, response->data + response->len, 2);
		veuicc_fault_spoil(rule, response, from);
		esim_buf_append(response, sw, 2);
	}
	return esim_buf_failed(response);
}

int veuicc_transmit(struct veuicc *card, struct esim_slice command, struct esim_buf *response)
{
	uint64_t since = card->link.now_us;
	size_t from = response->len;
	struct esim_slice answer;
	int r;

	if (!card->on)
		return ESIM_ENODEV;
	if (card->mute)
		return ESIM_ETIMEDOUT;
	card->apdus++;
	r = execute(card, command, response);
	answer = esim_slice(response->data + from, response->len - from);
	veuicc_link_apdu(&card->link, command.len + answer.len);
	spend(card, since);
	write_log(card, command, answer,
		  r == ESIM_ENODEV ? "power loss" : r == ESIM_ETIMEDOUT ? "mute" : NULL);
	return r;
}

/* --- asking ---------------------------------------------------------------- */

const struct esim_eid *veuicc_eid(const struct veuicc *card)
{
	return &card->eid;
}

uint64_t veuicc_link_time_us(const struct veuicc *card)
{
	return card->link.now_us;
}

uint64_t veuicc_apdu_count(const struct veuicc *card)
{
	return card->apdus;
}

int veuicc_set_fault(struct veuicc *card, const char *spec, struct esim_error *err)
{
	return veuicc_fault_parse(spec, &card->fault, err);
}

struct esim_slice veuicc_package(const struct veuicc *card, const struct esim_iccid *iccid)
{
	for (size_t i = 0; i < card->store.profile_count; i++)
		if (!memcmp(card->store.profiles[i].iccid.bytes, iccid->bytes, ESIM_ICCID_SIZE))
			return esim_buf_slice(&card->store.profiles[i].package);
	return esim_slice(NULL, 0);
}
