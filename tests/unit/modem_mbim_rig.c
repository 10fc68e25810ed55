/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modem_mbim_rig.h"

#include <atf-c.h>
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define APDU_TIMEOUT_MS 20000u
#define CANNOT 77			/* exit status: no namespaces here */

static const uint8_t isdr[] = { 0xA0, 0, 0, 5, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0, 0, 1, 0 };
static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0, 6, 0xBF, 0x3E, 3, 0x5C, 1, 0x5A, 0 };

/* --- the process of a story -------------------------------------------------------------------------- */

static void tell_story(void (*story)(struct mbim_rig *), const char *pki)
{
	struct mbim_rig rig = { 0 };

	REQUIRE(getcwd(rig.here, sizeof(rig.here)));
	snprintf(rig.pki, sizeof(rig.pki), "%s/nist", pki);
	snprintf(rig.link, sizeof(rig.link), "%s/m", rig.here);
	snprintf(rig.state, sizeof(rig.state), "%s/state", rig.here);
	snprintf(rig.config, sizeof(rig.config), "%s/modems.conf", rig.here);
	mkdir(rig.state, 0700);
	setenv("COREESIM_MODEMS_STATE", rig.state, 1);
	setenv("COREESIM_MODEMS_CONF", rig.config, 1);
	rig.options = (struct vmodem_serve_options){
		.modem = { .protocols = VMODEM_MBIM, .card = { .pki_dirs = { rig.pki }, .pki_count = 1 } },
		.pty_link = rig.link,
	};
	story(&rig);
	mbim_rig_stop(&rig);
	_exit(0);
}

/*
 * The first process of a process namespace ends all others of it with itself: the proxy that libmbim starts, too. The test's
 * own process stays where it is. Nothing at exit: a leak checker cannot trace into another namespace.
 */
static void tell_apart(void (*story)(struct mbim_rig *), const char *pki)
{
	int status = 0;
	pid_t first;

	if (unshare(CLONE_NEWNET | CLONE_NEWPID))
		_exit(CANNOT);
	first = fork();
	if (first == 0)
		tell_story(story, pki);
	if (first < 0 || waitpid(first, &status, 0) != first)
		_exit(CANNOT);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1);
}

