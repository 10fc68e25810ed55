/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: in order for each eUICC, asked and answered, called off with the right reason, and ended whatever comes. */
#include "lpad_model.h"

#include <poll.h>
#include <semaphore.h>

static const struct job_request download = { .kind = JOB_DOWNLOAD, .uid = 1000, .download.interactive = true };
static const struct job_request nickname = { .kind = JOB_NICKNAME, .uid = 1000 };

static void until_state(const struct job *job, enum job_state state)
{
	while (job->state != state)
		turn();
}

/* --- a download as the LPA does it, without the servers -------------------------------------------------- */

static enum lpa_answer heard, heard_policy, heard_code;
static char heard_codes[80];
static unsigned wrong_codes;			/* to be refused before one is taken */

static int asks_for_consent(const struct card_target *target, const struct session_hooks *hooks,
			    struct esim_error *err)
{
	const struct esim_profile metadata = { .name = "x" };
	const struct lpa_offer offer = { .metadata = &metadata, .server_address = "smdp.example.com" };

	(void)target;
	heard = hooks->user.consent(hooks->context, &offer);
	return heard == LPA_YES ? 0 : esim_error_set(err, ESIM_EREFUSED, "no");
}

static int asks_for_everything(const struct card_target *target, const struct session_hooks *hooks,
			       struct esim_error *err)
{
	const struct esim_profile metadata = { .name = "x" };
	const struct lpa_offer offer = { .metadata = &metadata, .server_address = "smdp.example.com",
					 .policy_rules = ESIM_PPR1, .confirmation_code_required = true };
	char code[ESIM_MAX_CONFIRMATION_CODE + 1];
	unsigned refused = 0;

	(void)target;
	heard = hooks->user.consent(hooks->context, &offer);
	heard_policy = heard == LPA_YES ? hooks->user.ppr_consent(hooks->context, &offer) : heard;
	if (heard_policy != LPA_YES)
		return esim_error_set(err, ESIM_EREFUSED, "no");
	do {
		heard_code = hooks->user.confirmation_code(hooks->context, refused, code);
		if (heard_code != LPA_YES)
			return esim_error_set(err, ESIM_EREFUSED, "no code");
		strcat(heard_codes, code);
	} while (refused++ < wrong_codes);
	return 0;
}

static int waits_for_cancel(const struct card_target *target, const struct session_hooks *hooks,
			    struct esim_error *err)
{
	struct pollfd fired = { .fd = esim_cancel_fd(hooks->cancel), .events = POLLIN };

	(void)target;
	hooks->user.progress(hooks->context, &(struct lpa_progress){ .step = "ES9+.GetBoundProfilePackage" });
	while (poll(&fired, 1, -1) <= 0)
		;
	heard = hooks->why_cancelled(hooks->context);
	return esim_error_set(err, ESIM_ECANCELED, "cancelled");
}

static int fails(const struct card_target *target, const struct session_hooks *hooks, struct esim_error *err)
{
	(void)target, (void)hooks;
	cards[0].profiles = 2;
	return esim_error_set(err, ESIM_ESW, "the card said no");
}

