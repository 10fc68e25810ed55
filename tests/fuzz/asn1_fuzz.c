/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzer of the schema-checked decoder. The first byte selects the type; what
 * decodes is read at every path that the seeds have, and its slices must lie in
 * the input.
 */
#include <esim/asn1.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The corpus depends on the order: add at the end. */
static const char *const types[] = {
	"EuiccConfiguredAddressesRequest",
	"EuiccConfiguredAddressesResponse",
	"SetDefaultDpAddressRequest",
	"SetDefaultDpAddressResponse",
	"GetEuiccInfo1Request",
	"GetEuiccInfo2Request",
	"GetEuiccChallengeRequest",
	"GetEuiccChallengeResponse",
	"EUICCInfo1",
	"EUICCInfo2",
	"ISDRProprietaryApplicationTemplate",
	"AuthenticateServerRequest",
	"AuthenticateServerResponse",
	"ServerSigned1",
	"EuiccSigned1",
	"CtxParams1",
	"PrepareDownloadRequest",
	"PrepareDownloadResponse",
	"SmdpSigned2",
	"BoundProfilePackage",
	"InitialiseSecureChannelRequest",
	"ConfigureISDPRequest",
	"StoreMetadataRequest",
	"UpdateMetadataRequest",
	"ReplaceSessionKeysRequest",
	"ProfileInstallationResult",
	"CancelSessionRequest",
	"CancelSessionResponse",
	"NotificationMetadata",
	"ListNotificationRequest",
	"ListNotificationResponse",
	"RetrieveNotificationsListRequest",
	"RetrieveNotificationsListResponse",
	"PendingNotification",
	"NotificationSentRequest",
	"NotificationSentResponse",
	"LoadCRLRequest",
	"LoadCRLResponse",
	"GetRatRequest",
	"GetRatResponse",
	"ProfileInfoListRequest",
	"ProfileInfoListResponse",
	"EnableProfileRequest",
	"EnableProfileResponse",
	"DisableProfileRequest",
	"DisableProfileResponse",
	"DeleteProfileRequest",
	"DeleteProfileResponse",
	"EuiccMemoryResetRequest",
	"EuiccMemoryResetResponse",
	"GetEuiccDataRequest",
	"GetEuiccDataResponse",
	"SetNicknameRequest",
	"SetNicknameResponse",
	"RemoteProfileProvisioningRequest",
	"RemoteProfileProvisioningResponse",
	"ProfileElement",
	"PE-USIM",
	"EUICCResponse",
	"Certificate",
	"NameConstraints",
	"SubjectAltName",
	"CertificatePolicies",
	"BasicConstraints",
	"KeyUsage",
	"AuthorityKeyIdentifier",
	"CRLDistributionPoints",
	"CertificateList",
};

static const char *const paths[] = {
	"", "?1", "?2.?1", "authenticateResponseOk.euiccSigned1.euiccInfo2.svn",
	"authenticateResponseError.authenticateErrorCode", "smdpSigned2.ccRequiredFlag",
	"profileInfoListOk.?1.profileName", "profileInfoListOk.?1.profileClass",
	"notificationList.?1.profileInstallationResult", "notificationMetadataList.?1.seqNumber",
	"profileInstallationResultData.finalResult.errorResult.errorReason", "sequenceOf86.?2",
	"rspCapability", "profileName", "profileClass", "usim.ef-imsi.?1.fillFileContent",
	"header.iccid", "tbsCertificate.extensions.?1.critical", "tbsCertificate.version",
};

static void require_inside(struct esim_slice s, const uint8_t *data, size_t size)
{
	if (s.data < data || s.data > data + size || s.len > (size_t)(data + size - s.data))
		abort();
}

static void read_all(const struct esim_asn1 *obj, const uint8_t *data, size_t size)
{
	struct esim_slice unknown[ESIM_ASN1_MAX_UNKNOWN], slice;
	size_t kept = esim_asn1_unknown(obj, unknown, ESIM_ASN1_MAX_UNKNOWN);
	uint64_t number;
	char text[80];
	bool flag;

	for (size_t i = 0; i < kept; i++)
		require_inside(unknown[i], data, size);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (esim_asn1_slice(obj, paths[i], &slice) == 0)
			require_inside(slice, data, size);
		if (esim_asn1_whole(obj, paths[i], &slice) == 0)
			require_inside(slice, data, size);
		else if (esim_asn1_has(obj, paths[i]))
			abort();
		esim_asn1_uint(obj, paths[i], &number);
		esim_asn1_value_name(obj, paths[i]);
		esim_asn1_bool(obj, paths[i], &flag);
		esim_asn1_bit(obj, paths[i], 3);
		esim_asn1_text(obj, paths[i], text, sizeof(text));
		esim_asn1_count(obj, paths[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_asn1 *obj = NULL;
	struct esim_error err;

	if (size < 1)
		return 0;
	if (esim_asn1_decode(types[data[0] % (sizeof(types) / sizeof(types[0]))],
			     esim_slice(data + 1, size - 1), &obj, &err) == 0)
		read_all(obj, data + 1, size - 1);
	else if (obj || err.message[0] == '\0')
		abort();
	esim_asn1_free(&obj);
	return 0;
}
