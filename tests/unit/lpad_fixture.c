/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See lpad_fixture.h. */
#include "lpad_fixture.h"

#include "lpad/daemon/trust.h"
#include "veuicc/serve.h"

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CARD_LOG	"card.log"
#define SERVER_LOG	"notifications.log"
#define STATE		"state"
#define KILLED_IN	"killed.in"
#define CHILD_STARTS_MS	2000

static void require(int rc, const struct esim_error *err, const char *what)
{
	if (rc)
		atf_tc_fail("%s: %s", what, err->message);
}

static const char *pki_dir(void)
{
	static char path[256];
	const char *pki = getenv("COREESIM_PKI");

	if (!pki)
		atf_tc_skip("COREESIM_PKI names no PKI");
	snprintf(path, sizeof(path), "%s/nist", pki);
	return path;
}

/* --- the card ---------------------------------------------------------------------------- */

static sem_t listening;

static void say_listening(const char *address)
{
	(void)address;
	sem_post(&listening);
}

static void *serve_card(void *context)
{
	struct lpad_card *card = context;

	veuicc_serve_listen(card->veuicc, card->address, card->stop, say_listening, NULL);
	return NULL;
}

void lpad_card_start(struct lpad_card *card, const struct veuicc_options *options, const char *address)
{
	struct veuicc_options with = *options;
	struct esim_error err;

	if (with.pki_count == 0) {
		with.pki_dirs[0] = pki_dir();
		with.pki_count = 1;
	}
	with.root_smds = FIXTURE_SMDS;
	if (!with.log)
		with.log = CARD_LOG;
	snprintf(card->address, sizeof(card->address), "%s", address);
	require(veuicc_new(&with, &card->veuicc, &err), &err, "virtual eUICC");
	card->stop = eventfd(0, EFD_CLOEXEC);
	sem_init(&listening, 0, 0);
	if (card->stop < 0 || pthread_create(&card->thread, NULL, serve_card, card))
		atf_tc_fail("no thread for the card");
	sem_wait(&listening);
}

void lpad_card_stop(struct lpad_card *card)
{
	if (!card->veuicc)
		return;
	eventfd_write(card->stop, 1);
	pthread_join(card->thread, NULL);
	close(card->stop);
	veuicc_free(&card->veuicc);
}

/* --- the server --------------------------------------------------------------------------------- */

static void *serve(void *context)
{
	smdpp_run(context, NULL);
	return NULL;
}

static void point_to_server(struct lpad_fixture *f)
{
	static const char *const names[] = { FIXTURE_NAME, FIXTURE_SMDS };
	struct config *config = &f->context->config;
	struct esim_error err;
	char text[256];

	config->connect_to = realloc(config->connect_to, 2 * sizeof(*config->connect_to));
	config->connect_to_count = 2;
	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s:443:%s", names[i], smdpp_address(f->server));
		require(esim_connect_to_parse(text, &config->connect_to[i], &err), &err, text);
	}
}

void lpad_server_start(struct lpad_fixture *f, const char *fault)
{
	const struct smdpp_options options = {
		.listen = "127.0.0.1:0",
		.profiles = "profiles",
		.name = FIXTURE_NAME,
		.smds_name = FIXTURE_SMDS,
		.pki = { pki_dir() },
		.pki_count = 1,
		.svn = f->server_svn,
		.fault = fault,
		.notifications = SERVER_LOG,
	};
	struct esim_error err;

	require(smdpp_new(&options, &f->server, &err), &err, "test SM-DP+");
	if (pthread_create(&f->thread, NULL, serve, f->server))
		atf_tc_fail("no thread for the server");
	if (f->context)
		point_to_server(f);
}

void lpad_server_stop(struct lpad_fixture *f)
{
	if (!f->server)
		return;
	smdpp_stop(f->server);
	pthread_join(f->thread, NULL);
	smdpp_free(&f->server);
}

/* --- the user --------------------------------------------------------------------------------------- */

static enum lpa_answer consent(void *context, const struct lpa_offer *offer)
{
	struct lpad_fixture *f = context;

	(void)offer;
	f->consents++;
	return f->consent;
}

static enum lpa_answer ppr_consent(void *context, const struct lpa_offer *offer)
{
	struct lpad_fixture *f = context;

	(void)offer;
	f->ppr_consents++;
	return f->ppr_consent;
}

static void progress(void *context, const struct lpa_progress *p)
{
	struct lpad_fixture *f = context;

	if (p->load)
		return;
	f->steps++;
	if (f->at_step)
		f->at_step(f, p->step);
}

static void note(void *context, const char *sentence)
{
	struct lpad_fixture *f = context;

	f->notes++;
	snprintf(f->last_note, sizeof(f->last_note), "%s", sentence);
}

static enum lpa_answer why_cancelled(void *context)
{
	return ((struct lpad_fixture *)context)->why_cancelled;
}