/* --- order ---------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(jobs_of_one_run_in_order_and_of_others_meanwhile);
ATF_TC_BODY(jobs_of_one_run_in_order_and_of_others_meanwhile, tc)
{
	struct job *waiting;

	(void)tc;
	start();
	insert('A', 1);
	insert('B', 2);
	at_work = asks_for_consent;
	waiting = submit(euicc_of(1), download);
	until_state(waiting, JOB_WAITING);
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_BUSY);
	at_work = NULL;
	submit(euicc_of(1), nickname);
	submit(euicc_of(2), nickname);
	while (!finished[0])
		turn();
	ATF_CHECK_STREQ(finished, "3:done");
	ATF_CHECK_EQ(job_confirm(waiting, &(struct job_answer){ .has_consent = true, .consent = true }, NULL), 0);
	until_idle();
	ATF_CHECK_STREQ(finished, "3:done 1:done 2:done");
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_READY);
	stop();
}

/* --- answers -------------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_is_answered_is_taken_off_the_needs);
ATF_TC_BODY(what_is_answered_is_taken_off_the_needs, tc)
{
	struct esim_error err;
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_everything;
	job = submit(euicc_of(1), download);
	until_state(job, JOB_WAITING);
	ATF_CHECK_EQ(job->needs, JOB_NEEDS_CONSENT | JOB_NEEDS_POLICY_CONSENT | JOB_NEEDS_CONFIRMATION_CODE);
	ATF_CHECK(json_object_get(job->details, "profileMetadata"));
	ATF_CHECK_EQ(json_array_size(json_object_get(job->details, "policyConsent")), 1);
	ATF_CHECK_EQ(job_confirm(job, &(struct job_answer){ .has_consent = true, .consent = true }, &err), 0);
	ATF_CHECK_EQ(job->needs, JOB_NEEDS_POLICY_CONSENT | JOB_NEEDS_CONFIRMATION_CODE);
	while (job->state != JOB_WAITING)
		turn();
	ATF_CHECK_EQ_MSG(job_confirm(job, &(struct job_answer){ .has_consent = true, .consent = true }, &err),
			 ESIM_EINVAL, "consent was taken twice");
	ATF_CHECK_EQ(job_confirm(job, &(struct job_answer){ .has_policy_consent = true, .policy_consent = true,
							    .confirmation_code = "12" }, &err), 0);
	until_idle();
	ATF_CHECK_EQ(job->state, JOB_DONE);
	ATF_CHECK_STREQ(heard_codes, "12");
	ATF_CHECK_EQ(job_confirm(job, &(struct job_answer){ .has_consent = true, .consent = true }, &err),
		     ESIM_EINVAL);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_wrong_code_is_asked_for_again);
ATF_TC_BODY(a_wrong_code_is_asked_for_again, tc)
{
	struct job_request request = download;
	struct esim_error err;
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_everything;
	wrong_codes = 1;
	snprintf(request.download.confirmation_code, sizeof(request.download.confirmation_code), "99");
	job = submit(euicc_of(1), request);
	until_state(job, JOB_WAITING);
	ATF_CHECK_EQ_MSG(job->needs, JOB_NEEDS_CONSENT | JOB_NEEDS_POLICY_CONSENT,
			 "a code that came with the order is asked for");
	ATF_CHECK_EQ(job_confirm(job, &(struct job_answer){ .has_consent = true, .consent = true,
							    .has_policy_consent = true, .policy_consent = true },
				 &err), 0);
	while (!(job->state == JOB_WAITING && job->needs == JOB_NEEDS_CONFIRMATION_CODE))
		turn();
	ATF_CHECK_EQ(json_integer_value(json_object_get(job->details, "confirmationCodesRefused")), 1);
	ATF_CHECK_EQ(job_confirm(job, &(struct job_answer){ .confirmation_code = "12" }, &err), 0);
	until_idle();
	ATF_CHECK_EQ(job->state, JOB_DONE);
	ATF_CHECK_STREQ(heard_codes, "9912");
	stop();
}

/* The session itself answers what the call consented to: a code is all that is asked for. */
static int asks_for_a_code(const struct card_target *target, const struct session_hooks *hooks,
			   struct esim_error *err)
{
	char code[ESIM_MAX_CONFIRMATION_CODE + 1];

	(void)target;
	heard_code = hooks->user.confirmation_code(hooks->context, 0, code);
	return heard_code == LPA_YES ? 0 : esim_error_set(err, ESIM_EREFUSED, "no code");
}

ATF_TC_WITHOUT_HEAD(where_nobody_can_be_asked_for_a_code_the_job_says_so);
ATF_TC_BODY(where_nobody_can_be_asked_for_a_code_the_job_says_so, tc)
{
	struct job_request request = download;
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_a_code;
	request.download.interactive = false;
	job = submit(euicc_of(1), request);
	until_idle();
	ATF_CHECK_EQ(heard_code, LPA_NO_ANSWER);
	ATF_CHECK_EQ(job->state, JOB_FAILED);
	ATF_CHECK(strstr(job->error.message, "confirmation code"));
	stop();
}

