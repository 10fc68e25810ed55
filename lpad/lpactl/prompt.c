/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions on standard error, answers from standard input, read byte by byte so that none is lost. */
#include "prompt.h"

#include "output.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

/* 1: a byte, 0: the end (or the user interrupted), negative: errno. */
static int read_byte(const struct app *app, int fd, char *ret)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = esim_cancel_fd(app->cancel), .events = POLLIN },
	};
	sigset_t mask;
	ssize_t n;

	/* Here the terminal may stop us: see main.c. */
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, SIGTSTP);
	for (;;) {
		if (esim_cancel_triggered(app->cancel))
			return 0;
		if (ppoll(fds, 2, NULL, &mask) < 0 && errno != EINTR)
			return -errno;
		if (!(fds[0].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)))
			continue;
		n = read(fd, ret, 1);
		if (n >= 0)
			return (int)n;
		if (errno != EINTR)
			return -errno;
	}
}

/* 1: a line, maybe an empty one; 0: the end of input; ESIM_ETOOBIG reads it away all the same. */
static int read_line(const struct app *app, int fd, char *line, size_t size)
{
	size_t len = 0;
	int rc;
	char c;

	while ((rc = read_byte(app, fd, &c)) == 1 && c != '\n') {
		if (len < size)
			line[len] = c;
		len++;
	}
	if (rc < 0)
		return ESIM_EIO;
	if (len >= size) {
		explicit_bzero(line, size);
		return ESIM_ETOOBIG;
	}
	line[len] = '\0';
	return rc == 1 || len > 0;
}

static void trim(char *line)
{
	const char *space = " \t\r";
	size_t lead = strspn(line, space), len;

	memmove(line, line + lead, strlen(line + lead) + 1);
	for (len = strlen(line); len > 0 && strchr(space, line[len - 1]); len--)
		line[len - 1] = '\0';
}

int prompt_read_file(struct app *app, const char *file, const char *what, char *line, size_t size)
{
	const bool standard_input = strcmp(file, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0) {
		esim_error_errno(&app->err, ESIM_EINVAL, errno, "the file of %s", what);
		app->err.domain = ESIM_DOMAIN_USAGE;
		return ESIM_EINVAL;
	}
	rc = read_line(app, fd, line, size);
	if (!standard_input)
		close(fd);
	if (rc < 0)
		return esim_error_set(&app->err, ESIM_EINVAL, rc == ESIM_ETOOBIG ?
				      "%s is too long" : "%s cannot be read", what);
	trim(line);
	if (esim_cancel_triggered(app->cancel))
		return esim_error_set(&app->err, ESIM_ECANCELED, "cancelled");
	if (!line[0])
		return esim_error_set(&app->err, ESIM_EINVAL, "the file of %s is empty", what);
	return 0;
}

/* Anything but a plain yes is no; silence is neither. */
static enum lpa_answer ask(struct app *app, const char *question)
{
	char line[16];
	int rc;

	progress_end(app);
	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	rc = read_line(app, STDIN_FILENO, line, sizeof(line));
	if (rc == ESIM_ETOOBIG)
		return LPA_NO;
	if (rc <= 0) {
		fputc('\n', stderr);
		return LPA_NO_ANSWER;
	}
	trim(line);
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0 ? LPA_YES : LPA_NO;
}

/* For a script whose author forgot an option: what to add. */
static enum lpa_answer advise_if_silent(struct app *app, enum lpa_answer answer, const char *advice)
{
	if (answer == LPA_NO_ANSWER)
		app->unanswered = advice;
	return answer;
}

int prompt_confirm(struct app *app, const char *question)
{
	/* In a script the command line itself is the consent; a person may have slipped. */
	if (app->options.yes || !isatty(STDIN_FILENO) ||
	    ask(app, question) == LPA_YES)
		return 0;
	if (esim_cancel_triggered(app->cancel))
		return esim_error_set(&app->err, ESIM_ECANCELED, "cancelled");
	esim_error_set(&app->err, ESIM_EREFUSED, "not confirmed: nothing was changed");
	esim_error_advise(&app->err, "--yes confirms without being asked");
	return ESIM_EREFUSED;
}

enum lpa_answer prompt_consent(struct app *app, const json_t *offer)
{
	progress_end(app);
	if (!app->options.json || !app->options.yes)
		output_offer(stderr, offer);
	if (json_is_true(json_object_get(offer, "knownTestProfile")) && !app->options.ci_roots)
		fputs("lpactl: warning: this is a public test profile; versions up to 6 of it let anyone install applets on the eUICC\n",
		      stderr);
	if (app->options.yes)
		return LPA_YES;
	return advise_if_silent(app, ask(app, "Download this profile?"),
				"--yes consents without being asked");
}

/* "disable" of ppr1, "delete" of ppr2. */
static const char *forbidden_by(const json_t *rules)
{
	const char *first = json_string_value(json_array_get(rules, 0));

	if (json_array_size(rules) != 1 || !first)
		return "disable or delete";
	return strcmp(first, "ppr1") == 0 ? "disable" : strcmp(first, "ppr2") == 0 ? "delete" : "disable or delete";
}

enum lpa_answer prompt_ppr_consent(struct app *app, const json_t *offer)
{
	char question[160];

	if (app->options.accept_ppr)
		return LPA_YES;
	snprintf(question, sizeof(question), "Its operator forbids to %s it. Agree?",
		 forbidden_by(json_object_get(offer, "policyConsent")));
	return advise_if_silent(app, ask(app, question),
				"--accept-ppr agrees to policy rules without being asked");
}

/* What a signal handler needs to show typing again. */
static struct termios shown;
static volatile sig_atomic_t hidden;

void prompt_restore_echo(void)
{
	if (hidden)
		tcsetattr(STDIN_FILENO, TCSANOW, &shown);
}

/* On a terminal the code is not shown while it is typed. */
static int read_hidden_line(struct app *app, char *line, size_t size)
{
	const bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	struct termios silent = shown;
	int rc;

	if (terminal) {
		silent.c_lflag &= ~(tcflag_t)ECHO;
		hidden = true;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	rc = read_line(app, STDIN_FILENO, line, size);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	hidden = false;
	fputc('\n', stderr);
	return rc;
}

enum lpa_answer prompt_confirmation_code(struct app *app, unsigned refused,
					 char code[static ESIM_MAX_CONFIRMATION_CODE + 1])
{
	int rc;

	progress_end(app);
	if (app->options.confirmation_code_file) {
		/* A file holds one code: were it wrong, it would be wrong again. */
		if (refused)
			return LPA_NO;
		strcpy(code, app->confirmation_code);
		return LPA_YES;
	}
	fprintf(stderr, refused ? "The server refused this code. Confirmation code: " :
		"Confirmation code: ");
	fflush(stderr);
	rc = read_hidden_line(app, code, ESIM_MAX_CONFIRMATION_CODE + 1);
	if (rc == 0 || rc == ESIM_EIO)
		return advise_if_silent(app, LPA_NO_ANSWER,
					"--confirmation-code-file gives the code without being asked");
	if (rc > 0)
		trim(code);
	return rc > 0 && code[0] ? LPA_YES : LPA_NO;
}
