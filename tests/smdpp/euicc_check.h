/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is it a genuine eUICC? Chain and EID range with libesim's walker, as ES9+ status codes. */
#ifndef SMDPP_EUICC_CHECK_H
#define SMDPP_EUICC_CHECK_H

#include "smdpp/server.h"

/* The verdict on a chain; subject NULL: it is good. */
struct euicc_verdict {
	const char *subject, *reason;
	const char *text;
};

/* @root_key_id empty: any CI of the server. On success *@ret_euicc points into @euicc_der. */
struct euicc_verdict euicc_check_chain(const struct smdpp *server, struct esim_slice euicc_der,
				       struct esim_slice eum_der, struct esim_slice root_key_id,
				       struct esim_cert *ret_euicc);

#endif