ATF_TC_WITHOUT_HEAD(a_no_is_told_as_a_refusal);
ATF_TC_BODY(a_no_is_told_as_a_refusal, tc)
{
	struct esim_error err;
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_consent;
	job = submit(euicc_of(1), download);
	until_state(job, JOB_WAITING);
	ATF_CHECK_EQ(job_confirm(job, &(struct job_answer){ .has_consent = true, .consent = false }, &err), 0);
	until_idle();
	ATF_CHECK_EQ(heard, LPA_NO);
	ATF_CHECK_EQ(job->state, JOB_CANCELLED);
	stop();
}

ATF_TC_WITHOUT_HEAD(nobody_answers_and_that_is_told_as_a_timeout);
ATF_TC_BODY(nobody_answers_and_that_is_told_as_a_timeout, tc)
{
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_consent;
	context_->config.consent_timeout_usec = 1;
	job = submit(euicc_of(1), download);
	until_idle();
	ATF_CHECK_EQ(heard, LPA_NO_ANSWER);
	ATF_CHECK_EQ(job->state, JOB_FAILED);
	ATF_CHECK_EQ(job->needs, 0);
	stop();
}

/* --- calling off ------------------------------------------------------------------------------------------------------- */

static void cancel_waiting(enum lpa_answer reason)
{
	struct esim_error err;
	struct job *job;

	start();
	insert('A', 1);
	at_work = asks_for_consent;
	job = submit(euicc_of(1), download);
	until_state(job, JOB_WAITING);
	ATF_CHECK_EQ(job_cancel(job, reason, &err), 0);
	until_idle();
	ATF_CHECK_EQ(heard, reason);
	ATF_CHECK_EQ(job->state, JOB_CANCELLED);
	ATF_CHECK_EQ(job_cancel(job, reason, &err), ESIM_EINVAL);
	stop();
}

ATF_TC_WITHOUT_HEAD(cancelled_while_waiting_as_a_rejection);
ATF_TC_BODY(cancelled_while_waiting_as_a_rejection, tc)
{
	(void)tc;
	cancel_waiting(LPA_NO);
}

ATF_TC_WITHOUT_HEAD(cancelled_while_waiting_as_postponed);
ATF_TC_BODY(cancelled_while_waiting_as_postponed, tc)
{
	(void)tc;
	cancel_waiting(LPA_LATER);
}

ATF_TC_WITHOUT_HEAD(cancelled_at_work_fires_the_handle_with_its_reason);
ATF_TC_BODY(cancelled_at_work_fires_the_handle_with_its_reason, tc)
{
	struct esim_error err;
	struct job *job;
	unsigned looks;

	(void)tc;
	start();
	looks = insert('A', 1)->looks;
	at_work = waits_for_cancel;
	job = submit(euicc_of(1), download);
	while (strcmp(job->stage, "ES9+.GetBoundProfilePackage") != 0)
		turn();
	ATF_CHECK_EQ(job->state, JOB_RUNNING);
	ATF_CHECK(job->progress > 0);
	ATF_CHECK_EQ(job_cancel(job, LPA_NO, &err), 0);
	until_idle();
	ATF_CHECK_EQ(heard, LPA_NO);
	ATF_CHECK_EQ(job->state, JOB_CANCELLED);
	ATF_CHECK_EQ_MSG(cards[0].looks, looks + 1, "the truth was not asked for after it");
	stop();
}

ATF_TC_WITHOUT_HEAD(cancelled_in_the_queue_ends_at_once);
ATF_TC_BODY(cancelled_in_the_queue_ends_at_once, tc)
{
	struct esim_error err;
	struct job *first, *second;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_consent;
	first = submit(euicc_of(1), download);
	until_state(first, JOB_WAITING);
	second = submit(euicc_of(1), nickname);
	ATF_CHECK_EQ(job_cancel(second, LPA_LATER, &err), 0);
	ATF_CHECK_EQ(second->state, JOB_CANCELLED);
	ATF_CHECK_EQ(first->state, JOB_WAITING);
	ATF_CHECK_EQ(job_cancel(first, LPA_LATER, &err), 0);
	until_idle();
	stop();
}