static void make_hooks(struct lpad_fixture *f)
{
	f->hooks = (struct session_hooks){
		.context = f,
		.user = {
			.consent = consent,
			.ppr_consent = ppr_consent,
			.progress = progress,
			.note = note,
		},
		.cancel = f->cancel,
		.why_cancelled = why_cancelled,
	};
}

/* --- the daemon ------------------------------------------------------------------------------------------ */

static void load_trust(struct lpad_fixture *f)
{
	struct session_context *context = f->context;
	char command[320];

	if (f->no_roots)
		return;
	snprintf(command, sizeof(command), "mkdir -p roots && cp '%s/CERT_CI.der' roots/", pki_dir());
	if (system(command))
		atf_tc_fail("no CI certificate");
	context->config.ci_roots = calloc(1, sizeof(char *));
	context->config.ci_roots[0] = strdup("roots");
	context->config.ci_roots_count = 1;
	require(trust_load(&context->config, &context->tls_roots, &f->err), &f->err, "trust");
	require(trust_load(&context->config, &context->rsp_roots, &f->err), &f->err, "trust");
}

void lpad_daemon_start(struct lpad_fixture *f)
{
	f->context = calloc(1, sizeof(*f->context));
	session_context_ref(f->context);
	config_defaults(&f->context->config);
	/* It starts programs, which must not hold the lock when this one is killed. */
	load_trust(f);
	require(store_open(STATE, &f->store, &f->err), &f->err, "store");
	f->context->store = f->store;
	if (f->server)
		point_to_server(f);
	f->session = card_session_new(f->context);
	if (!f->session)
		atf_tc_fail("no session");
}

void lpad_daemon_stop(struct lpad_fixture *f)
{
	card_session_free(&f->session);
	session_context_unref(f->context);
	f->context = NULL;
	store_close(&f->store);
}

void lpad_fixture_start(struct lpad_fixture *f)
{
	if (mkdir("profiles", 0700) && errno != EEXIST)
		atf_tc_fail("profiles: %s", strerror(errno));
	if (esim_cancel_new(&f->cancel))
		atf_tc_fail("no cancel handle");
	/* Card and server write to peers that are killed. */
	signal(SIGPIPE, SIG_IGN);
	make_hooks(f);
	lpad_card_start(&f->card, &f->card_options, LPAD_CARD);
	snprintf(f->target.uri, sizeof(f->target.uri), "%s", LPAD_CARD);
	f->target.eid = *veuicc_eid(f->card.veuicc);
	f->target.has_eid = true;
	lpad_server_start(f, f->server_fault);
	lpad_daemon_start(f);
}

void lpad_fixture_stop(struct lpad_fixture *f)
{
	if (f->session)
		lpad_daemon_stop(f);
	lpad_server_stop(f);
	lpad_card_stop(&f->card);
	esim_cancel_free(&f->cancel);
}

/* --- a daemon that dies --------------------------------------------------------------------------------------- */

static unsigned steps_to_live;

static void tell_where(const char *step, bool ended)
{
	FILE *file = fopen(KILLED_IN, "w");

	if (file) {
		fprintf(file, "%s%s", step, ended ? " ended" : "");
		fclose(file);
	}
}

static void count_down(struct lpad_fixture *f, const char *step)
{
	static char current[40];

	(void)f;
	if (step[0])
		snprintf(current, sizeof(current), "%s", step);
	if (steps_to_live == 0 || --steps_to_live > 0)
		return;
	tell_where(current, !step[0]);
	raise(SIGKILL);
}

const char *lpad_killed_in(void)
{
	static char step[64];
	FILE *file = fopen(KILLED_IN, "r");

	step[0] = '\0';
	if (file) {
		step[fread(step, 1, sizeof(step) - 1, file)] = '\0';
		fclose(file);
	}
	return step;
}

/* Each size class of a sanitizer's allocator has a lock, which is taken when the thread's own store of blocks is used up. */
static void allocate_a_bit(void)
{
#ifdef __SANITIZE_ADDRESS__
	static void *blocks[1024];

	for (size_t size = 16; size <= 128 * 1024; size += size < 512 ? 16 : size / 8) {
		const size_t count = size < 2048 ? sizeof(blocks) / sizeof(blocks[0]) : 64;

		for (size_t i = 0; i < count; i++)
			blocks[i] = malloc(size);
		for (size_t i = 0; i < count; i++)
			free(blocks[i]);
	}
#endif
}

/*
 * A thread of the fixture's may be in the allocator in this very moment, and a sanitizer's allocator then stays locked in
 * the child for ever. One that says nothing is another try's.
 */
