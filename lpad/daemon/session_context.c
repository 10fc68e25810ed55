/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all lanes share; see session.h. A lane may hold one that the loop has replaced. */
#include "session.h"

#include <stdlib.h>

struct session_context *session_context_ref(struct session_context *context)
{
	__atomic_add_fetch(&context->references, 1, __ATOMIC_RELAXED);
	return context;
}

void session_context_unref(struct session_context *context)
{
	if (!context || __atomic_sub_fetch(&context->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	config_free(&context->config);
	esim_pool_free(&context->tls_roots);
	esim_pool_free(&context->rsp_roots);
	free(context);
}
