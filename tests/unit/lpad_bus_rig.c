/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See lpad_bus_rig.h. */
#include "lpad_bus_rig.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PATIENCE_USEC	(60 * UINT64_C(1000000))

struct rig rig;

/* --- dbus-daemon ---------------------------------------------------------------------------------- */

static const char bus_config[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>\n"
	"<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>"
	"<allow eavesdrop=\"false\"/></policy>\n"
	/* Floods are to reach lpad. */
	"<limit name=\"max_replies_per_connection\">100000</limit></busconfig>\n";

static void start_dbus(void)
{
	char directory[200], number[12];
	FILE *file = fopen("bus.conf", "w");
	int fds[2];
	ssize_t len;

	ATF_REQUIRE(file && getcwd(directory, sizeof(directory)));
	fprintf(file, bus_config, directory);
	fclose(file);
	ATF_REQUIRE_EQ(pipe(fds), 0);
	snprintf(number, sizeof(number), "%d", fds[1]);
	rig.dbus = fork();
	if (rig.dbus == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("dbus-daemon", "dbus-daemon", "--config-file=bus.conf", "--nofork", "--nopidfile",
		       "--print-address", number, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	len = read(fds[0], rig.address, sizeof(rig.address) - 1);
	ATF_REQUIRE_MSG(len > 0, "dbus-daemon does not start");
	rig.address[len] = '\0';
	rig.address[strcspn(rig.address, "\n")] = '\0';
	close(fds[0]);
}

void bus_rig_start(void)
{
	start_dbus();
	ATF_REQUIRE(sd_event_new(&rig.event) >= 0);
}

void bus_rig_end(void)
{
	sd_bus_message_unref(rig.kept);
	sd_bus_flush_close_unref(rig.polkit);
	sd_event_unref(rig.event);
	kill(rig.dbus, SIGTERM);
	waitpid(rig.dbus, NULL, 0);
}

static sd_bus *connect_client(const char *address)
{
	sd_bus *bus;

	ATF_REQUIRE(sd_bus_new(&bus) >= 0);
	ATF_REQUIRE(sd_bus_set_address(bus, address) >= 0);
	ATF_REQUIRE(sd_bus_set_bus_client(bus, true) >= 0);
	ATF_REQUIRE(sd_bus_start(bus) >= 0);
	ATF_REQUIRE(sd_bus_attach_event(bus, rig.event, SD_EVENT_PRIORITY_NORMAL) >= 0);
	return bus;
}

sd_bus *bus_rig_client(void)
{
	return connect_client(rig.address);
}

void bus_rig_client_leaves(sd_bus **client)
{
	*client = sd_bus_flush_close_unref(*client);
}

/* --- polkit ------------------------------------------------------------------------------------------ */

static int answer_polkit(sd_bus_message *message, bool yes, bool challenge)
{
	return sd_bus_reply_method_return(message, "(bba{ss})", yes, challenge, 0);
}

static int on_check(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *kind, *key, *name, *action, *id;

	(void)userdata;
	ATF_REQUIRE(sd_bus_message_enter_container(message, 'r', "sa{sv}") > 0);
	ATF_REQUIRE(sd_bus_message_read(message, "s", &kind) > 0);
	ATF_REQUIRE_STREQ(kind, "system-bus-name");
	ATF_REQUIRE(sd_bus_message_enter_container(message, 'a', "{sv}") > 0);
	ATF_REQUIRE(sd_bus_message_read(message, "{sv}", &key, "s", &name) > 0);
	ATF_REQUIRE(sd_bus_message_exit_container(message) >= 0);
	ATF_REQUIRE(sd_bus_message_exit_container(message) >= 0);
	ATF_REQUIRE(sd_bus_message_read(message, "s", &action) > 0);
	ATF_REQUIRE(sd_bus_message_enter_container(message, 'a', "{ss}") > 0);
	rig.details = !sd_bus_message_at_end(message, false);
	ATF_REQUIRE(sd_bus_message_skip(message, rig.details ? "{ss}" : "") >= 0);
	ATF_REQUIRE(sd_bus_message_exit_container(message) >= 0);
	ATF_REQUIRE(sd_bus_message_read(message, "us", &rig.flags, &id) > 0);
	snprintf(rig.action, sizeof(rig.action), "%s", action);
	snprintf(rig.subject, sizeof(rig.subject), "%s", name);
	snprintf(rig.id, sizeof(rig.id), "%s", id);
	rig.questions++;
	switch (rig.mode) {
	case POLKIT_YES:
	case POLKIT_NO:
		return answer_polkit(message, rig.mode == POLKIT_YES, false);
	case POLKIT_OWNER_ALONE:
		return answer_polkit(message, !strstr(action, ".configure"), false);
	case POLKIT_CHALLENGE:
		return answer_polkit(message, false, true);
	case POLKIT_ERROR:
		return sd_bus_error_set(error, "org.freedesktop.PolicyKit1.Error.Failed", "it has failed");
	case POLKIT_SILENT:
		sd_bus_message_unref(rig.kept);
		rig.kept = sd_bus_message_ref(message);
		return 1;
	}
	return 1;
}

static int on_cancel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *id;

	(void)userdata;
	(void)error;
	ATF_REQUIRE(sd_bus_message_read(message, "s", &id) > 0);
	ATF_CHECK_STREQ(id, rig.id);
	rig.cancelled++;
	return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable polkit_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_check, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("CancelCheckAuthorization", "s", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

void bus_rig_polkit(void)
{
	rig.polkit = bus_rig_client();
	ATF_REQUIRE(sd_bus_add_object_vtable(rig.polkit, NULL, "/org/freedesktop/PolicyKit1/Authority",
					     "org.freedesktop.PolicyKit1.Authority", polkit_vtable, NULL) >= 0);
	ATF_REQUIRE(sd_bus_request_name(rig.polkit, "org.freedesktop.PolicyKit1", 0) >= 0);
}

/* --- the loop ------------------------------------------------------------------------------------------ */

static uint64_t now(void)
{
	uint64_t usec;

	ATF_REQUIRE(sd_event_now(rig.event, CLOCK_MONOTONIC, &usec) >= 0);
	return usec;
}

void bus_rig_until(bool (*ready)(void *context), void *context)
{
	uint64_t end = now() + PATIENCE_USEC;

	while (!ready(context)) {
		ATF_REQUIRE_MSG(now() < end, "nothing comes for a minute");
		ATF_REQUIRE(sd_event_run(rig.event, 1000000) >= 0);
	}
}

/* Signals wait for the loop's turn: the second answer comes after that. */
void bus_rig_settle(sd_bus *client)
{
	for (int i = 0; i < 2; i++)
		sd_bus_message_unref(bus_rig_call(client, ROOT, "org.freedesktop.DBus.Peer", "Ping", ""));
}

/* --- calls ---------------------------------------------------------------------------------------------- */

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct calling *calling = userdata;

	(void)error;
	calling->answer = sd_bus_message_ref(message);
	return 0;
}

struct calling *bus_rig_begin(sd_bus *client, bool interactive, const char *path, const char *interface,
			  const char *member, const char *types, ...)
{
	struct calling *calling = calloc(1, sizeof(*calling));
	char full[128];
	sd_bus_message *message;
	va_list ap;

	ATF_REQUIRE(calling);
	snprintf(full, sizeof(full), "%s%s", strncmp(interface, "org.", 4) ? BUS_NAME "." : "", interface);
	ATF_REQUIRE(sd_bus_message_new_method_call(client, &message, BUS_NAME, path, full, member) >= 0);
	va_start(ap, types);
	ATF_REQUIRE(sd_bus_message_appendv(message, types, ap) >= 0);
	va_end(ap);
	ATF_REQUIRE(sd_bus_message_set_allow_interactive_authorization(message, interactive) >= 0);
	ATF_REQUIRE(sd_bus_call_async(client, NULL, message, on_answer, calling, UINT64_MAX) >= 0);
	sd_bus_message_unref(message);
	return calling;
}

bool bus_rig_answered(void *calling)
{
	return ((struct calling *)calling)->answer;
}

sd_bus_message *bus_rig_finish(struct calling *calling)
{
	sd_bus_message *answer;

	bus_rig_until(bus_rig_answered, calling);
	answer = calling->answer;
	free(calling);
	return answer;
}

const char *bus_rig_error(sd_bus_message *answer)
{
	const sd_bus_error *error = sd_bus_message_get_error(answer);
	const char prefix[] = BUS_NAME ".Error.";

	if (!error)
		return "";
	return strncmp(error->name, prefix, sizeof(prefix) - 1) ? error->name : error->name + sizeof(prefix) - 1;
}

void bus_rig_expect(sd_bus_message *answer, const char *error, const char *in_sentence)
{
	const sd_bus_error *got = sd_bus_message_get_error(answer);

	ATF_CHECK_MSG(strcmp(bus_rig_error(answer), error) == 0, "not %s: %s: %s", error, bus_rig_error(answer),
		      got ? got->message : "");
	if (got && in_sentence)
		ATF_CHECK_MSG(strstr(got->message, in_sentence), "no \"%s\" in: %s", in_sentence, got->message);
	sd_bus_message_unref(answer);
}

/* --- XML --------------------------------------------------------------------------------------- */

const char *bus_rig_tag(const char **xml, char tag[static RIG_TAG])
{
	const char *at = *xml, *end;

	tag[0] = '\0';
	while ((at = strchr(at, '<'))) {
		end = strncmp(at, "<!--", 4) == 0 ? strstr(at, "-->") : strchr(at, '>');
		ATF_REQUIRE(end);
		if (at[1] != '!' && at[1] != '?') {
			ATF_REQUIRE(end - at < RIG_TAG);
			memcpy(tag, at + 1, (size_t)(end - at - 1));
			tag[end - at - 1] = '\0';
			*xml = end + 1;
			return tag;
		}
		at = end;
	}
	return tag;
}

const char *bus_rig_attribute(const char *tag, const char *name, char value[static RIG_VALUE])
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), " %s=\"", name);
	at = strstr(tag, key);
	value[0] = '\0';
	if (at)
		snprintf(value, RIG_VALUE, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
	return value;
}

bool bus_rig_tag_is(const char *tag, const char *name)
{
	size_t len = strlen(name);

	return strncmp(tag, name, len) == 0 && !isalnum((unsigned char)tag[len]);
}

char *bus_rig_source(const char *name)
{
	const char *source = getenv("COREESIM_SRC");
	char path[512], *text = calloc(1, 65536);
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", source ? source : ".", name);
	file = fopen(path, "r");
	ATF_REQUIRE_MSG(file && text, "%s cannot be read", path);
	len = fread(text, 1, 65535, file);
	ATF_REQUIRE(len > 0 && len < 65535);
	fclose(file);
	return text;
}

/* --- an observer ------------------------------------------------------------------------------------------- */

static void pump(int from, int to, struct observer *record)
{
	uint8_t bytes[4096];
	ssize_t len;

	while ((len = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		if (record) {
			record->bytes = realloc(record->bytes, record->len + (size_t)len);
			ATF_REQUIRE(record->bytes);
			memcpy(record->bytes + record->len, bytes, (size_t)len);
			record->len += (size_t)len;
		}
		for (ssize_t sent = 0, part; sent < len; sent += part) {
			part = send(to, bytes + sent, (size_t)(len - sent), MSG_NOSIGNAL);
			if (part < 0)
				return;
		}
	}
}

static int on_inner(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct observer *observer = userdata;

	(void)source;
	(void)events;
	pump(fd, observer->outer, NULL);
	return 0;
}

static int on_outer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct observer *observer = userdata;

	(void)source;
	(void)events;
	pump(fd, observer->inner, observer);
	return 0;
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = strstr(rig.address, "path=");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ATF_REQUIRE(path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.*s", (int)strcspn(path + 5, ","), path + 5);
	ATF_REQUIRE_EQ(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void bus_rig_observe(struct observer *observer)
{
	int fds[2];

	*observer = (struct observer){ .outer = dial() };
	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	observer->inner = fds[1];
	ATF_REQUIRE(sd_event_add_io(rig.event, NULL, observer->inner, 1, on_inner, observer) >= 0);
	ATF_REQUIRE(sd_event_add_io(rig.event, NULL, observer->outer, 1, on_outer, observer) >= 0);
	ATF_REQUIRE(sd_bus_new(&observer->bus) >= 0);
	ATF_REQUIRE(sd_bus_set_fd(observer->bus, fds[0], fds[0]) >= 0);
	ATF_REQUIRE(sd_bus_set_bus_client(observer->bus, true) >= 0);
	ATF_REQUIRE(sd_bus_start(observer->bus) >= 0);
	ATF_REQUIRE(sd_bus_attach_event(observer->bus, rig.event, SD_EVENT_PRIORITY_NORMAL) >= 0);
}
