/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which profile a person means: a whole ICCID, an AID, a nickname, or the beginning of an ICCID. */
#include <esim/lpa.h>

#include <string.h>

static bool is_iccid(const struct esim_profile *profile, const char *text)
{
	char digits[ESIM_ICCID_DIGITS + 1];

	return !esim_iccid_format(&profile->iccid, digits) && strcmp(digits, text) == 0;
}

static bool is_aid(const struct esim_profile *profile, const char *text)
{
	uint8_t aid[ESIM_MAX_AID];
	size_t len;

	return profile->isdp_aid.len > 0 && !esim_hex_decode(text, aid, sizeof(aid), &len) &&
	       len == profile->isdp_aid.len && memcmp(aid, profile->isdp_aid.bytes, len) == 0;
}

static bool is_nickname(const struct esim_profile *profile, const char *text)
{
	return profile->nickname[0] && strcmp(profile->nickname, text) == 0;
}

static bool has_prefix(const struct esim_profile *profile, const char *text)
{
	char digits[ESIM_ICCID_DIGITS + 1];
	size_t len = strlen(text);

	return len > 0 && !esim_iccid_format(&profile->iccid, digits) &&
	       strncmp(digits, text, len) == 0;
}

int lpa_select_profile(const struct esim_profile *profiles, size_t count, const char *text,
		       const struct esim_profile **ret, struct esim_error *err)
{
	/* In the order of precedence: what is exact comes first. */
	static const struct {
		bool (*fits)(const struct esim_profile *profile, const char *text);
		const char *what;
	} ways[] = {
		{ is_iccid, "ICCID" },
		{ is_aid, "AID" },
		{ is_nickname, "nickname" },
		{ has_prefix, "beginning of an ICCID" },
	};

	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		const struct esim_profile *found = NULL;
		size_t fitting = 0;

		for (size_t i = 0; i < count; i++) {
			if (!ways[w].fits(&profiles[i], text))
				continue;
			found = &profiles[i];
			fitting++;
		}
		if (fitting > 1) {
			esim_error_set(err, ESIM_EINVAL, "\"%s\" fits %zu profiles as %s", text,
				       fitting, ways[w].what);
			esim_error_advise(err, "give the whole ICCID");
			return ESIM_EINVAL;
		}
		if (found) {
			*ret = found;
			return 0;
		}
	}
	esim_error_set(err, ESIM_ENOENT,
		       "no profile on this eUICC has \"%s\" as ICCID, its beginning, AID or nickname", text);
	esim_error_advise(err, "list the profiles to see what is there");
	return ESIM_ENOENT;
}
