/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad.conf(5): each key means what it says, each mistake is named with its line, and nothing is half taken. */
#include "lpad/daemon/config.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEC	UINT64_C(1000000)
#define MIN	(60 * SEC)
#define DAY	(24 * 60 * MIN)

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	ATF_REQUIRE(file);
	ATF_REQUIRE_EQ(fwrite(text, 1, len, file), len);
	ATF_REQUIRE_EQ(fclose(file), 0);
}

static void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

static struct config load(void)
{
	struct config config;
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(config_load("lpad.conf", "lpad.conf.d", &config, &err), 0, "%s", err.message);
	return config;
}

static void check_defaults(const struct config *config)
{
	ATF_CHECK_EQ(config->scan, CONFIG_SCAN_KERNEL | CONFIG_SCAN_USB | CONFIG_SCAN_MODEM);
	ATF_CHECK_EQ(config->apdu_timeout_ms, 60000);
	ATF_CHECK_EQ(config->check_events_usec, DAY);
	ATF_CHECK_EQ(config->consent_timeout_usec, 5 * MIN);
	ATF_CHECK_EQ(config->retry_min_usec, 30 * SEC);
	ATF_CHECK_EQ(config->retry_max_usec, DAY);
	ATF_CHECK_EQ(config->idle_exit_usec, MIN);
	ATF_CHECK_EQ(config->device_count + config->usb_allow_count + config->isdr_aid_count +
		     config->connect_to_count + config->ci_roots_count, 0);
	ATF_CHECK(!config->allow_private && !config->show_hidden_profiles && !config->device_test_mode);
	ATF_CHECK_STREQ(config->smds, "");
	ATF_CHECK_STREQ(config->imei, "");
}

ATF_TC_WITHOUT_HEAD(without_files_the_defaults_hold);
ATF_TC_BODY(without_files_the_defaults_hold, tc)
{
	struct config config = load();

	check_defaults(&config);
	config_free(&config);
}

/* The file that is installed says what holds without it. */
ATF_TC_WITHOUT_HEAD(the_sample_says_the_defaults);
ATF_TC_BODY(the_sample_says_the_defaults, tc)
{
	const char *source = getenv("COREESIM_SRC");
	char path[1024], text[256], plain[8192] = "";
	size_t len = 0;
	struct config config;
	FILE *file;

	if (!source)
		atf_tc_skip("COREESIM_SRC is not set");
	snprintf(path, sizeof(path), "%s/lpad/lpad.conf", source);
	file = fopen(path, "r");
	ATF_REQUIRE(file);
	while (fgets(text, sizeof(text), file)) {
		const char *line = text[0] == '#' && strchr(text, '=') ? text + 1 : text;

		len += (size_t)snprintf(plain + len, sizeof(plain) - len, "%s", line);
		ATF_REQUIRE(len < sizeof(plain));
	}
	fclose(file);
	write_text("lpad.conf", plain);
	config = load();
	check_defaults(&config);
	config_free(&config);
}

ATF_TC_WITHOUT_HEAD(every_key_is_taken);
ATF_TC_BODY(every_key_is_taken, tc)
{
	struct config config;

	write_text("lpad.conf",
		   "\xEF\xBB\xBF# a comment\r\n; another\n"
		   "  ; an indented one\n"
		   "[Devices] ; here too\n"
		   "Scan = usb\n"
		   "Device=unix:/run/a card?channel=basic ; and here\n"
		   "Device=/dev/euicc7\n"
		   "Device=/dev/euicc7\n"
		   "UsbAllow=08e6:3437\nUsbAllow=1-2.3\n"
		   "IsdrAid=A0000005591010FFFFFFFF8900000100\nIsdrAid=a000000559\n"
		   "ApduTimeout=2500ms\n"
		   "[Servers]\nConnectTo=a.example.com:443:127.0.0.1:8443\nCiRoots=/etc/ci\n"
		   "AllowPrivateAddresses=yes\nSmds= LPA.DS.example.com. \nCheckEvents=0\n"
		   "Imei=490154203237518\n"
		   "[Download]\nConsentTimeout=1h\n"
		   "[Notifications]\nRetryMin=1s\nRetryMax=7d\n"
		   "[Daemon]\nIdleExit=2min\nShowHiddenProfiles=yes\nDeviceTestMode=yes");
	config = load();
	ATF_CHECK_EQ(config.scan, CONFIG_SCAN_USB);
	ATF_REQUIRE_EQ(config.device_count, 2);
	ATF_CHECK_STREQ(config.devices[0], "unix:/run/a card?channel=basic");
	ATF_CHECK_STREQ(config.devices[1], "/dev/euicc7");
	ATF_REQUIRE_EQ(config.usb_allow_count, 2);
	ATF_CHECK_STREQ(config.usb_allow[1], "1-2.3");
	ATF_REQUIRE_EQ(config.isdr_aid_count, 2);
	ATF_CHECK_EQ(config.isdr_aids[0].len, 16);
	ATF_CHECK_EQ(memcmp(config.isdr_aids[1].bytes, "\xA0\x00\x00\x05\x59", 5), 0);
	ATF_CHECK_EQ(config.apdu_timeout_ms, 2500);
	ATF_REQUIRE_EQ(config.connect_to_count, 1);
	ATF_CHECK_EQ(config.connect_to[0].to_port, 8443);
	ATF_REQUIRE_EQ(config.ci_roots_count, 1);
	ATF_CHECK(config.allow_private && config.show_hidden_profiles && config.device_test_mode);
	ATF_CHECK_STREQ(config.smds, "lpa.ds.example.com");
	ATF_CHECK_EQ(config.check_events_usec, 0);
	ATF_CHECK_STREQ(config.imei, "490154203237518");
	ATF_CHECK_EQ(config.consent_timeout_usec, 60 * MIN);
	ATF_CHECK_EQ(config.retry_min_usec, SEC);
	ATF_CHECK_EQ(config.retry_max_usec, 7 * DAY);
	ATF_CHECK_EQ(config.idle_exit_usec, 2 * MIN);
	config_free(&config);
}