static pid_t fork_beside_threads(void)
{
	struct pollfd said = { .events = POLLIN };
	int pipe_fds[2], ready;
	pid_t pid;

	do {
		ATF_REQUIRE_EQ(0, pipe(pipe_fds));
		pid = fork();
		if (pid == 0) {
			allocate_a_bit();
			close(pipe_fds[0]);
			ATF_REQUIRE_EQ(1, write(pipe_fds[1], "", 1));
			close(pipe_fds[1]);
			return 0;
		}
		ATF_REQUIRE(pid > 0);
		said.fd = pipe_fds[0];
		ready = poll(&said, 1, CHILD_STARTS_MS);
		if (ready <= 0) {
			kill(pid, SIGKILL);
			ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
		}
		close(pipe_fds[0]);
		close(pipe_fds[1]);
	} while (ready <= 0);
	return pid;
}

bool lpad_killed_at(struct lpad_fixture *f, unsigned at, void (*work)(struct lpad_fixture *f))
{
	int status;
	pid_t pid;

	remove(KILLED_IN);
	pid = fork_beside_threads();
	if (pid == 0) {
		steps_to_live = at;
		f->at_step = count_down;
		lpad_daemon_start(f);
		work(f);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
	return WIFSIGNALED(status);
}

/* --- doing ------------------------------------------------------------------------------------------------------- */

int lpad_download(struct lpad_fixture *f, const char *matching_id)
{
	struct work_download work = {
		.order = {
			.source = LPA_ORDER_ADDRESS,
			.smdp_address = FIXTURE_NAME,
			.matching_id = matching_id,
		},
	};
	int rc = work_download(f->session, &f->target, &f->hooks, &work, &f->err);

	lpa_download_result_clear(&work.result);
	return rc;
}

void lpad_truth(struct lpad_fixture *f, struct snapshot *ret)
{
	memset(ret, 0, sizeof(*ret));
	require(work_truth(f->session, &f->target, NULL, false, ret, &f->err), &f->err, "truth");
}

int lpad_deliver(struct lpad_fixture *f, struct outbox *ret)
{
	struct outbox outbox = { 0 };
	int rc = work_deliver(f->session, &f->target, &f->hooks, NULL, &outbox, &f->err);

	if (ret)
		*ret = outbox;
	else
		outbox_clear(&outbox);
	return rc;
}

int lpad_switch(struct lpad_fixture *f, enum work_switch what)
{
	const struct es10c_switch how = { 0 };
	struct esim_iccid iccid;

	ATF_REQUIRE_EQ(0, esim_iccid_parse(LPAD_ICCID, &iccid));
	return work_switch(f->session, &f->target, &f->hooks, what, &iccid, &how, &f->err);
}

/* --- looking ---------------------------------------------------------------------------------------------------------- */

const char *lpad_server_numbers(void)
{
	static char numbers[1024];
	FILE *log = fopen(SERVER_LOG, "r");
	char *line = NULL;
	size_t room = 0, used = 0;

	numbers[0] = '\0';
	while (log && getline(&line, &room, log) > 0) {
		json_t *object = json_loads(line, 0, NULL);

		ATF_REQUIRE(object && json_object_get(object, "seqNumber"));
		used += (size_t)snprintf(numbers + used, sizeof(numbers) - used, "%s%lld", used ? " " : "",
					 (long long)json_integer_value(json_object_get(object, "seqNumber")));
		json_decref(object);
	}
	free(line);
	if (log)
		fclose(log);
	return numbers;
}

unsigned lpad_server_has(unsigned seq_number)
{
	unsigned count = 0;

	for (const char *at = lpad_server_numbers(); *at; at += strspn(at, " ")) {
		char *end;

		count += strtoul(at, &end, 10) == seq_number;
		at = end;
	}
	return count;
}

unsigned lpad_card_saw(const char *tag)
{
	FILE *log = fopen(CARD_LOG, "r");
	unsigned count = 0;
	char *line = NULL;
	size_t room = 0;

	while (log && getline(&line, &room, log) > 0) {
		const char *command = strstr(line, "> 8");

		/* "> 81E2910012BF41…": five bytes of header. */
		count += command && strlen(command) > 16 && strncmp(command + 4, "E2", 2) == 0 &&
			 strncmp(command + 12, tag, strlen(tag)) == 0;
	}
	free(line);
	if (log)
		fclose(log);
	return count;
}

unsigned lpad_outbox_files(struct lpad_fixture *f, const char *ending)
{
	char **names = NULL;
	size_t count = 0;
	unsigned found = 0;

	store_list(f->store, &f->target.eid, "outbox", &names, &count, NULL);
	for (size_t i = 0; i < count; i++)
		found += strlen(names[i]) > strlen(ending) &&
			 strcmp(names[i] + strlen(names[i]) - strlen(ending), ending) == 0;
	store_names_free(&names, count);
	return found;
}

bool lpad_session_is_open(struct lpad_fixture *f)
{
	struct session_record record;

	return session_record_read(f->store, &f->target.eid, &record, NULL) == 0;
}
