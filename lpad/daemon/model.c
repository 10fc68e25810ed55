/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and look-ups of the model; see model.h. */
#include "core.h"

const char *euicc_state_name(enum euicc_state state)
{
	static const char *const names[] = { "ready", "busy", "mute", "blocked", "gone" };

	return names[state];
}

const char *job_kind_name(enum job_kind kind)
{
	static const char *const names[] = { "download", "discover", "enable", "disable", "delete",
					     "nickname", "reset", "address", "notification", "attest" };

	return names[kind];
}

const char *job_state_name(enum job_state state)
{
	static const char *const names[] = { "queued", "running", "waiting", "done", "failed", "cancelled" };

	return names[state];
}

struct euicc *model_euiccs(struct daemon *daemon)
{
	return daemon->euiccs;
}

struct euicc *model_euicc(struct daemon *daemon, unsigned number)
{
	struct euicc *euicc = daemon->euiccs;

	while (euicc && euicc->number != number)
		euicc = euicc->next;
	return euicc;
}

struct job *model_jobs(struct daemon *daemon)
{
	return daemon->jobs;
}

struct job *model_job(struct daemon *daemon, unsigned number)
{
	struct job *job = daemon->jobs;

	while (job && job->number != number)
		job = job->next;
	return job;
}

bool model_test_mode(const struct daemon *daemon)
{
	return daemon->context->config.device_test_mode;
}

bool euicc_shows_profile(const struct euicc *euicc, const struct profile *profile)
{
	const struct config *config = &euicc->daemon->context->config;

	return profile->info.profile_class == ESIM_CLASS_OPERATIONAL || config->show_hidden_profiles ||
	       config->device_test_mode;
}