ATF_TC_WITHOUT_HEAD(dropins_come_after_in_the_order_of_names);
ATF_TC_BODY(dropins_come_after_in_the_order_of_names, tc)
{
	struct config config;

	ATF_REQUIRE_EQ(mkdir("lpad.conf.d", 0755), 0);
	write_text("lpad.conf", "[Devices]\nDevice=unix:/main\nUsbAllow=1-1\n[Daemon]\nIdleExit=1s\n");
	write_text("lpad.conf.d/20-b.conf", "[Devices]\nDevice=unix:/b\n[Daemon]\nIdleExit=3s\n");
	write_text("lpad.conf.d/10-a.conf", "[Devices]\nUsbAllow=\nDevice=unix:/a\n[Daemon]\nIdleExit=2s\n");
	write_text("lpad.conf.d/.hidden.conf", "nonsense");
	write_text("lpad.conf.d/30.conf~", "nonsense");
	config = load();
	ATF_REQUIRE_EQ(config.device_count, 3);
	ATF_CHECK_STREQ(config.devices[0], "unix:/main");
	ATF_CHECK_STREQ(config.devices[1], "unix:/a");
	ATF_CHECK_STREQ(config.devices[2], "unix:/b");
	ATF_CHECK_EQ(config.usb_allow_count, 0);
	ATF_CHECK_EQ(config.idle_exit_usec, 3 * SEC);
	config_free(&config);
}

