/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts end what is under way, cleanly; a second one at once. */
#include "signals.h"

#include "prompt.h"

#include <signal.h>
#include <unistd.h>

/* The signal handler has nothing else to hold on to. */
static struct esim_cancel *interrupted;

/* The second one stops what cleans up after the first, be it stuck where no handle reaches. */
#define LAST_WORDS_SECONDS 2

static void on_signal(int signal_number)
{
	static volatile sig_atomic_t again;

	(void)signal_number;
	esim_cancel_trigger(interrupted);
	if (again)
		alarm(LAST_WORDS_SECONDS);
	again = true;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	prompt_restore_echo();
	_exit(EXIT_REFUSED);
}

/* Ends the process at once, as it always does, but with a terminal that can be used. */
static void on_quit(int signal_number)
{
	prompt_restore_echo();
	raise(signal_number);
}

int signals_catch(struct app *app)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct sigaction stop = { .sa_handler = on_alarm };
	const struct sigaction quit = { .sa_handler = on_quit, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	struct sigaction hang_up;

	if (esim_cancel_new(&app->cancel))
		return esim_error_set(&app->err, ESIM_ENOMEM, "no cancel handle");
	interrupted = app->cancel;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &stop, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	/* nohup(1) has asked for this one to be ignored. */
	if (!sigaction(SIGHUP, NULL, &hang_up) && hang_up.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/*
 * To a call of the kernel's eUICC device a stop by the terminal is an interruption, and what the
 * card was doing is unknown then: it waits until something is asked, or all is done.
 */
void signals_put_off_stops(const struct app *app)
{
	sigset_t stop;

	if (app->where.uri[0] != '/')
		return;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}
