/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test SM-DP+ on a thread, a virtual eUICC beside it and libesim's ES9+
 * between them, step by step: a test spoils what goes from one to the other and
 * sees what the server says. PKI and orders lie in the current directory.
 */
#ifndef UNIT_SMDPP_RIG_H
#define UNIT_SMDPP_RIG_H

#include "rsp/pki.h"
#include "smdpp/smdpp.h"
#include "veuicc/veuicc.h"

#include <esim/card.h>
#include <esim/es11.h>

#include <pthread.h>

struct rig {
	struct smdpp_options options;		/* a test sets what it wants before rig_start() */
	struct veuicc_options card_options;
	struct rsp_pki *pki;			/* of both sides, all slots with keys */
	struct smdpp *server;
	pthread_t thread;
	struct esim_pool roots;
	struct esim_http *http;
	struct es9p_server peer;
	struct veuicc *euicc;
	struct esim_card *card;

	/* The latest step's answers. */
	struct es10b_euicc_info1 info1;
	struct es9p_initiate_authentication_response initiated;
	struct es10b_authenticate_server_response authenticated;
	struct es9p_authenticate_client_response offered;
	struct es10b_prepare_download_response prepared;
	struct esim_buf package;
	struct esim_error err;
};

/* PKI, options and an order "plain"; the server is not there yet. */
void rig_open(struct rig *rig);

/* An order: a small package of its own ICCID, and the side file where @json is not NULL. */
void rig_order(const char *name, const char *json);

void rig_start(struct rig *rig);
void rig_close(struct rig *rig);

/* The server as SM-DS, on the same port. */
void rig_face_smds(struct rig *rig);

/* The steps; each needs the ones before it. Results as libesim's functions give them. */
void rig_read_card(struct rig *rig);
int rig_initiate(struct rig *rig);
void rig_card_authenticate(struct rig *rig, const char *matching_id);
int rig_authenticate(struct rig *rig);
void rig_card_prepare(struct rig *rig, const char *confirmation_code);
int rig_fetch(struct rig *rig);
int rig_cancel(struct rig *rig);

/* Up to and with authenticateClient, and up to and with getBoundProfilePackage. */
int rig_offer(struct rig *rig, const char *matching_id);
int rig_download(struct rig *rig, const char *matching_id, const char *confirmation_code);

/* Load the package and send the result; the test fails where the eUICC does not install it. */
void rig_install(struct rig *rig);

/* Put other certificates into the eUICC's answer. */
void rig_swap_chain(struct rig *rig, struct esim_slice euicc, struct esim_slice eum);

/* The step's result was this status code. */
void rig_expect(struct rig *rig, int result, const char *subject, const char *reason);

/* One raw POST to a function; 0 or libesim's error; the body in @ret. */
int rig_post(struct rig *rig, const char *function, const char *content_type,
	     const char *admin_protocol, const char *body, struct esim_http_response *ret);

#endif
