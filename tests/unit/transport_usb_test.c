/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What usbccid says, as libesim's errors; addresses that are refused before a bus is looked at. */
#include "transport_schemes.h"
#include "usb_error.h"

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

static struct esim_error err;

ATF_TC_WITHOUT_HEAD(each_code_of_usbccid_has_an_error_with_its_sentence);
ATF_TC_BODY(each_code_of_usbccid_has_an_error_with_its_sentence, tc)
{
	static const struct {
		int from, code;
	} rows[] = {
		{ USBCCID_EINVAL, ESIM_EINVAL }, { USBCCID_ENOMEM, ESIM_ENOMEM },
		{ USBCCID_ENODEV, ESIM_ENODEV }, { USBCCID_ENOMEDIUM, ESIM_ENODEV },
		{ USBCCID_EMUTE, ESIM_ENODEV }, { USBCCID_EBUSY, ESIM_EBUSY },
		{ USBCCID_EACCES, ESIM_EIO }, { USBCCID_ENOTSUP, ESIM_ENOTSUP },
		{ USBCCID_EPROTO, ESIM_EPROTO }, { USBCCID_EIO, ESIM_EIO },
		{ USBCCID_ETIMEDOUT, ESIM_ETIMEDOUT }, { USBCCID_ECANCELED, ESIM_ECANCELED },
		{ USBCCID_ESTALE, ESIM_ESTALE }, { USBCCID_EOVERFLOW, ESIM_ETOOBIG },
		{ -1000, ESIM_EIO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usbccid_error cause = { .code = rows[i].from, .message = "3-1: the cause" };

		ATF_CHECK_EQ_MSG(usb_error_command(&err, &cause), rows[i].code, "%d", rows[i].from);
		ATF_CHECK_STREQ(err.message, "3-1: the cause");
		ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
		cause.sent = true;
		ATF_CHECK_EQ(usb_error_command(&err, &cause), rows[i].code);
		ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_UNKNOWN);
		ATF_CHECK_EQ(usb_error(&err, &cause), rows[i].code);
		ATF_CHECK_EQ_MSG(err.outcome, ESIM_OUTCOME_NONE, "what was no command has an outcome");
		ATF_CHECK_EQ(usb_error(NULL, &cause), rows[i].code);
	}
}

ATF_TC_WITHOUT_HEAD(who_holds_the_reader_is_named_once_with_a_way_out);
ATF_TC_BODY(who_holds_the_reader_is_named_once_with_a_way_out, tc)
{
	struct usbccid_error cause = {
		.code = USBCCID_EBUSY, .holder = "pcscd (process 512)", .message = "the reader at 3-1 is in use",
	};

	ATF_CHECK_EQ(usb_error(&err, &cause), ESIM_EBUSY);
	ATF_CHECK_STREQ(err.message, "the reader at 3-1 is in use: held by pcscd (process 512)");
	ATF_CHECK(strstr(err.advice, "pcsc:"));
	ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_TRANSPORT);
	snprintf(cause.message, sizeof(cause.message), "held by pcscd (process 512)");
	usb_error(&err, &cause);
	ATF_CHECK_STREQ(err.message, "held by pcscd (process 512)");
	snprintf(cause.holder, sizeof(cause.holder), "the kernel's euicc_ccid as /dev/euicc0");
	usb_error(&err, &cause);
	ATF_CHECK_STREQ(err.advice, "Use it as /dev/euicc0.");
	snprintf(cause.holder, sizeof(cause.holder), "the kernel's cdc_acm");
	usb_error(&err, &cause);
	ATF_CHECK(strstr(err.advice, "/sys/bus/usb/drivers/cdc_acm/unbind"));
	snprintf(cause.holder, sizeof(cause.holder), "scan (process 7)");
	usb_error(&err, &cause);
	ATF_CHECK(strstr(err.message, "held by scan (process 7)"));
	ATF_CHECK(strstr(err.advice, "stop it"));
}

ATF_TC_WITHOUT_HEAD(addresses_that_name_no_reader_are_refused);
ATF_TC_BODY(addresses_that_name_no_reader_are_refused, tc)
{
	static const char *const bad[] = {
		"nonsense", "?slot=", "?slot=x", "?slot=-1", "?slot=16", "?slot=99999999999999999999", "?slots=1",
		"1-1?slot=1x", "an address that is longer than any port of any bus",
	};
	struct esim_transport *t = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ATF_CHECK_EQ_MSG(transport_usb_open(bad[i], &t, &err), ESIM_EINVAL, "%s: %s", bad[i],
				 err.message);
		ATF_CHECK(err.message[0]);
	}
	ATF_CHECK_EQ(transport_usb_open("99-1", &t, &err), ESIM_ENODEV);
	ATF_CHECK(strstr(err.message, "99-1"));
	ATF_CHECK(t == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_code_of_usbccid_has_an_error_with_its_sentence);
	ATF_TP_ADD_TC(tp, who_holds_the_reader_is_named_once_with_a_way_out);
	ATF_TP_ADD_TC(tp, addresses_that_name_no_reader_are_refused);
	return atf_no_error();
}