static const struct mistake {
	const char *text;
	size_t len;			/* 0: strlen() */
	const char *says;		/* behind "lpad.conf:" */
} mistakes[] = {
	{ "Scan=usb\n", 0, "1: Scan stands before the first [SECTION]" },
	{ "[Devices]\nScn=usb\n", 0, "2: there is no Scn in [Devices]" },
	{ "[Devices]\nscan=usb\n", 0, "2: there is no scan in [Devices]" },
	{ "[Daemon]\nScan=usb\n", 0, "2: there is no Scan in [Daemon]" },
	{ "\n\n[Device]\n", 0, "3: there is no such section" },
	{ "[devices]\nScan=usb\n", 0, "1: there is no such section" },
	{ "[]\n", 0, "1: there is no such section" },
	{ "[Devices\nScan=usb\n", 0, "1: a section ends with ]" },
	{ "[Devices] Scan=usb\n", 0, "1: nothing but a comment comes after a section" },
	{ "[Devices]\nScan\n", 0, "2: neither KEY=VALUE, nor [SECTION], nor a comment" },
	{ "[Devices]\nScan: usb\n", 0, "2: a key and its value are joined by =" },
	{ "[Devices]\nDevice=unix:/a\n  unix:/b\n", 0, "3: a line begins with no blank" },
	{ "[Devices]\n\tDevice=unix:/a\n", 0, "2: a line begins with no blank" },
	{ "[Devices]\n\0Scan=usb\n", 20, "2: there is a NUL byte in the line" },
	{ "[Daemon]\nIdleExit=1s\0\n", 22, "2: there is a NUL byte in the line" },
	{ "[Devices]\nDevice=unix:/\xC3\x28\n", 0, "2: the line is not UTF-8" },
	{ "[Devices]\nDevice=unix:/a\001\n", 0, "2: there is a control character in the line" },
	{ "[Devices]\nScan=usb pci\n", 0, "2: Scan: kernel, usb and modem can be searched, not 'pci'" },
	{ "[Devices]\nDevice=euicc0\n", 0, "2: Device: 'euicc0' names no device" },
	{ "[Devices]\nDevice=unix:/a?x=y\n", 0, "2: Device: unknown option 'x=y' of the device" },
	{ "[Devices]\nUsbAllow=08e6\n", 0, "2: UsbAllow: VID:PID" },
	{ "[Devices]\nUsbAllow=8e6:3437\n", 0, "2: UsbAllow: VID:PID" },
	{ "[Devices]\nUsbAllow=08e6:3437:1\n", 0, "2: UsbAllow: VID:PID" },
	{ "[Devices]\nUsbAllow=1-2.\n", 0, "2: UsbAllow: VID:PID" },
	{ "[Devices]\nIsdrAid=A0000005\n", 0, "2: IsdrAid: 5 to 16 bytes" },
	{ "[Devices]\nIsdrAid=A0000005591010FFFFFFFF890000010000\n", 0, "2: IsdrAid: 5 to 16 bytes" },
	{ "[Devices]\nApduTimeout=60\n", 0, "2: ApduTimeout: a number with ms, s, min, h or d is wanted" },
	{ "[Devices]\nApduTimeout=999ms\n", 0, "2: ApduTimeout: 1s to 10min is possible" },
	{ "[Devices]\nApduTimeout=11min\n", 0, "2: ApduTimeout: 1s to 10min is possible" },
	{ "[Devices]\nApduTimeout=0\n", 0, "2: ApduTimeout: 1s to 10min is possible" },
	{ "[Devices]\nApduTimeout=\n", 0, "2: ApduTimeout: a number with ms, s, min, h or d is wanted" },
	{ "[Devices]\nApduTimeout=-1s\n", 0, "2: ApduTimeout: a number with ms, s, min, h or d is wanted" },
	{ "[Devices]\nApduTimeout=99999999999s\n", 0,
	  "2: ApduTimeout: a number with ms, s, min, h or d is wanted" },
	{ "[Servers]\nConnectTo=a:b\n", 0, "2: ConnectTo: " },
	{ "[Servers]\nCiRoots=ci.d\n", 0, "2: CiRoots: a path that begins with / is wanted" },
	{ "[Servers]\nAllowPrivateAddresses=maybe\n", 0, "2: AllowPrivateAddresses: yes or no is wanted" },
	{ "[Servers]\nSmds=a b.example\n", 0, "2: Smds: " },
	{ "[Servers]\nCheckEvents=1min\n", 0, "2: CheckEvents: 15min to 30d is possible, or 0 for never" },
	{ "[Servers]\nImei=490154203237519\n", 0, "2: Imei: the check digit" },
	{ "[Servers]\nImei=12\n", 0, "2: Imei: an IMEI has 15 digits" },
	{ "[Download]\nConsentTimeout=2d\n", 0, "2: ConsentTimeout: 1s to 1d is possible" },
	{ "[Notifications]\nRetryMax=8d\n", 0, "2: RetryMax: 1s to 7d is possible" },
	{ "[Daemon]\nDeviceTestMode=1\n", 0, "2: DeviceTestMode: yes or no is wanted" },
};

ATF_TC_WITHOUT_HEAD(a_mistake_is_named_with_file_and_line);
ATF_TC_BODY(a_mistake_is_named_with_file_and_line, tc)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		struct config config = { .scan = 77 };
		struct esim_error err;
		char expected[200];

		write_file("lpad.conf", m->text, m->len ? m->len : strlen(m->text));
		ATF_CHECK_EQ_MSG(config_load("lpad.conf", "lpad.conf.d", &config, &err), ESIM_EINVAL,
				 "%s was taken", m->says);
		snprintf(expected, sizeof(expected), "lpad.conf:%s", m->says);
		ATF_CHECK_MSG(strncmp(err.message, expected, strlen(expected)) == 0, "'%s', not '%s'",
			      err.message, expected);
		ATF_CHECK_EQ_MSG(config.scan, 77, "something was taken over: %s", m->says);
	}
}

