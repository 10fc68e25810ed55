/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wolfSSL under libcurl: trust is the given pool alone, versions and cipher
 * suites are those of SGP.22 (2.6.6, 6.1), and the clock can be set.
 *
 * wolfSSL wants its roots as certificates, of which it keeps what an anchor is:
 * the hash of the subject's bytes, key id and key. It verifies no root's own
 * signature. An anchor without a certificate is therefore handed over in a shell.
 * It finds an issuer by key id and name, the bytes of the name, so anchors without
 * one are passed over: they count for RSP chains only.
 */
#include "http_tls.h"

#include "anchor_shell.h"

#include <esim/text.h>

#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

/* ECDSA certificates only, forward secrecy and AEAD; the one CBC suite is for old SM-DP+. */
static const char cipher_suites[] =
	"TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA256";

static const word16 curves[] = {
	WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1, WOLFSSL_ECC_BRAINPOOLP256R1,
};

/* A wolfSSL with its whole OpenSSL layer reports OpenSSL's numbers, under names that changed. */
enum {
	STORE_NOT_YET_VALID = 9,
	STORE_EXPIRED = 10,
	STORE_NO_ISSUER = 20,
};

/* --- the clock ------------------------------------------------------------------------ */

static _Thread_local const struct http_tls *clock_owner;

static time_t certificate_time(time_t *ret)
{
	time_t now;

	if (clock_owner && clock_owner->clock)
		now = (time_t)clock_owner->clock(clock_owner->clock_context);
	else
		now = time(NULL);
	if (ret)
		*ret = now;
	return now;
}

void http_tls_global_init(void)
{
	wc_SetTimeCb(certificate_time);
}

void http_tls_clock_begin(const struct http_tls *tls)
{
	clock_owner = tls;
}

void http_tls_clock_end(void)
{
	clock_owner = NULL;
}

/* --- the context ------------------------------------------------------------------------- */

static void copy_name(WOLFSSL_X509_NAME *name, char *out, size_t size)
{
	char text[256];

	if (name && wolfSSL_X509_NAME_oneline(name, text, sizeof(text)))
		esim_text_printable(text, strnlen(text, sizeof(text)), out, size);
	else
		out[0] = '\0';
}

/* wolfSSL asks once for each certificate, at last for the server's own: depth 0. */
static bool is_rsp_server(struct http_tls *tls, const WOLFSSL_X509_STORE_CTX *store)
{
	struct esim_slice chain[ESIM_MAX_CHAIN], id;
	size_t count = 0;

	if (store->error_depth > 0)
		return true;
	for (; count < ESIM_MAX_CHAIN && (int)count < store->totalCerts; count++)
		chain[count] = esim_slice(store->certs[count].buffer, store->certs[count].length);
	if (tls_identity_check(chain, count, tls->roots, certificate_time(NULL), &id, &tls->refusal))
		return false;
	tls_identity_remember(&tls->identities, &tls->peer, id);
	return true;
}

/* Adds refusals and never overrules: what wolfSSL refuses stays refused. */
static int on_verify(int accepted, WOLFSSL_X509_STORE_CTX *store)
{
	struct http_tls *tls = store->userCtx;
	WOLFSSL_X509 *cert = store->current_cert;

	if (!tls || tls->verify_error)
		return accepted;
	if (accepted)
		return is_rsp_server(tls, store);
	tls->verify_error = store->error;
	copy_name(cert ? wolfSSL_X509_get_subject_name(cert) : NULL, tls->subject,
		  sizeof(tls->subject));
	copy_name(cert ? wolfSSL_X509_get_issuer_name(cert) : NULL, tls->issuer,
		  sizeof(tls->issuer));
	return 0;
}

