/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See modem_rig.h. */
#include "modem_rig.h"

#include <atf-c.h>

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROXY_TRIES 6000		/* of 10 ms */

const struct modem_way modem_way_mbim = { "mbim", VMODEM_MBIM, "/usr/libexec/mbim-proxy" };
const struct modem_way modem_way_qmi = { "qmi", VMODEM_QMI, "/usr/libexec/qmi-proxy" };
const struct modem_way modem_way_at = { "at", VMODEM_AT, NULL };

struct modem_rig modem_rig;

/* --- the machine ---------------------------------------------------------------------------------- */

static void own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd;

	if (unshare(CLONE_NEWNET))
		atf_tc_skip("a network namespace is needed: %s", strerror(errno));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		atf_tc_fail("lo: %s", strerror(errno));
	close(fd);
}

static bool proxy_listens(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens;

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
	listens = fd >= 0 && !connect(fd, (struct sockaddr *)&address,
				      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
	if (fd >= 0)
		close(fd);
	return listens;
}

static void start_proxy(void)
{
	const char *proxy = modem_rig.way->proxy;

	if (!proxy)
		return;
	if (access(proxy, X_OK))
		atf_tc_skip("%s is not installed", proxy);
	modem_rig.proxy = fork();
	if (modem_rig.proxy == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(proxy, proxy, "--no-exit", (char *)NULL);
		_exit(127);
	}
	/* Where none listens yet the library starts one of its own, which would outlive the test. */
	for (int tries = 0; !proxy_listens(strrchr(proxy, '/') + 1); tries++) {
		ATF_REQUIRE_MSG(tries < PROXY_TRIES, "%s does not listen", proxy);
		usleep(10000);
	}
}

static void start_modem(const char *const *quirks)
{
	static char link[160];
	const struct vmodem_serve_options options = {
		.modem = {
			.protocols = modem_rig.way->protocol, .quirks = quirks, .slots = modem_rig.slots,
			.card = {
				.pki_dirs = { modem_rig.pki }, .pki_count = 1, .root_smds = FIXTURE_SMDS, .log = "modem.log",
			},
		},
		.pty_link = link,
	};
	struct esim_error err;

	snprintf(link, sizeof(link), "%s/m", modem_rig.directory);
	if (vmodem_start(&options, &modem_rig.modem, &err))
		atf_tc_fail("virtual modem: %s", err.message);
}

/* By the link: after a restart the terminal has another name. */
static int open_modem(struct lpa_fixture *f, struct esim_transport **ret, struct esim_error *err)
{
	const char *scheme = modem_rig.way->scheme;
	char uri[ESIM_URI_SIZE];

	(void)f;
	snprintf(uri, sizeof(uri), "%s:%s/m-%s%s", scheme, modem_rig.directory, scheme,
		 modem_rig.query ? modem_rig.query : "");
	return esim_transport_open(uri, ret, err);
}

void modem_rig_begin(const struct modem_way *way)
{
	const char *pki = getenv("COREESIM_PKI");

	if (!pki || !getenv("COREESIM_MODULES"))
		atf_tc_skip("COREESIM_PKI and COREESIM_MODULES are not set");
	modem_rig = (struct modem_rig){ .way = way };
	snprintf(modem_rig.pki, sizeof(modem_rig.pki), "%s/nist", pki);
	ATF_REQUIRE(getcwd(modem_rig.directory, sizeof(modem_rig.directory)));
	own_network();
	mkdir("state", 0700);
	setenv("COREESIM_MODEMS_STATE", "state", 1);
	setenv("COREESIM_MODEMS_CONF", "modems.conf", 1);
	setenv("COREESIM_MODEM_BROKER", "", 1);
	modem_rig_configure("");
	lpa_fixture_order("order", NULL, NULL);
	start_proxy();
	start_modem(NULL);
	modem_rig.lpa.open_transport = open_modem;
	modem_rig.lpa.apdu_timeout_ms = MODEM_RIG_APDU_TIMEOUT_MS;
	lpa_fixture_start(&modem_rig.lpa);
	modem_rig_close();
}

void modem_rig_end(void)
{
	lpa_fixture_stop(&modem_rig.lpa);
	vmodem_stop(&modem_rig.modem);
	if (modem_rig.proxy > 0) {
		kill(modem_rig.proxy, SIGTERM);
		waitpid(modem_rig.proxy, NULL, 0);
	}
}

void modem_rig_renew(const char *const *quirks)
{
	modem_rig_close();
	vmodem_stop(&modem_rig.modem);
	start_modem(quirks);
}

void modem_rig_configure(const char *text)
{
	FILE *file = fopen("modems.conf", "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		atf_tc_fail("modems.conf cannot be written");
}

/* --- the LPA ----------------------------------------------------------------------------------------- */

int modem_rig_open(struct esim_error *err)
{
	return lpa_fixture_reopen(&modem_rig.lpa, err);
}

void modem_rig_close(void)
{
	lpa_free(&modem_rig.lpa.lpa);
	esim_card_free(&modem_rig.lpa.card);
}

int modem_rig_download(struct esim_error *err)
{
	return lpa_fixture_download(&modem_rig.lpa, "order", err);
}

int modem_rig_find(struct esim_profile *ret, bool *ret_found, struct esim_error *err)
{
	struct esim_profile *profiles = NULL;
	size_t count = 0;
	int r = lpa_profiles(modem_rig.lpa.lpa, &profiles, &count, err);

	*ret_found = !r && count == 1;
	if (*ret_found)
		*ret = (struct esim_profile){ .iccid = profiles[0].iccid, .isdp_aid = profiles[0].isdp_aid,
					      .state = profiles[0].state };
	es10c_profiles_free(&profiles, count);
	return r;
}

int modem_rig_switch(bool enable, struct esim_error *err)
{
	const struct es10c_switch how = { .refresh = true };
	struct esim_profile profile;
	bool found;
	int r = modem_rig_find(&profile, &found, err);

	if (r)
		return r;
	if (!found)
		return esim_error_set(err, ESIM_ENOENT, "the profile is not there");
	return enable ? lpa_enable_profile(modem_rig.lpa.lpa, &profile, &how, err) :
			lpa_disable_profile(modem_rig.lpa.lpa, &profile, &how, err);
}

/* --- looking --------------------------------------------------------------------------------------------- */

unsigned modem_rig_stat(const char *name)
{
	char reply[VMODEM_LINE_SIZE], wanted[64];
	const char *line;

	snprintf(wanted, sizeof(wanted), "%s ", name);
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, reply, "stats"), 0);
	line = strstr(reply, wanted);
	ATF_REQUIRE_MSG(line, "no '%s' in: %s", name, reply);
	return (unsigned)strtoul(line + strlen(wanted), NULL, 10);
}

unsigned modem_rig_channels(void)
{
	char reply[VMODEM_LINE_SIZE];

	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, reply, "channels"), 0);
	return (unsigned)strtoul(reply, NULL, 10);
}