/* --- truth ------------------------------------------------------------------------------------------------------------------ */

static size_t profiles_at_the_end;

static void see_the_end(void)
{
	while (!finished[0])
		turn();
	profiles_at_the_end = euicc_of(1)->profile_count;
}

static sem_t taken, may_begin;

static void waits_to_begin(void)
{
	sem_post(&taken);
	sem_wait(&may_begin);
}

/* Its thread has it already, and has done nothing: what is known of the card stays known. */
ATF_TC_WITHOUT_HEAD(cancelled_as_it_begins_changes_nothing);
ATF_TC_BODY(cancelled_as_it_begins_changes_nothing, tc)
{
	struct esim_error err;
	struct job *job;

	(void)tc;
	ATF_REQUIRE(!sem_init(&taken, 0, 0) && !sem_init(&may_begin, 0, 0));
	start();
	insert('A', 1);
	at_session = waits_to_begin;
	job = submit(euicc_of(1), nickname);
	sem_wait(&taken);
	ATF_CHECK_EQ(job_cancel(job, LPA_LATER, &err), 0);
	ATF_CHECK_EQ_MSG(job->state, JOB_QUEUED, "the thread did not have it");
	at_session = NULL;
	sem_post(&may_begin);
	until_idle();
	ATF_CHECK_STREQ(finished, "1:cancelled");
	ATF_REQUIRE(euicc_of(1)->profiles);
	ATF_CHECK(!euicc_of(1)->profiles->unknown_state);
	ATF_CHECK(euicc_of(1)->complete);
	stop();
}

ATF_TC_WITHOUT_HEAD(after_a_failure_the_lists_are_true_before_the_job_ends);
ATF_TC_BODY(after_a_failure_the_lists_are_true_before_the_job_ends, tc)
{
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	ATF_CHECK_EQ(euicc_of(1)->profile_count, 1);
	at_work = fails;
	job = submit(euicc_of(1), nickname);
	see_the_end();
	ATF_CHECK_EQ(profiles_at_the_end, 2);
	ATF_CHECK_EQ(job->state, JOB_FAILED);
	ATF_CHECK_EQ(job->error.code, ESIM_ESW);
	ATF_CHECK(euicc_of(1)->complete);
	until_idle();
	stop();
}

static int fails_and_goes_mute(const struct card_target *target, const struct session_hooks *hooks,
			       struct esim_error *err)
{
	cards[0].rc = ESIM_ETIMEDOUT;
	return fails(target, hooks, err);
}

ATF_TC_WITHOUT_HEAD(what_cannot_be_read_is_unknown_and_the_reader_is_looked_at);
ATF_TC_BODY(what_cannot_be_read_is_unknown_and_the_reader_is_looked_at, tc)
{
	(void)tc;
	start();
	insert('A', 1);
	at_work = fails_and_goes_mute;
	submit(euicc_of(1), nickname);
	see_the_end();
	ATF_CHECK_EQ(profiles_at_the_end, 1);
	ATF_CHECK(euicc_of(1)->profiles->unknown_state);
	ATF_CHECK(!euicc_of(1)->complete);
	until_idle();
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_MUTE);
	cards[0].rc = 0;
	device_changed(&daemon_, "unix:A");
	until_idle();
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_READY);
	ATF_CHECK(!euicc_of(1)->profiles->unknown_state);
	stop();
}

