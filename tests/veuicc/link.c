/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cost of the link on a virtual clock; see link.h. */
#include "veuicc/link.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BITS_PER_CHARACTER 12
#define MAX_VALUE 100000000ul

static const struct {
	const char *name;
	size_t offset;
} costs[] = {
	{ "baud=", offsetof(struct veuicc_link, baud) },
	{ "apdu-us=", offsetof(struct veuicc_link, apdu_us) },
	{ "crypto-us=", offsetof(struct veuicc_link, crypto_us) },
	{ "write-us=", offsetof(struct veuicc_link, write_us) },
};

static bool parse_cost(const char *text, const char *end, struct veuicc_link *link)
{
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		size_t len = strlen(costs[i].name);
		unsigned long value;
		char *stop;

		if (strncmp(text, costs[i].name, len))
			continue;
		if (text[len] < '0' || text[len] > '9')
			return false;
		value = strtoul(text + len, &stop, 10);
		if (stop != end || value > MAX_VALUE)
			return false;
		memcpy((char *)link + costs[i].offset, &(uint32_t){ (uint32_t)value },
		       sizeof(uint32_t));
		return true;
	}
	return false;
}

int veuicc_link_parse(const char *spec, struct veuicc_link *ret, struct esim_error *err)
{
	struct veuicc_link link = { 0 };
	const char *end;

	for (const char *text = spec; text && *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, ',');
		if (!parse_cost(text, end, &link))
			return esim_error_set(err, ESIM_EINVAL,
					      "\"%.*s\" is no cost of a link; one is baud=N, apdu-us=N, crypto-us=N or write-us=N",
					      (int)(end - text), text);
	}
	*ret = link;
	return 0;
}

void veuicc_link_apdu(struct veuicc_link *link, size_t bytes)
{
	link->now_us += link->apdu_us;
	if (link->baud)
		link->now_us += (uint64_t)bytes * BITS_PER_CHARACTER * 1000000 / link->baud;
}

void veuicc_link_crypto(struct veuicc_link *link)
{
	link->now_us += link->crypto_us;
}

void veuicc_link_write(struct veuicc_link *link)
{
	link->now_us += link->write_us;
}
