/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libesim loads for `qmi:`. */
#include "qmi.h"

#include <esim/transport_module.h>

const struct esim_transport_module esim_transport_module = {
	.magic = ESIM_TRANSPORT_MODULE_MAGIC,
	.size = sizeof(esim_transport_module),
	.version = COREESIM_VERSION,
	.scheme = "qmi",
	.open = qmi_open,
};
