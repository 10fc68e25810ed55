/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to reset; see atr.h. */
#include "vreader/atr.h"

#include <string.h>

#define DEFAULT_RATE	0x11		/* Fi 372, Di 1 */
#define DEFAULT_IFSC	32
#define DEFAULT_WAITING	0x4D		/* BWI 4, CWI 13 */
#define MAX_LEVELS	8

enum { HAS_TA = 1, HAS_TB = 2, HAS_TC = 4, HAS_TD = 8 };
enum { TA, TB, TC, TD };

/* One level of interface bytes; absent ones are negative. False: the bytes end too early. */
static bool take_level(struct esim_slice atr, size_t *at, unsigned has, int ret[4])
{
	for (unsigned i = TA; i <= TD; i++) {
		ret[i] = -1;
		if (!(has & 1u << i))
			continue;
		if (*at >= atr.len)
			return false;
		ret[i] = atr.data[(*at)++];
	}
	return true;
}

static void take_t1(const int level[4], struct vreader_atr *ret)
{
	if (level[TA] > 0 && level[TA] < 0xFF)
		ret->ifsc = (uint8_t)level[TA];
	if (level[TB] >= 0)
		ret->waiting = (uint8_t)level[TB];
	ret->crc = level[TC] >= 0 && level[TC] & 1;
}

void vreader_atr_parse(struct esim_slice atr, struct vreader_atr *ret)
{
	unsigned has, protocol = 0, number = 1;
	bool t1_seen = false;
	size_t at = 2;
	int level[4];

	*ret = (struct vreader_atr){ .ta1 = DEFAULT_RATE, .ifsc = DEFAULT_IFSC,
				     .waiting = DEFAULT_WAITING };
	for (has = atr.len > 1 ? atr.data[1] >> 4 : 0; has && number <= MAX_LEVELS; number++) {
		if (!take_level(atr, &at, has, level))
			break;
		if (number == 1 && level[TA] >= 0)
			ret->ta1 = (uint8_t)level[TA];
		if (number == 2 && level[TA] >= 0)
			ret->specific = !(level[TA] & 0x10);
		if (number > 2 && protocol == 1 && !t1_seen) {
			t1_seen = true;
			take_t1(level, ret);
		}
		has = level[TD] >= 0 ? (unsigned)level[TD] >> 4 : 0;
		if (level[TD] < 0)
			break;
		protocol = (unsigned)level[TD] & 0x0F;
		if (number == 1)
			ret->protocol = (uint8_t)protocol;
		if (protocol <= 1)
			ret->offered |= (uint8_t)(1u << protocol);
	}
	if (!ret->offered)
		ret->offered = 1;
}

size_t vreader_atr_make_t1(const struct vreader_options *options, uint8_t ret[ESIM_MAX_ATR])
{
	static const uint8_t historical[] = { 0x80, 0x31, 0xE0, 0x73, 0xFE, 0x21, 0x1B, 0x63, 0x57,
					      0x4A, 0x45, 0x53, 0x49, 0x4D, 0x00 };
	const uint8_t ifsc = (uint8_t)(options->t1_ifsc ? options->t1_ifsc : 254);
	const uint8_t waiting = (uint8_t)(options->t1_bwi << 4 | (options->t1_cwi ? options->t1_cwi : 5));
	/* TA1 TD1 | TD2 | TA3 TB3 [TC3] TD3 | TA4: supply voltages of a UICC */
	const uint8_t start[] = { 0x3B, 0x90 | sizeof(historical), 0x96, 0x81,
				  options->t1_crc ? 0xF1 : 0xB1, ifsc, waiting };
	uint8_t check = 0;
	size_t len = sizeof(start);

	memcpy(ret, start, len);
	if (options->t1_crc)
		ret[len++] = 1;
	ret[len++] = 0x1F;
	ret[len++] = 0xC7;
	memcpy(ret + len, historical, sizeof(historical));
	len += sizeof(historical);
	for (size_t i = 1; i < len; i++)
		check ^= ret[i];
	ret[len++] = check;
	return len;
}