/* --- every path ends ----------------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_reader_that_goes_ends_what_waits_and_what_runs);
ATF_TC_BODY(a_reader_that_goes_ends_what_waits_and_what_runs, tc)
{
	struct job *running, *queued;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_consent;
	running = submit(euicc_of(1), download);
	until_state(running, JOB_WAITING);
	queued = submit(euicc_of(1), nickname);
	device_went(&daemon_, "unix:A");
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_GONE);
	until_idle();
	ATF_CHECK_EQ(running->state, JOB_FAILED);
	ATF_CHECK_EQ(running->error.code, ESIM_ENODEV);
	ATF_CHECK_EQ(queued->state, JOB_FAILED);
	ATF_CHECK_EQ(queued->error.code, ESIM_ENODEV);
	stop();
}

ATF_TC_WITHOUT_HEAD(what_is_there_no_more_takes_no_job);
ATF_TC_BODY(what_is_there_no_more_takes_no_job, tc)
{
	struct esim_error err;
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	device_went(&daemon_, "unix:A");
	until_idle();
	ATF_CHECK_EQ(job_submit(euicc_of(1), &nickname, &job, &err), ESIM_ENODEV);
	stop();
}

ATF_TC_WITHOUT_HEAD(the_end_of_lpad_postpones_what_runs);
ATF_TC_BODY(the_end_of_lpad_postpones_what_runs, tc)
{
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_consent;
	job = submit(euicc_of(1), download);
	until_state(job, JOB_WAITING);
	devices_shut(&daemon_);
	until_idle();
	ATF_CHECK_EQ(heard, LPA_LATER);
	ATF_CHECK_EQ(job->state, JOB_CANCELLED);
	stop();
}

/* --- bounds ------------------------------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(one_eUICC_has_so_many_jobs_and_no_more);
ATF_TC_BODY(one_eUICC_has_so_many_jobs_and_no_more, tc)
{
	struct esim_error err;
	struct job *job, *first;

	(void)tc;
	start();
	insert('A', 1);
	at_work = asks_for_consent;
	first = submit(euicc_of(1), download);
	until_state(first, JOB_WAITING);
	for (unsigned i = 1; i < MODEL_MAX_QUEUED; i++)
		submit(euicc_of(1), nickname);
	ATF_CHECK_EQ(job_submit(euicc_of(1), &nickname, &job, &err), ESIM_EBUSY);
	ATF_CHECK_STREQ(err.check, "tooMany");
	at_work = NULL;
	ATF_CHECK_EQ(job_cancel(first, LPA_LATER, &err), 0);
	until_idle();
	submit(euicc_of(1), nickname);
	until_idle();
	stop();
}

ATF_TC_WITHOUT_HEAD(those_that_ended_are_kept_to_a_bound_without_secrets);
ATF_TC_BODY(those_that_ended_are_kept_to_a_bound_without_secrets, tc)
{
	static const typeof(download.download) wiped;
	struct job_request request = download;
	struct job *job = NULL;
	unsigned first;

	(void)tc;
	start();
	insert('A', 1);
	snprintf(request.download.activation_code, sizeof(request.download.activation_code), "LPA:1$a$b");
	snprintf(request.download.confirmation_code, sizeof(request.download.confirmation_code), "secret");
	first = submit(euicc_of(1), request)->number;
	until_idle();
	for (unsigned i = 0; i < MODEL_MAX_ENDED; i++) {
		job = submit(euicc_of(1), request);
		until_idle();
	}
	ATF_CHECK_EQ(jobs_removed, 1);
	ATF_CHECK(!model_job(&daemon_, first));
	ATF_CHECK(model_job(&daemon_, first + 1));
	ATF_CHECK(memcmp(&job->request.download, &wiped, sizeof(wiped)) == 0);
	stop();
}

ATF_TC_WITHOUT_HEAD(one_that_took_longest_is_there_to_be_read_when_it_ends);
ATF_TC_BODY(one_that_took_longest_is_there_to_be_read_when_it_ends, tc)
{
	struct esim_error err;
	struct job *oldest;

	(void)tc;
	start();
	insert('A', 1);
	insert('B', 2);
	at_work = asks_for_consent;
	oldest = submit(euicc_of(1), download);
	until_state(oldest, JOB_WAITING);
	at_work = NULL;
	for (unsigned i = 0; i < MODEL_MAX_ENDED; i++) {
		struct job *job = submit(euicc_of(2), nickname);

		until_state(job, JOB_DONE);
	}
	ATF_CHECK_EQ(job_cancel(oldest, LPA_LATER, &err), 0);
	until_idle();
	ATF_CHECK_EQ(jobs_removed, 1);
	ATF_CHECK_EQ(model_job(&daemon_, 1), oldest);
	ATF_CHECK(!model_job(&daemon_, 2));
	stop();
}

/* --- what is lent --------------------------------------------------------------------------------------------------------------------- */

