/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every bound that libesim puts on data from outside, in one place. */
#ifndef ESIM_LIMITS_H
#define ESIM_LIMITS_H

/* The length of an array parameter: what C can say of it, C++ cannot. */
#ifdef __cplusplus
#define ESIM_AT_LEAST(n) n
#else
#define ESIM_AT_LEAST(n) static n
#endif

/* TLV */
#define ESIM_MAX_TLV_DEPTH		16
#define ESIM_MAX_TLV_OBJECT		(1024 * 1024)	/* bytes of one object */
#define ESIM_MAX_ASN1_FIELDS		16384		/* of one object: memory, far above any real one */
#define ESIM_ASN1_MAX_UNKNOWN		64		/* fields kept aside; more are skipped and counted */

/* Devices */
#define ESIM_URI_SIZE			512		/* of a device, with the final zero */
#define ESIM_MAX_DEVICES		64

/* Card */
#define ESIM_MAX_CHANNEL		19		/* highest logical channel */
#define ESIM_MAX_ATR			33
#define ESIM_MAX_AID			16
#define ESIM_MAX_ISDR_AIDS		16
#define ESIM_MAX_COMMAND		(4 + 3 + 65535 + 3)	/* extended case 4 */
#define ESIM_MAX_RESPONSE		(128 * 1024)	/* sum of a GET RESPONSE chain */
#define ESIM_MAX_STORE_DATA_BLOCKS	256		/* P2 is one byte */
#define ESIM_DEFAULT_APDU_TIMEOUT_MS	60000
#define ESIM_MAX_GET_RESPONSE		1024		/* links of one chain */
#define ESIM_MAX_BATCH			64		/* commands of one batch */
#define ESIM_MAX_BATCH_BYTES		65536		/* of its commands, and of its answers */
#define ESIM_MAX_CANCEL_WATCHES		8		/* blocking calls that one cancel handle stops */

/* ES10 */
#define ESIM_MAX_PROFILES		64
#define ESIM_MAX_NOTIFICATIONS		256
#define ESIM_MAX_CI_KEY_IDS		16
#define ESIM_MAX_KEY_ID			32
#define ESIM_MAX_RAT_RULES		64
#define ESIM_MAX_OPERATORS		64
#define ESIM_MAX_NICKNAME		64		/* characters; up to four bytes each */
#define ESIM_MAX_SERVICE_PROVIDER	32		/* characters */
#define ESIM_MAX_PROFILE_NAME		64		/* characters */
#define ESIM_MAX_ICON			1024
#define ESIM_MAX_NOTIFICATION_CONFIG	16
#define ESIM_MAX_PROFILE_OWNER_GID	16
#define ESIM_MAX_FQDN			255		/* without the final zero */

/* Servers */
#define ESIM_MAX_HTTP_BODY		(1024 * 1024)
#define ESIM_MAX_HTTP_HEADERS		(16 * 1024)
#define ESIM_MAX_SIGNED_OBJECT		4096		/* serverSigned1, smdpSigned2 */
#define ESIM_MAX_METADATA		(16 * 1024)	/* StoreMetadataRequest */
#define ESIM_MAX_CERTIFICATE		4096
#define ESIM_MAX_EXTENSIONS		32		/* of one certificate */
#define ESIM_MAX_REGISTERED_ID		64		/* contents octets */
#define ESIM_MAX_ROOTS_FILE		(256 * 1024)	/* a PEM file may hold several certificates */
#define ESIM_MAX_CHAIN			4
#define ESIM_MAX_ROOTS			64
#define ESIM_MAX_TRANSACTION_ID		16
#define ESIM_MAX_MATCHING_ID		255
#define ESIM_MAX_ACTIVATION_CODE	1024
#define ESIM_MAX_CONFIRMATION_CODE	64
#define ESIM_MAX_EVENTS			64
#define ESIM_MAX_SMDS_CASCADE		4
#define ESIM_MAX_BPP			(768 * 1024)
#define ESIM_MAX_BPP_SEGMENTS		2048
#define ESIM_MAX_RETRY_AFTER		86400	/* seconds; a server that asks for more gets this */
#define ESIM_HTTP_CONNECT_TIMEOUT_MS	30000
#define ESIM_HTTP_REQUEST_TIMEOUT_MS	120000

#endif
