/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root CIs of GSMA's production eSIM PKI, as public facts: name, key id and key.
 * GSMA publishes the list; a card says by its CI key ids which of them it trusts.
 */
#include <esim/lpa.h>

#include <string.h>

static const struct {
	const char *name;
	const char *key_id;		/* hex */
	const char *point;		/* hex, uncompressed */
	enum esim_curve curve;
} known[] = {
	{
		"OISTE GSMA CI G1",
		"4C27967AD20C14B391E9601E41E604AD57C0222F",
		"04BD9DECDCF142E0D82B09C08C98727A0C9EBABB3007B8B72F8C99CE9FE4ED04D4"
		"E14BB6072C3C8709ADAFEC3FB34CFF974ED82A81C2E8079E8685AF44410438C4",
		ESIM_CURVE_P256,
	},
	{
		"GSM Association - RSP2 Root CI1",
		"81370F5125D0B1D408D4C3B232E6D25E795BEBFB",
		"049D6ABAD2F41C2317E76189EBF8DE89BB00A997D42D68FF5F5D29FCC8A7EAC799"
		"37E85FE65968BDB08DB81DA7BA72F3F8EF140F4494081515A3C7BA9FD5F54EE6",
		ESIM_CURVE_P256,
	},
};

static int add(struct esim_pool *pool, size_t i, struct esim_slice key_id, struct esim_error *err)
{
	struct esim_public_key key = { .curve = known[i].curve };
	size_t len;

	if (esim_hex_decode(known[i].point, key.point, sizeof(key.point), &len) ||
	    len != sizeof(key.point))
		return esim_error_set(err, ESIM_EINVAL, "the built-in anchor %s is malformed",
				      known[i].name);
	return esim_pool_add_key(pool, key_id, known[i].name, &key, err);
}

int esim_pool_add_known(struct esim_pool *pool, const struct esim_key_id_list *wanted,
			size_t *ret_added, struct esim_error *err)
{
	size_t added = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t bytes[ESIM_MAX_KEY_ID];
		struct esim_slice key_id = { .data = bytes };
		int rc = esim_hex_decode(known[i].key_id, bytes, sizeof(bytes), &key_id.len);

		if (!rc && wanted && !esim_key_id_list_has(wanted, key_id))
			continue;
		if (!rc)
			rc = add(pool, i, key_id, err);
		if (rc)
			return rc;
		added++;
	}
	*ret_added = added;
	return 0;
}
