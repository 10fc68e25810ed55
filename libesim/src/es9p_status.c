/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What subject and reason codes of ES9+ and ES11 mean in each function (SGP.22,
 * 5.2.6, 5.6, 5.8), and what a person or the LPA can do about them.
 */
#include <esim/es9p.h>

#include <string.h>
#include <strings.h>

static const char defect[] = "This is a defect of the software or the server; please report it.";
static const char tell_operator[] = "Tell your operator; the code shown helps them.";
static const char other_ci[] = "This server serves eUICCs of another certificate issuer; ask your operator for a profile for yours.";
static const char try_again[] = "Try again.";
static const char try_later[] = "Try again later.";
static const char check_code[] = "Check the activation code: it may have been used, cancelled or mistyped.";

#define ANY NULL

static const struct {
	const char *function;		/* ANY: every function that has no row of its own */
	struct es9p_status_info info;
} rows[] = {
	{ "initiateAuthentication", { "8.8.1", "3.8", "the address is not this SM-DP+'s",
	  "Check the server address in the activation code.", ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.8.2", "3.1",
	  "the SM-DP+ supports none of the eUICC's certificate issuers", other_ci, ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.8.3", "3.1",
	  "the SM-DP+ does not support the eUICC's specification version", tell_operator,
	  ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.8.4", "3.7",
	  "the SM-DP+ has no certificate that the eUICC could verify", other_ci, ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.9.1", "3.8", "the address is not this SM-DS's",
	  "Check the SM-DS address.", ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.9.2", "3.1",
	  "the SM-DS supports none of the eUICC's certificate issuers", other_ci, ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.9.3", "3.1",
	  "the SM-DS does not support the eUICC's specification version", tell_operator,
	  ES9P_TELL_USER } },
	{ "initiateAuthentication", { "8.9.4", "3.7",
	  "the SM-DS has no certificate that the eUICC could verify", other_ci, ES9P_TELL_USER } },

	{ "authenticateClient", { "8.1.2", "6.1", "the certificate of the eUICC's manufacturer is invalid",
	  tell_operator, ES9P_TELL_USER } },
	{ "authenticateClient", { "8.1.2", "6.3", "the certificate of the eUICC's manufacturer has expired",
	  tell_operator, ES9P_TELL_USER } },
	{ "authenticateClient", { "8.1.3", "6.1", "the eUICC's certificate is invalid", tell_operator,
	  ES9P_TELL_USER } },
	{ "authenticateClient", { "8.1.3", "6.3", "the eUICC's certificate has expired", tell_operator,
	  ES9P_TELL_USER } },
	{ "authenticateClient", { "8.1", "6.1",
	  "the eUICC's signature or the server's challenge in it is wrong", try_again,
	  ES9P_FRESH_SESSION } },
	{ "authenticateClient", { "8.1.1", "3.8", "the profile is reserved for another eUICC",
	  "Use the device that the profile was ordered for, or ask your operator.", ES9P_TELL_USER } },
	{ "authenticateClient", { "8.1.4", "6.1",
	  "the EID is outside the range of its manufacturer's certificate", tell_operator,
	  ES9P_TELL_USER } },
	{ "authenticateClient", { "8.1", "4.8", "the eUICC has not enough space for this profile",
	  "Delete a profile that you do not need and try again.", ES9P_TELL_USER } },
	{ "authenticateClient", { "8.2", "1.2", "the operator has not released the profile yet",
	  try_later, ES9P_LATER } },
	{ "authenticateClient", { "8.2.5", "4.3", "there is no profile that fits this eUICC or device",
	  tell_operator, ES9P_TELL_USER } },
	{ "authenticateClient", { "8.2.6", "3.8", "the matching id is refused", check_code,
	  ES9P_TELL_USER } },
	{ "authenticateClient", { "8.8.5", "4.1", "the download order has expired",
	  "Ask your operator for a new activation code.", ES9P_TELL_USER } },
	{ "authenticateClient", { "8.8.5", "6.4", "all download attempts of this order are used up",
	  "Ask your operator for a new activation code.", ES9P_TELL_USER } },
	{ "authenticateClient", { "8.9.5", "3.9", "the SM-DS has no such event for this eUICC",
	  "Nothing waits for this eUICC; ask your operator if you expected a profile.",
	  ES9P_TELL_USER } },
	{ "authenticateClient", { "8.10.1", "3.9", "the server does not know this transaction",
	  try_again, ES9P_FRESH_SESSION } },
	{ "authenticateClient", { "8.11.1", "3.9",
	  "the server does not know the certificate issuer of the eUICC", other_ci,
	  ES9P_TELL_USER } },

	{ "getBoundProfilePackage", { "8.1", "6.1", "the eUICC's signature is wrong", try_again,
	  ES9P_FRESH_SESSION } },
	{ "getBoundProfilePackage", { "8.2", "3.7",
	  "the profile package cannot be bound once more",
	  "Ask your operator for a new activation code.", ES9P_TELL_USER } },
	{ "getBoundProfilePackage", { "8.2.7", "2.2", "a confirmation code is needed",
	  "Enter the confirmation code that your operator gave you.", ES9P_ASK_AGAIN } },
	{ "getBoundProfilePackage", { "8.2.7", "3.8", "the confirmation code is refused",
	  "Check the confirmation code; the number of attempts is limited.", ES9P_ASK_AGAIN } },
	{ "getBoundProfilePackage", { "8.2.7", "6.4",
	  "all attempts for the confirmation code are used up",
	  "Ask your operator for a new activation code.", ES9P_TELL_USER } },
	{ "getBoundProfilePackage", { "8.10.1", "3.9", "the server does not know this transaction",
	  try_again, ES9P_FRESH_SESSION } },

	{ "cancelSession", { "8.1", "6.1", "the eUICC's signature is wrong",
	  "Nothing needs to be done: the session is over on the eUICC.", ES9P_TELL_USER } },
	{ "cancelSession", { "8.8", "3.1", "the session was with another SM-DP+",
	  "Nothing needs to be done: the session is over on the eUICC.", ES9P_TELL_USER } },
	{ "cancelSession", { "8.8", "3.10", "the session was with another SM-DP+",
	  "Nothing needs to be done: the session is over on the eUICC.", ES9P_TELL_USER } },
	{ "cancelSession", { "8.10.1", "3.9", "the server does not know this transaction",
	  "Nothing needs to be done: the session is over on the eUICC.", ES9P_TELL_USER } },

	{ ANY, { "1.2.1", "2.1", "it does not accept the content type", defect, ES9P_TELL_USER } },
	{ ANY, { "1.2.2", "2.1", "it does not support this version of the protocol", tell_operator,
	  ES9P_LOWER_VERSION } },
	{ ANY, { "1.6", "2.1", "the function or one of its parameters is invalid", defect,
	  ES9P_TELL_USER } },
	{ ANY, { "8.9", "4.2", "the root SM-DS failed", try_later, ES9P_LATER } },
	{ ANY, { "8.9", "5.1", "the root SM-DS cannot be reached", try_later, ES9P_LATER } },
};

const struct es9p_status_info *es9p_status_lookup(const char *function, const char *subject_code,
						  const char *reason_code)
{
	const char *dot = strrchr(function, '.');

	if (dot)
		function = dot + 1;	/* "ES9+.CancelSession", as in struct esim_error */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].function != ANY && strcasecmp(rows[i].function, function) != 0)
			continue;
		if (strcmp(rows[i].info.subject_code, subject_code) == 0 &&
		    strcmp(rows[i].info.reason_code, reason_code) == 0)
			return &rows[i].info;
	}
	return NULL;
}
