/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server side of TLS on wolfSSL; see tls_server.h. */
#include "smdpp/tls_server.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_HELLO 4096

struct tls_server {
	WOLFSSL_CTX *dp, *ds;		/* ds may be NULL: no SM-DS */
	char smds_name[ESIM_MAX_FQDN + 1];
};

struct tls_connection {
	struct tls_server *tls;
	int fd;
	WOLFSSL *ssl;			/* NULL until the ClientHello has come */
};

static WOLFSSL_CTX *make_context(const struct rsp_pki_entry *entry)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_server_method());
	struct esim_buf key = ESIM_BUF_INIT;
	bool ok;

	if (!ctx)
		return NULL;
	ok = rsp_key_der(entry->key, &key) == 0 &&
	     wolfSSL_CTX_SetMinVersion(ctx, WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS &&
	     wolfSSL_CTX_use_certificate_buffer(ctx, entry->der.data, (long)entry->der.len,
						WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
	     wolfSSL_CTX_use_PrivateKey_buffer(ctx, key.data, (long)key.len,
					       WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
	esim_buf_free(&key);
	if (!ok) {
		wolfSSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static const struct rsp_pki_entry *first_entry(const struct smdpp *server, enum rsp_pki_slot slot)
{
	const struct rsp_pki_entry *entry;

	for (size_t i = 0; i < server->pki_count; i++) {
		entry = rsp_pki_entry(server->pki[i], slot);
		if (entry && entry->key)
			return entry;
	}
	return NULL;
}

int tls_server_new(const struct smdpp *server, struct tls_server **ret, struct esim_error *err)
{
	const struct rsp_pki_entry *dp = first_entry(server, RSP_PKI_DPTLS);
	const struct rsp_pki_entry *ds = first_entry(server, RSP_PKI_DSTLS);
	struct tls_server *tls;

	if (!dp)
		return esim_error_set(err, ESIM_EINVAL,
				      "no PKI directory has a DPtls certificate for %s, or the SK_CI.pem to make one",
				      server->name);
	tls = calloc(1, sizeof(*tls));
	if (!tls)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for TLS");
	wolfSSL_Init();
	memcpy(tls->smds_name, server->smds_name, sizeof(tls->smds_name));
	tls->dp = make_context(dp);
	tls->ds = ds ? make_context(ds) : NULL;
	if (!tls->dp || (ds && !tls->ds)) {
		tls_server_free(&tls);
		return esim_error_set(err, ESIM_ETLS, "the TLS certificate and key are not usable");
	}
	*ret = tls;
	return 0;
}

void tls_server_free(struct tls_server **tls)
{
	if (!tls || !*tls)
		return;
	wolfSSL_CTX_free((*tls)->dp);
	wolfSSL_CTX_free((*tls)->ds);
	free(*tls);
	*tls = NULL;
}

struct tls_connection *tls_accept(struct tls_server *tls, int fd)
{
	struct tls_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->tls = tls;
	connection->fd = fd;
	return connection;
}

/* The SM-DS shows its own certificate to those who ask for it by name in their first packet. */
static WOLFSSL_CTX *context_for(const struct tls_server *tls, const uint8_t *hello, size_t len)
{
	uint8_t name[ESIM_MAX_FQDN + 1];
	word32 name_len = sizeof(name) - 1;

	if (!tls->ds || wolfSSL_SNI_GetFromBuffer(hello, (word32)len, WOLFSSL_SNI_HOST_NAME, name,
						  &name_len) != WOLFSSL_SUCCESS)
		return tls->dp;
	name[name_len] = '\0';
	return strcasecmp((const char *)name, tls->smds_name) == 0 ? tls->ds : tls->dp;
}

static int begin(struct tls_connection *connection)
{
	uint8_t hello[MAX_HELLO];
	ssize_t len = recv(connection->fd, hello, sizeof(hello), MSG_PEEK);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? TLS_AGAIN_READ : TLS_FAILED;
	connection->ssl = wolfSSL_new(context_for(connection->tls, hello, (size_t)len));
	if (!connection->ssl || wolfSSL_set_fd(connection->ssl, connection->fd) != WOLFSSL_SUCCESS)
		return TLS_FAILED;
	wolfSSL_set_using_nonblock(connection->ssl, 1);
	return 0;
}

void tls_connection_free(struct tls_connection **connection)
{
	if (!connection || !*connection)
		return;
	wolfSSL_free((*connection)->ssl);
	free(*connection);
	*connection = NULL;
}

static int outcome(struct tls_connection *connection, int r)
{
	switch (wolfSSL_get_error(connection->ssl, r)) {
	case WOLFSSL_ERROR_WANT_READ:
		return TLS_AGAIN_READ;
	case WOLFSSL_ERROR_WANT_WRITE:
		return TLS_AGAIN_WRITE;
	case WOLFSSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return TLS_FAILED;
	}
}

int tls_handshake(struct tls_connection *connection, bool *ret_resumed)
{
	int r = connection->ssl ? 0 : begin(connection);

	if (r)
		return r;
	r = wolfSSL_accept(connection->ssl);
	if (r == WOLFSSL_SUCCESS) {
		*ret_resumed = wolfSSL_session_reused(connection->ssl);
		return 0;
	}
	r = outcome(connection, r);
	return r == 0 ? TLS_FAILED : r;
}

int tls_read(struct tls_connection *connection, void *to, size_t size)
{
	int r = wolfSSL_read(connection->ssl, to, (int)size);

	return r > 0 ? r : outcome(connection, r);
}

int tls_write(struct tls_connection *connection, const void *from, size_t size)
{
	int r = wolfSSL_write(connection->ssl, from, (int)size);

	if (r <= 0)
		r = outcome(connection, r);
	return r == 0 ? TLS_FAILED : r;
}

void tls_close_notify(struct tls_connection *connection)
{
	wolfSSL_shutdown(connection->ssl);
}
