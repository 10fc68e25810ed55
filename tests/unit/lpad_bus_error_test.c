/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every failure of libesim has one of the names that the API documents, and keeps its sentence. */
#include "lpad_fake_model.h"

static const char *const documented[] = {
	"InvalidArgument", "NotAuthorized", "NotFound", "NotSupported", "NotReady", "WrongState", "Busy", "TooMany",
	"Card", "Transport", "Network", "Server", "Verification", "Refused", "Cancelled", "Timeout", "System",
};

static const char *name_of(int code, int domain)
{
	struct esim_error err;

	esim_error_clear(&err);
	esim_error_set(&err, code, "x");
	if (domain >= 0)
		err.domain = (enum esim_domain)domain;
	return bus_error_name(&err);
}

static bool is_documented(const char *name)
{
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		if (strcmp(documented[i], name) == 0)
			return true;
	return false;
}

ATF_TC_WITHOUT_HEAD(every_code_in_every_domain_has_a_documented_name);
ATF_TC_BODY(every_code_in_every_domain_has_a_documented_name, tc)
{
	for (int code = ESIM_EINVAL; code >= ESIM_ESTALE; code--)
		for (int domain = -1; domain <= (int)ESIM_DOMAIN_SYSTEM; domain++)
			ATF_CHECK_MSG(is_documented(name_of(code, domain)), "%s in %d: %s", esim_code_name(code),
				      domain, name_of(code, domain));
	ATF_CHECK(is_documented(name_of(-1000, -1)));
}

static const struct {
	int code, domain;
	const char *name;
} expected[] = {
	{ ESIM_EINVAL, -1, "InvalidArgument" }, { ESIM_ENOMEM, -1, "System" },
	{ ESIM_ETOOBIG, ESIM_DOMAIN_SERVER, "Server" }, { ESIM_ETOOBIG, ESIM_DOMAIN_CARD, "Card" },
	{ ESIM_EPROTO, ESIM_DOMAIN_SERVER, "Server" }, { ESIM_EPROTO, ESIM_DOMAIN_CARD, "Card" },
	{ ESIM_EPROTO, -1, "Card" }, { ESIM_EIO, -1, "Transport" }, { ESIM_EIO, ESIM_DOMAIN_SYSTEM, "System" },
	{ ESIM_ETIMEDOUT, -1, "Timeout" }, { ESIM_ECANCELED, -1, "Cancelled" }, { ESIM_ENODEV, -1, "NotReady" },
	{ ESIM_EBUSY, -1, "Busy" }, { ESIM_ENOTSUP, -1, "NotSupported" }, { ESIM_ESW, -1, "Card" },
	{ ESIM_ERESULT, -1, "Card" }, { ESIM_ENET, -1, "Network" }, { ESIM_ETLS, -1, "Network" },
	{ ESIM_EHTTP, -1, "Network" }, { ESIM_ESERVER, -1, "Server" }, { ESIM_EVERIFY, -1, "Verification" },
	{ ESIM_EREFUSED, -1, "Refused" }, { ESIM_ENOENT, -1, "NotFound" }, { ESIM_ESTALE, -1, "Transport" },
};

ATF_TC_WITHOUT_HEAD(the_name_says_where_the_cause_lies);
ATF_TC_BODY(the_name_says_where_the_cause_lies, tc)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ATF_CHECK_MSG(strcmp(name_of(expected[i].code, expected[i].domain), expected[i].name) == 0,
			      "%s: %s, not %s", esim_code_name(expected[i].code),
			      name_of(expected[i].code, expected[i].domain), expected[i].name);
}

ATF_TC_WITHOUT_HEAD(too_many_jobs_are_told_from_a_busy_card);
ATF_TC_BODY(too_many_jobs_are_told_from_a_busy_card, tc)
{
	struct esim_error err;

	esim_error_set(&err, ESIM_EBUSY, "x");
	strcpy(err.check, "tooMany");
	ATF_CHECK_STREQ(bus_error_name(&err), "TooMany");
	strcpy(err.check, "lent");
	ATF_CHECK_STREQ(bus_error_name(&err), "Busy");
}

ATF_TC_WITHOUT_HEAD(the_sentence_and_the_advice_reach_the_caller);
ATF_TC_BODY(the_sentence_and_the_advice_reach_the_caller, tc)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct esim_error err;

	esim_error_set(&err, ESIM_EBUSY, "the card is held by %s", "pcscd");
	esim_error_advise(&err, "stop it");
	ATF_CHECK(bus_error_from(&error, &err) < 0);
	ATF_CHECK_STREQ(error.name, "org.coreesim.Lpa1.Error.Busy");
	ATF_CHECK_STREQ(error.message, "the card is held by pcscd; stop it");
	sd_bus_error_free(&error);
	esim_error_clear(&err);
	ATF_CHECK(bus_error_from(&error, &err) < 0);
	ATF_CHECK_STREQ(error.name, "org.coreesim.Lpa1.Error.System");
	ATF_CHECK(error.message[0]);
	sd_bus_error_free(&error);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_code_in_every_domain_has_a_documented_name);
	ATF_TP_ADD_TC(tp, the_name_says_where_the_cause_lies);
	ATF_TP_ADD_TC(tp, too_many_jobs_are_told_from_a_busy_card);
	ATF_TP_ADD_TC(tp, the_sentence_and_the_advice_reach_the_caller);
	return atf_no_error();
}