/* inih would take the rest of a long line for a line of its own. */
ATF_TC_WITHOUT_HEAD(a_line_that_is_too_long_is_an_error);
ATF_TC_BODY(a_line_that_is_too_long_is_an_error, tc)
{
	for (size_t len = 150; len < 420; len++) {
		char text[600] = "[Devices]\nDevice=unix:/";
		struct config config;
		struct esim_error err;
		int rc;

		memset(text + strlen(text), 'a', len - strlen("Device=unix:/"));
		strcat(text, "\n");
		config_defaults(&config);
		rc = config_parse("x", text, strlen(text), &config, &err);
		if (rc)
			ATF_CHECK_STREQ(err.message, "x:2: the line is too long");
		else
			ATF_CHECK_EQ_MSG(strlen(config.devices[0]), len - strlen("Device="), "%zu", len);
		ATF_CHECK_MSG(len <= 197 ? !rc : rc != 0, "%zu: %d", len, rc);
		config_free(&config);
	}
}

ATF_TC_WITHOUT_HEAD(a_dropins_mistake_is_the_dropins);
ATF_TC_BODY(a_dropins_mistake_is_the_dropins, tc)
{
	struct config config;
	struct esim_error err;

	ATF_REQUIRE_EQ(mkdir("lpad.conf.d", 0755), 0);
	write_text("lpad.conf", "[Daemon]\nIdleExit=1s\n");
	write_text("lpad.conf.d/a.conf", "# a\n[Daemon]\n\nIdleExit=soon\n");
	ATF_CHECK_EQ(config_load("lpad.conf", "lpad.conf.d", &config, &err), ESIM_EINVAL);
	ATF_CHECK_STREQ(err.message,
			"lpad.conf.d/a.conf:4: IdleExit: a number with ms, s, min, h or d is wanted");
}

ATF_TC_WITHOUT_HEAD(values_that_do_not_go_together);
ATF_TC_BODY(values_that_do_not_go_together, tc)
{
	struct config config;
	struct esim_error err;

	write_text("lpad.conf", "[Notifications]\nRetryMin=1h\nRetryMax=1min\n");
	ATF_CHECK_EQ(config_load("lpad.conf", NULL, &config, &err), ESIM_EINVAL);
	ATF_CHECK_STREQ(err.message, "lpad.conf: RetryMin is longer than RetryMax");
}

ATF_TC_WITHOUT_HEAD(lists_are_bounded);
ATF_TC_BODY(lists_are_bounded, tc)
{
	static char text[40000];
	struct config config;
	struct esim_error err;

	strcpy(text, "[Devices]\n");
	for (int i = 0; i <= CONFIG_MAX_DEVICES; i++)
		snprintf(text + strlen(text), 40, "Device=unix:/%d\n", i);
	config_defaults(&config);
	ATF_CHECK_EQ(config_parse("x", text, strlen(text), &config, &err), ESIM_EINVAL);
	ATF_CHECK_STREQ(err.message, "x:258: Device: more than 256");
	config_free(&config);
}

/* Neither one that would never end, nor one that would block. */
ATF_TC_WITHOUT_HEAD(what_is_no_plain_file_is_not_read);
ATF_TC_BODY(what_is_no_plain_file_is_not_read, tc)
{
	struct config config;
	struct esim_error err;
	FILE *file;

	ATF_REQUIRE_EQ(mkfifo("lpad.conf", 0600), 0);
	ATF_CHECK_EQ(config_load("lpad.conf", NULL, &config, &err), ESIM_EINVAL);
	ATF_CHECK_STREQ(err.message, "lpad.conf is no regular file");
	ATF_CHECK_EQ(config_load("/dev/zero", NULL, &config, &err), ESIM_EINVAL);
	unlink("lpad.conf");
	file = fopen("lpad.conf", "w");
	ATF_REQUIRE(file);
	for (int i = 0; i < CONFIG_MAX_BYTES; i++)
		fputc('\n', file);
	fclose(file);
	config = load();
	config_free(&config);
	file = fopen("lpad.conf", "a");
	fputc('\n', file);
	fclose(file);
	ATF_CHECK_EQ(config_load("lpad.conf", NULL, &config, &err), ESIM_EINVAL);
	ATF_CHECK_STREQ(err.message, "lpad.conf is longer than 256 KiB");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, without_files_the_defaults_hold);
	ATF_TP_ADD_TC(tp, the_sample_says_the_defaults);
	ATF_TP_ADD_TC(tp, every_key_is_taken);
	ATF_TP_ADD_TC(tp, dropins_come_after_in_the_order_of_names);
	ATF_TP_ADD_TC(tp, a_mistake_is_named_with_file_and_line);
	ATF_TP_ADD_TC(tp, a_line_that_is_too_long_is_an_error);
	ATF_TP_ADD_TC(tp, a_dropins_mistake_is_the_dropins);
	ATF_TP_ADD_TC(tp, values_that_do_not_go_together);
	ATF_TP_ADD_TC(tp, lists_are_bounded);
	ATF_TP_ADD_TC(tp, what_is_no_plain_file_is_not_read);
	return atf_no_error();
}