static int lent_fd;

static void lent(void *context, int fd, const struct esim_error *err)
{
	(void)context, (void)err;
	lent_fd = fd;
}

ATF_TC_WITHOUT_HEAD(a_lent_descriptor_is_in_the_way_of_a_reset_as_long_as_its_borrower_lives);
ATF_TC_BODY(a_lent_descriptor_is_in_the_way_of_a_reset_as_long_as_its_borrower_lives, tc)
{
	static const struct job_request enable = { .kind = JOB_ENABLE, .uid = 1000 };
	static const struct job_request refresh = { .kind = JOB_ENABLE, .uid = 1000, .how.refresh = true };
	static const uint8_t aid[5];
	struct esim_error err;
	struct job *job;

	(void)tc;
	start();
	insert('A', 1);
	ATF_REQUIRE_EQ(euicc_open_channel(euicc_of(1), esim_slice(aid, sizeof(aid)), ":1.7", lent, NULL, &err), 0);
	/* Even before it is open: the job would come after it. */
	ATF_CHECK_EQ(job_submit(euicc_of(1), &enable, &job, &err), ESIM_EBUSY);
	until_idle();
	ATF_CHECK_EQ(lent_fd, 1000);
	ATF_CHECK_EQ(job_submit(euicc_of(1), &enable, &job, &err), ESIM_EBUSY);
	ATF_CHECK_STREQ(err.check, "lent");
	ATF_CHECK(strstr(err.message, ":1.7"));
	submit(euicc_of(1), refresh);
	model_borrower_gone(&daemon_, ":1.8");
	ATF_CHECK_EQ(job_submit(euicc_of(1), &enable, &job, &err), ESIM_EBUSY);
	model_borrower_gone(&daemon_, ":1.7");
	submit(euicc_of(1), enable);
	until_idle();
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, jobs_of_one_run_in_order_and_of_others_meanwhile);
	ATF_TP_ADD_TC(tp, what_is_answered_is_taken_off_the_needs);
	ATF_TP_ADD_TC(tp, a_wrong_code_is_asked_for_again);
	ATF_TP_ADD_TC(tp, where_nobody_can_be_asked_for_a_code_the_job_says_so);
	ATF_TP_ADD_TC(tp, a_no_is_told_as_a_refusal);
	ATF_TP_ADD_TC(tp, nobody_answers_and_that_is_told_as_a_timeout);
	ATF_TP_ADD_TC(tp, cancelled_while_waiting_as_a_rejection);
	ATF_TP_ADD_TC(tp, cancelled_while_waiting_as_postponed);
	ATF_TP_ADD_TC(tp, cancelled_at_work_fires_the_handle_with_its_reason);
	ATF_TP_ADD_TC(tp, cancelled_in_the_queue_ends_at_once);
	ATF_TP_ADD_TC(tp, cancelled_as_it_begins_changes_nothing);
	ATF_TP_ADD_TC(tp, after_a_failure_the_lists_are_true_before_the_job_ends);
	ATF_TP_ADD_TC(tp, what_cannot_be_read_is_unknown_and_the_reader_is_looked_at);
	ATF_TP_ADD_TC(tp, a_reader_that_goes_ends_what_waits_and_what_runs);
	ATF_TP_ADD_TC(tp, what_is_there_no_more_takes_no_job);
	ATF_TP_ADD_TC(tp, the_end_of_lpad_postpones_what_runs);
	ATF_TP_ADD_TC(tp, one_eUICC_has_so_many_jobs_and_no_more);
	ATF_TP_ADD_TC(tp, those_that_ended_are_kept_to_a_bound_without_secrets);
	ATF_TP_ADD_TC(tp, one_that_took_longest_is_there_to_be_read_when_it_ends);
	ATF_TP_ADD_TC(tp, a_lent_descriptor_is_in_the_way_of_a_reset_as_long_as_its_borrower_lives);
	return atf_no_error();
}