static bool load_root(WOLFSSL_CTX *ctx, struct esim_slice der)
{
	return wolfSSL_CTX_load_verify_buffer(ctx, der.data, (long)der.len,
					      WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

static bool load_shell(WOLFSSL_CTX *ctx, const struct esim_anchor *anchor)
{
	struct esim_buf shell = ESIM_BUF_INIT;
	bool loaded = anchor_shell_make(anchor, &shell) == 0 && load_root(ctx, esim_buf_slice(&shell));

	esim_buf_free(&shell);
	return loaded;
}

/* A root that cannot be used, an expired one say, must not take the others with it. */
static void load_roots(struct http_tls *tls, WOLFSSL_CTX *ctx)
{
	const struct esim_pool *roots = tls->roots;

	tls->usable_roots = 0;
	for (size_t i = 0; i < roots->count; i++) {
		const struct esim_anchor *anchor = &roots->anchors[i];

		if (anchor->der ? load_root(ctx, esim_slice(anchor->der, anchor->der_len))
				: load_shell(ctx, anchor))
			tls->usable_roots++;
	}
}

int http_tls_prepare(struct http_tls *tls, void *wolfssl_ctx)
{
	WOLFSSL_CTX *ctx = wolfssl_ctx;

	tls->contexts++;
	tls->verify_error = 0;
	tls->subject[0] = tls->issuer[0] = '\0';
	esim_error_clear(&tls->refusal);
	if (wolfSSL_CTX_set_cipher_list(ctx, cipher_suites) != WOLFSSL_SUCCESS)
		return ESIM_ETLS;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (wolfSSL_CTX_UseSupportedCurve(ctx, curves[i]) != WOLFSSL_SUCCESS)
			return ESIM_ETLS;
	load_roots(tls, ctx);
	if (tls->usable_roots == 0)
		return ESIM_ETLS;
	wolfSSL_CTX_SetCertCbCtx(ctx, tls);
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, on_verify);
	return 0;
}

bool http_tls_resumed(void *wolfssl)
{
	return wolfssl && wolfSSL_session_reused(wolfssl) == 1;
}

/* --- why it failed ------------------------------------------------------------------------- */

static int unknown_issuer(const struct http_tls *tls, const char *host, struct esim_error *err)
{
	esim_error_set(err, ESIM_ETLS,
		       "%s: TLS: its certificate was issued by %s, which is none of the %zu trusted TLS roots",
		       host, tls->issuer[0] ? tls->issuer : "an unknown authority",
		       tls->usable_roots);
	esim_error_advise(err, "If you trust this server's authority, add its certificate to the CI roots; "
			       "test servers need the test roots.");
	return ESIM_ETLS;
}

static int wrong_date(const char *host, bool expired, struct esim_error *err)
{
	esim_error_set(err, ESIM_ETLS, "%s: TLS: the server's certificate %s", host,
		       expired ? "has expired" : "is not valid yet");
	esim_error_advise(err, "Check this computer's date and time; if they are right, tell the operator.");
	return ESIM_ETLS;
}

static int wrong_host(const char *host, struct esim_error *err)
{
	esim_error_set(err, ESIM_ETLS, "%s: TLS: the server's certificate is for another host name",
		       host);
	esim_error_advise(err, "Check the address; if it is right, tell the operator.");
	return ESIM_ETLS;
}

/* The certificate would do for a web server; not for this one. */
static int not_an_rsp_server(const struct http_tls *tls, const char *host, struct esim_error *err)
{
	if (err)
		*err = tls->refusal;
	esim_error_prefix(err, "%s: TLS: ", host);
	esim_error_advise(err, "Do not trust this server; tell the operator.");
	return tls->refusal.code;
}

int http_tls_error(const struct http_tls *tls, const char *host, bool name_mismatch,
		   const char *detail, struct esim_error *err)
{
	char text[128];

	if (tls->refusal.code)
		return not_an_rsp_server(tls, host, err);

	if (tls->usable_roots == 0) {
		esim_error_set(err, ESIM_ETLS,
			       "%s: TLS: none of the %zu TLS roots has a name and is valid now",
			       host, tls->roots->count);
		esim_error_advise(err, "Check this computer's date and time and the CI roots.");
		return ESIM_ETLS;
	}
	switch (tls->verify_error) {
	case ASN_NO_SIGNER_E:
	case ASN_SELF_SIGNED_E:
	case STORE_NO_ISSUER:
		return unknown_issuer(tls, host, err);
	case ASN_AFTER_DATE_E:
	case STORE_EXPIRED:
		return wrong_date(host, true, err);
	case ASN_BEFORE_DATE_E:
	case STORE_NOT_YET_VALID:
		return wrong_date(host, false, err);
	case DOMAIN_NAME_MISMATCH:
	case IPADDR_MISMATCH:
		return wrong_host(host, err);
	}
	if (name_mismatch && !tls->verify_error)
		return wrong_host(host, err);
	esim_text_printable(detail, strlen(detail), text, sizeof(text));
	if (tls->verify_error)
		return esim_error_set(err, ESIM_ETLS, "%s: TLS: the certificate %s does not verify (%s)",
				      host, tls->subject, text);
	return esim_error_set(err, ESIM_ETLS, "%s: TLS: the handshake failed (%s)", host, text);
}