void mbim_rig_run(void (*story)(struct mbim_rig *rig))
{
	const char *pki = getenv("COREESIM_PKI");
	int status = 0;
	pid_t child;

	if (!pki)
		atf_tc_skip("COREESIM_PKI is not set");
	if (access("/usr/libexec/mbim-proxy", X_OK))
		atf_tc_skip("mbim-proxy is not installed");
	child = fork();
	ATF_REQUIRE(child >= 0);
	if (child == 0)
		tell_apart(story, pki);
	while (waitpid(child, &status, 0) < 0)
		ATF_REQUIRE_EQ(EINTR, errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		atf_tc_skip("namespaces for network and processes are needed");
	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the story failed: see stderr");
}

/* --- the modem ------------------------------------------------------------------------------------------- */

void mbim_rig_configure(struct mbim_rig *rig, const char *config)
{
	FILE *file = fopen(rig->config, "w");

	REQUIRE(file);
	fprintf(file, "[*]\n%s\n", config ? config : "");
	REQUIRE(fclose(file) == 0);
}

void mbim_rig_start(struct mbim_rig *rig, const char *const *quirks, const char *config)
{
	mbim_rig_configure(rig, config);
	rig->options.modem.quirks = quirks;
	REQUIRE_MSG(vmodem_start(&rig->options, &rig->modem, &rig->err) == 0, "vmodem: %s", rig->err.message);
}

void mbim_rig_stop(struct mbim_rig *rig)
{
	mbim_rig_close(rig);
	vmodem_stop(&rig->modem);
}

void mbim_rig_say(struct mbim_rig *rig, const char *command)
{
	char reply[VMODEM_LINE_SIZE];

	REQUIRE_MSG(vmodem_ask(rig->modem, reply, "%s", command) == 0, "%s: %s", command, reply);
}

unsigned mbim_rig_channels(struct mbim_rig *rig)
{
	char reply[VMODEM_LINE_SIZE];

	REQUIRE(vmodem_ask(rig->modem, reply, "channels") == 0);
	return (unsigned)strtoul(reply, NULL, 10);
}

unsigned mbim_rig_stat(struct mbim_rig *rig, const char *name)
{
	char reply[VMODEM_LINE_SIZE], *line;

	REQUIRE(vmodem_ask(rig->modem, reply, "stats") == 0);
	line = strstr(reply, name);
	REQUIRE_MSG(line, "no %s in %s", name, reply);
	return (unsigned)strtoul(line + strlen(name), NULL, 10);
}

bool mbim_rig_state_is(struct mbim_rig *rig, const char *line)
{
	char reply[VMODEM_LINE_SIZE];

	REQUIRE(vmodem_ask(rig->modem, reply, "state") == 0);
	return strstr(reply, line);
}

/* --- the transport ------------------------------------------------------------------------------------------ */

int mbim_rig_open(struct mbim_rig *rig, const char *suffix)
{
	const struct esim_transport_ops *ops;
	char rest[256];
	void *priv;
	int r;

	snprintf(rest, sizeof(rest), "%s-mbim%s", rig->link, suffix);
	esim_error_clear(&rig->err);
	r = mbim_open(rest, NULL, &ops, &priv, &rig->err);
	if (!r)
		rig->mbim = priv;
	return r;
}

void mbim_rig_close(struct mbim_rig *rig)
{
	if (rig->mbim)
		mbim_close(rig->mbim);
	rig->mbim = NULL;
}

int mbim_rig_isdr(struct mbim_rig *rig, uint32_t *ret_handle)
{
	esim_error_clear(&rig->err);
	return mbim_channel_open(rig->mbim, 0, esim_slice(isdr, sizeof(isdr)), 0, ret_handle, NULL, APDU_TIMEOUT_MS,
				 &rig->err);
}

int mbim_rig_eid(struct mbim_rig *rig, uint32_t handle, unsigned timeout_ms)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	int r;

	esim_error_clear(&rig->err);
	r = mbim_channel_transmit(rig->mbim, handle, esim_slice(get_eid, sizeof(get_eid)), &response, timeout_ms,
				  &rig->err);
	/* BF3E 12 5A 10 EID 9000 */
	if (!r && (response.len != 23 || response.data[0] != 0xBF || response.data[21] != 0x90))
		r = esim_error_set(&rig->err, ESIM_ESW, "the answer is %zu bytes and ends with %02X%02X", response.len,
				   response.data[response.len - 2], response.data[response.len - 1]);
	esim_buf_free(&response);
	return r;
}

void mbim_rig_is_healthy(struct mbim_rig *rig)
{
	uint32_t handle;

	REQUIRE_MSG(mbim_rig_isdr(rig, &handle) == 0, "%s", rig->err.message);
	REQUIRE_MSG(mbim_rig_eid(rig, handle, APDU_TIMEOUT_MS) == 0, "%s", rig->err.message);
	mbim_channel_close(rig->mbim, handle);
	REQUIRE_MSG(mbim_rig_channels(rig) == 0, "%u channels are left", mbim_rig_channels(rig));
}

/* --- around it ------------------------------------------------------------------------------------------------- */

/* Who listens: asked of the socket. */
pid_t mbim_rig_proxy(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0mbim-proxy" };
	socklen_t len = sizeof(struct ucred);
	struct ucred peer = { 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(fd >= 0);
	REQUIRE(connect(fd, (struct sockaddr *)&address,
			offsetof(struct sockaddr_un, sun_path) + 1 + strlen("mbim-proxy")) == 0);
	REQUIRE(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0);
	close(fd);
	return peer.pid;
}

double mbim_rig_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
