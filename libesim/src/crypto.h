/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the trust room needs of the crypto room beyond esim/trust.h. */
#ifndef LIBESIM_CRYPTO_H
#define LIBESIM_CRYPTO_H

#include <esim/trust.h>

/* The point lies on its curve and is a public key: SP 800-56A, 5.6.2.3.4. */
bool crypto_key_valid(const struct esim_public_key *key);

/* One PEM certificate, from its BEGIN line to its END line, to DER of at most @size bytes. */
int crypto_pem_decode(struct esim_slice pem, uint8_t *out, size_t size, size_t *ret_len);

#endif
